// A row that every request asks for, where replicas may change it: how old it may be, and what happens while no answer comes.
import { expect, test } from "bun:test";
import { RecentRow } from "../../src/metadata/postgres/recentRow.ts";

/** A row whose questions the test answers, and its clock. */
function asking() {
  const asked: PromiseWithResolvers<string>[] = [];
  const clock = { now: 10_000 };
  const row = new RecentRow<string>(
    () => {
      const question = Promise.withResolvers<string>();
      asked.push(question);
      return question.promise;
    },
    () => clock.now,
  );
  const answer = async (text: string) => {
    asked.at(-1)?.resolve(text);
    await Bun.sleep(0);
  };
  return { asked, clock, row, answer };
}

test("is asked for once by all who come meanwhile, and given from memory for half a second", async () => {
  const { asked, clock, row, answer } = asking();
  const both = [row.get(), row.get()];
  await answer("one");
  expect(await Promise.all(both)).toEqual(["one", "one"]);
  clock.now += 100;

  expect(row.get()).toBe("one");
  expect(asked).toHaveLength(1);
});

test("is asked for again in time, and nobody waits for it", async () => {
  const { asked, clock, row, answer } = asking();
  const first = row.get();
  await answer("one");
  await first;
  clock.now += 101;
  expect([row.get(), row.get(), asked.length]).toEqual(["one", "one", 2]);
  await answer("two");

  expect(row.get()).toBe("two");
});

test("is never given when its question is older than half a second, however late the answer came", async () => {
  const { asked, clock, row, answer } = asking();
  const first = row.get();
  clock.now += 400;
  await answer("one");
  expect(await first).toBe("one");
  clock.now += 99;
  expect(row.get()).toBe("one");
  clock.now += 1;

  // A question is on its way, asked one millisecond ago: that one will do.
  const later = row.get();
  await answer("two");
  expect(await later).toBe("two");
  expect(asked).toHaveLength(2);
});

test("is asked for anew when the question on its way is too old for who comes", async () => {
  const { asked, clock, row, answer } = asking();
  const first = row.get();
  clock.now += 600;
  const second = row.get();
  await answer("old");
  expect(await first).toBe("old");
  expect(asked).toHaveLength(2);
  await answer("new");

  expect(await second).toBe("new");
});

test("is never given from before it was forgotten, not even when the answer comes later", async () => {
  const { asked, clock, row, answer } = asking();
  const first = row.get();
  clock.now += 1;
  row.forget();
  clock.now += 1;
  const second = row.get();
  await answer("before");
  await first;
  expect(asked).toHaveLength(2);
  await answer("after");

  expect(await second).toBe("after");
});

test("is not given while no question is answered: who needs it hears the error, and the next one asks again", async () => {
  const { asked, clock, row, answer } = asking();
  const first = row.get();
  await answer("one");
  await first;
  clock.now += 101;
  expect(row.get()).toBe("one");
  asked.at(-1)?.reject(new Error("away"));
  await Bun.sleep(0);
  clock.now += 400;

  const late = Promise.resolve(row.get()).catch((error: Error) => error.message);
  asked.at(-1)?.reject(new Error("still away"));
  expect(await late).toBe("still away");
  const back = row.get();
  await answer("back");
  expect(await back).toBe("back");
});
