// Old entries of the audit trail are deleted, a few at a time.
import { expect, test } from "bun:test";
import { pruneAudit } from "../../src/jobs/auditPrune.ts";

/** A trail of times. */
function trailOf(times: number[]) {
  let rests = 0;
  let largest = 0;
  const take = (count: number): number => {
    largest = Math.max(largest, count);
    times.splice(0, count);
    return count;
  };
  const metadata = {
    forgetEntries: async (before: number, limit: number) =>
      take(Math.min(limit, times.filter((at) => at < before).length)),
    forgetBeyond: async (most: number, limit: number) =>
      take(Math.max(0, Math.min(limit, times.length - most))),
  };
  const rest = async () => {
    rests += 1;
  };
  return { deps: { metadata, rest }, rests: () => rests, largest: () => largest, times };
}

const limits = { keepMs: 100, mostEntries: 1_000 };

test("deletes what is older than it is kept for, and rests between two batches", async () => {
  const trail = trailOf(Array.from({ length: 1_700 }, (_, at) => at));
  await pruneAudit(trail.deps, limits, 1_500);

  expect(trail.times.length).toBe(300);
  expect(trail.times[0]).toBe(1_400);
  expect(trail.rests()).toBe(2);
  expect(trail.largest()).toBe(500);
});

test("deletes the oldest of too many", async () => {
  const trail = trailOf(Array.from({ length: 1_700 }, (_, at) => at));
  await pruneAudit(trail.deps, limits, 0);

  expect([trail.times.length, trail.times[0]]).toEqual([1_000, 700]);
});

test("deletes nothing for its age while the clock is in doubt", async () => {
  const trail = trailOf([1, 2, 3]);
  await pruneAudit(trail.deps, limits, null);

  expect(trail.times).toEqual([1, 2, 3]);
});
