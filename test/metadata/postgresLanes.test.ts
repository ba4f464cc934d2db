// Transactions of one process that follow each other, and share a transaction where they wait.
import { expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { Lanes } from "../../src/metadata/postgres/lanes.ts";
import type { Body, Tx } from "../../src/metadata/rows/rows.ts";
import { nextTurn } from "../support/nextTurn.ts";

/** A transaction that asks nothing. */
const tx: Tx = {
  outbox: { subscribers: () => [], newId: () => unasked() },
  get: () => unasked(),
  all: () => unasked(),
  run: () => unasked(),
  runEach: () => unasked(),
  note: () => unasked(),
};
function unasked(): never {
  throw new Error("nothing is asked here");
}

/** Lanes whose transactions wait for the test. */
function begin() {
  const ends: PromiseWithResolvers<void>[] = [];
  const lanes = new Lanes(async (body) => {
    const { done, value } = body(tx).next();
    if (done !== true) throw new Error("it waits");
    const end = Promise.withResolvers<void>();
    ends.push(end);
    await end.promise;
    return value;
  });
  return { ends, lanes };
}

/** A body that notes that it runs. */
const body = (seen: string[], name: string) =>
  // biome-ignore lint/correctness/useYield: it waits for nothing.
  function* (): Body<string> {
    seen.push(name);
    return `${name} is done`;
  };
const tags = { name: "tags", keys: null };
const buckets = { name: "buckets", keys: null };

test("what waits in a lane becomes one transaction, in the order of the calls, and other lanes do not wait", async () => {
  const { ends, lanes } = begin();
  const seen: string[] = [];
  const first = lanes.write(tags, body(seen, "one"));
  const others = [lanes.write(tags, body(seen, "two")), lanes.write(tags, body(seen, "three"))];
  const other = lanes.write(buckets, body(seen, "other"));
  await nextTurn();
  expect([seen, ends.length]).toEqual([["one", "other"], 2]);

  ends[0]?.resolve();
  expect(await first).toBe("one is done");
  await nextTurn();
  expect([seen, ends.length]).toEqual([["one", "other", "two", "three"], 3]);

  ends[2]?.resolve();
  expect(await Promise.all(others)).toEqual(["two is done", "three is done"]);
  ends[1]?.resolve();
  expect(await other).toBe("other is done");
});

test("bodies that have nothing in common ask before any of them changes anything; the others follow", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const lanes = new Lanes(async (body) => {
    await gate.promise;
    const steps = body(tx);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await value.settled;
    }
  });
  const asking = (name: string) =>
    function* (): Body<string> {
      seen.push(`${name} asks`);
      yield { settled: Promise.resolve() };
      seen.push(`${name} writes`);
      return name;
    };
  const write = (name: string, ...keys: readonly string[]) =>
    lanes.write({ name: "manifests", keys }, asking(name));
  const first = write("alone", "a");
  const others = [
    write("one", "a", "b"),
    write("two", "c"),
    write("three", "d", "c"),
    write("four", "b"),
  ];

  gate.resolve();
  expect(await Promise.all([first, ...others])).toEqual(["alone", "one", "two", "three", "four"]);
  expect(seen).toEqual([
    ...["alone asks", "alone writes"],
    ...["one asks", "two asks", "one writes", "two writes"],
    ...["three asks", "four asks", "three writes", "four writes"],
  ]);
});

test.each([
  ["an accident", new Error("refused")],
  ["what it may not do", new RegistryError("MULTIPART_COMPLETING")],
])(
  "of a transaction that fails for %s of one body, each is done on its own: the others succeed",
  async (_, error) => {
    const seen: string[] = [];
    const lanes = new Lanes(async (body) => {
      await nextTurn();
      const { done, value } = body(tx).next();
      if (done !== true) throw new Error("it waits");
      return value;
    });
    // biome-ignore lint/correctness/useYield: it waits for nothing.
    const wrong = function* (): Body<string> {
      seen.push("wrong");
      throw error;
    };
    const outcomes = await Promise.allSettled([
      lanes.write(tags, body(seen, "one")),
      lanes.write(tags, body(seen, "two")),
      lanes.write(tags, wrong),
      lanes.write(tags, body(seen, "three")),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(seen).toEqual(["one", "two", "wrong", "two", "wrong", "three"]);
  },
);

test("what the database refuses as a whole is not tried again for each of them", async () => {
  let runs = 0;
  const lanes = new Lanes(async () => {
    runs += 1;
    await nextTurn();
    throw new RegistryError("BUSY");
  });
  const outcomes = await Promise.allSettled(
    ["one", "two", "three"].map((name) => lanes.write(tags, body([], name))),
  );

  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(runs).toBe(2);
});
