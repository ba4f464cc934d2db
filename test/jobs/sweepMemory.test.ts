// What a sweep keeps of a store with many open sessions.
import { expect, test } from "bun:test";
import { type Dropped, sweepUploads } from "../../src/jobs/sweep.ts";
import type { ListedUpload } from "../../src/metadata/metadata.ts";
import { IdSums } from "../../src/model/idSums.ts";
import type { StagingState } from "../../src/model/locator.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { randomNumbers } from "../support/bytes.ts";
import { heapObjects } from "../support/heapObjects.ts";
import { minute, repository, timeoutMs } from "./sweepRoom.ts";

const staging = "" as StagingState;
const idAt = (at: number): UploadId =>
  makeUploadId(`00000000-0000-7000-8000-${at.toString(16).padStart(12, "0")}`);

test("a sweep of 100,000 sessions keeps none of them in memory, and rests", async () => {
  const [count, stray, now] = [100_000, 1_000_000, 100 * timeoutMs];
  const dropped: Dropped[] = [];
  const kept: number[] = [];
  let rests = 0;
  const before = heapObjects();

  await sweepUploads(
    {
      metadata: {
        lowerTimes: async () => {},
        expireUploads: async () => [],
        forgetFinished: async () => {},
        removeUpload: async () => null,
        findUpload: async () => null,
        listUploads: async ({ after, limit }) => {
          const first = after === null ? 0 : Number.parseInt(after.slice(24), 16) + 1;
          const length = Math.min(limit, count - first);
          if (length < limit || first === count - limit) kept.push(heapObjects() - before);
          return Array.from({ length }, (_, at) => rowAt(first + at, now));
        },
      },
      storage: {
        staging: {
          async *list() {
            for (let at = 0; at < count; at += 1) yield entryAt(at);
            yield entryAt(stray);
          },
          discard: async () => {},
          tidy: async () => {},
        },
        repair: { holdsStaged: async () => false },
      },
      ...{ clock: () => now, ageNow: () => now, firstSeen: new Map() },
      rest: async () => {
        rests += 1;
      },
      onDropped: (it) => void dropped.push(it),
    },
    timeoutMs,
  );

  expect(dropped).toEqual([
    { id: idAt(stray), reason: "without row", repository: null, bytes: null },
  ]);
  // With each row or each name it would be 100,000 at least.
  expect(Math.max(...kept)).toBeLessThan(5_000);
  // After ten pages of rows, and after a thousand names, of which it reads all twice.
  expect(rests).toBe(count / 1_000 + 2 * (count / 1_000));
});

test("a set of ids has what was added, and no more", () => {
  const random = randomNumbers("ids");
  const numbers = Array.from({ length: 5_000 }, () => Math.floor(random() * 2 ** 48));
  const sums = new IdSums();
  for (const at of numbers.slice(0, 2_500)) sums.add(idAt(at));

  expect(numbers.map((at) => sums.has(idAt(at)))).toEqual(numbers.map((_, place) => place < 2_500));
  expect(new IdSums().has(idAt(0))).toBe(false);
});

function rowAt(at: number, now: number): ListedUpload {
  const updatedAt = now - 2 * minute;
  const times = { startedAt: updatedAt, updatedAt };
  const row = { id: idAt(at), repository, offset: 0, staging, algorithm: "sha256" } as const;
  return { ...row, ...times, writing: false, startedBy: null };
}

const entryAt = (at: number) => ({ id: idAt(at), staging, startedAt: async () => 0 });
