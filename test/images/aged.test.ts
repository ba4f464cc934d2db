// Values that are used again: how long, and who waits for the next one.
import { describe, expect, test } from "bun:test";
import { AgedValue } from "../../src/images/aged.ts";

/** A value of so many rows; each making is finished by hand. */
function agedOf(rows: number) {
  let now = 0;
  const makings: PromiseWithResolvers<{ readonly made: number; readonly rows: number }>[] = [];
  const value = new AgedValue(
    () => now,
    () => {
      const making = Promise.withResolvers<{ readonly made: number; readonly rows: number }>();
      makings.push(making);
      return making.promise;
    },
    60_000,
  );
  return {
    value,
    makings,
    finish: () => makings.at(-1)?.resolve({ made: makings.length, rows }),
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe("a value", () => {
  test("of few rows is made for each who asks", async () => {
    const { value, makings, finish } = agedOf(10);
    const first = value.get();
    finish();
    await first;
    const [second, third] = [value.get(), value.get()];

    expect(makings).toHaveLength(3);
    for (const making of makings) making.resolve({ made: 9, rows: 10 });
    expect([(await second).made, (await third).made]).toEqual([9, 9]);
  });

  test("of many rows is used again, and made anew while the last one is given", async () => {
    const { value, makings, finish, at } = agedOf(100_000);
    const [first, shared] = [value.get(), value.get()];
    finish();
    expect([(await first).made, (await shared).made, makings.length]).toEqual([1, 1, 1]);
    at(5_999);
    expect([(await value.get()).made, makings.length]).toEqual([1, 1]);

    at(6_000);
    expect([(await value.get()).made, makings.length]).toEqual([1, 2]);
    expect([(await value.get()).made, makings.length]).toEqual([1, 2]);
    finish();
    await makings[1]?.promise;
    expect((await value.get()).made).toBe(2);
  });

  test("that is too old is waited for, and so is one of a clock that was set back", async () => {
    const { value, makings, finish, at } = agedOf(100_000);
    const first = value.get();
    finish();
    await first;

    at(60_001);
    const late = value.get();
    expect(makings).toHaveLength(2);
    finish();
    expect((await late).made).toBe(2);
    at(1_000);
    const back = value.get();
    finish();
    expect((await back).made).toBe(3);
  });

  test("that could not be made is made for the next who asks", async () => {
    const { value, makings, finish } = agedOf(100_000);
    const failed = value.get();
    makings[0]?.reject(new Error("no rows"));
    await expect(failed).rejects.toThrow("no rows");

    const next = value.get();
    finish();
    expect((await next).made).toBe(2);
  });
});
