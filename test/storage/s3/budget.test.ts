// The memory that cells share: nobody gets more than there is, and nobody waits for a sender that stands still.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/model/digest.ts";
import { CellBudget } from "../../../src/storage/s3/budget.ts";
import { beginSession, fresh } from "../../support/contents.ts";
import { FakeS3 } from "../../support/fakeS3.ts";
import { noise } from "../../support/store.ts";
import { cellBytes, newPrefix, openReplica } from "./stores.ts";

const never = new AbortController().signal;
/** True once the promise was kept. */
async function isKept(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Bun.sleep(1).then(() => false)]);
}

describe("room for cells", () => {
  test("is given up to the budget, then in the order of asking", async () => {
    const budget = new CellBudget(20, () => 0);
    const [first, second] = [budget.take(10), budget.take(10)];
    const third = budget.wait(10, never);
    const fourth = budget.wait(5, never);

    expect([first, second].includes(null)).toBeFalse();
    // Nobody passes who waits.
    second?.free();
    expect([await isKept(third), await isKept(fourth), budget.take(5)]).toEqual([
      true,
      false,
      null,
    ]);
    (await third).free();
    expect(await isKept(fourth)).toBeTrue();
    first?.free();
    (await fourth).free();
  });

  test("is given to a cell that is larger than all of it, alone", async () => {
    const budget = new CellBudget(20, () => 0);

    const large = budget.take(64);

    expect(budget.take(1)).toBeNull();
    large?.free();
    expect(budget.take(1)).not.toBeNull();
  });

  test("is not counted while a sender leaves it empty, and is while S3 does not take it", async () => {
    let now = 0;
    const budget = new CellBudget(20, () => now);
    const [slow, full] = [budget.take(10), budget.take(10)];
    full?.fill();
    now = 10_000;

    const instead = budget.take(10);

    expect(instead).not.toBeNull();
    expect(budget.take(10)).toBeNull();
    for (const room of [slow, full, instead]) room?.free();
  });

  test("is not waited for any more by an append that has ended", async () => {
    const budget = new CellBudget(10, () => 0);
    const held = budget.take(10);
    const ending = new AbortController();
    const gone = budget.wait(10, ending.signal);
    const next = budget.wait(10, never);

    ending.abort(new Error("over"));
    held?.free();

    expect(await gone.catch(String)).toBe("Error: over");
    expect(await isKept(next)).toBeTrue();
    (await next).free();
  });
});

test("many uploads at once end well, with more cells than there is memory for", async () => {
  const server = new FakeS3();
  const storage = await openReplica(server.bucket, newPrefix());
  const signal = new AbortController().signal;
  const upload = async () => {
    const bytes = noise(cellBytes + 700_000);
    let session = await beginSession(storage);
    // The second chunk begins in a cell that has bytes already.
    for (const [start, end] of [
      [0, 3_000_000],
      [3_000_000, bytes.length],
    ] as const) {
      const body = (async function* () {
        for (let at = start; at < end; at += 400_000) {
          yield bytes.slice(at, Math.min(at + 400_000, end));
        }
      })();
      const options = { expected: null, resumable: true, inChunks: true, signal };
      session = await storage.staging.append(session, body, options);
    }
    const outcome = await storage.staging.seal(session, fresh());
    return outcome.kind === "sealed" && outcome.digest === digestOf(bytes);
  };

  const ended = await Promise.all(Array.from({ length: 30 }, upload));

  expect(ended.filter((isRight) => !isRight)).toEqual([]);
  await storage.close();
  await server.stop();
}, 60_000);
