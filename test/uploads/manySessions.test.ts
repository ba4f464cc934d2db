// What commands and checks keep of a store with many open sessions.
import { expect, test } from "bun:test";
import type { Inspection } from "../../src/fsck/fsckRun.ts";
import { inspectSessions } from "../../src/fsck/fsckSessions.ts";
import type { ListedUpload, UploadSession } from "../../src/metadata/metadata.ts";
import type { StagingState } from "../../src/model/locator.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { dropUploads, openUploads, sumUploads } from "../../src/uploads/operate.ts";
import { heapObjects } from "../support/heapObjects.ts";

const count = 100_000;
const now = 1_800_000_000_000;
const repository = parseRepositoryName("team/app");
const staging = "" as StagingState;
const idAt = (at: number): UploadId =>
  makeUploadId(`00000000-0000-7000-8000-${at.toString(16).padStart(12, "0")}`);

function rowAt(at: number): ListedUpload {
  const times = { startedAt: now, updatedAt: now, writing: false, startedBy: null };
  return { id: idAt(at), repository, offset: 10, staging, algorithm: "sha256", ...times };
}

/** Sessions of a store; `kept` grows by the objects in memory at its last page. */
function sessions() {
  const before = heapObjects();
  const kept: number[] = [];
  const pageAfter = (first: number, limit: number): ListedUpload[] => {
    const length = Math.min(limit, count - first);
    if (first + length === count) kept.push(heapObjects() - before);
    return Array.from({ length }, (_, at) => rowAt(first + at));
  };
  let ended = 0;
  return {
    kept,
    metadata: {
      listUploads: async ({ after, limit }: { after: UploadId | null; limit: number }) =>
        pageAfter(after === null ? 0 : Number.parseInt(after.slice(24), 16) + 1, limit),
      removeUpload: async () => null,
      findUpload: async () => null,
      expireUploads: async ({ limit }: { limit: number }): Promise<readonly UploadSession[]> => {
        const page = pageAfter(ended, limit);
        ended += page.length;
        return page;
      },
    },
  };
}

/** With each row or each name it would be 100,000 at least. */
const few = 5_000;

test("of 100,000 sessions that are listed none is kept in memory", async () => {
  const { metadata, kept } = sessions();
  const deps = { metadata, storage: { staging: { discard: async () => {} } }, clock: () => now };

  let listed = 0;
  for await (const page of openUploads(deps)) listed += page.length;

  expect(listed).toBe(count);
  expect(await sumUploads(deps, null)).toEqual({ open: count, bytes: 10 * count, writing: 0 });
  expect(kept.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...kept)).toBeLessThan(few);
});

test("of 100,000 sessions that are ended none is kept in memory, and some folders are removed at a time", async () => {
  const { metadata, kept } = sessions();
  let [running, most, discarded] = [0, 0, 0];
  const discard = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    discarded += 1;
  };
  const deps = { metadata, storage: { staging: { discard } }, clock: () => now };

  let ended = 0;
  for await (const page of dropUploads(deps, null)) ended += page.sessions.length;

  expect([ended, discarded]).toEqual([count, count]);
  expect(Math.max(...kept)).toBeLessThan(few);
  expect(most).toBe(8);
});

test("the end of sessions tells of bytes that could not be deleted, and goes on", async () => {
  const { metadata } = sessions();
  const discard = (id: UploadId) =>
    id === idAt(3) ? Promise.reject(new Error("EIO")) : Promise.resolve();
  const deps = { metadata, storage: { staging: { discard } }, clock: () => now };

  const failures: string[] = [];
  let ended = 0;
  for await (const { sessions: page, failure } of dropUploads(deps, null)) {
    ended += page.length;
    if (failure !== null) failures.push(failure.message);
  }

  expect(ended).toBe(count);
  expect(failures).toEqual(["EIO"]);
});

test("fsck of 100,000 sessions keeps none of them in memory, and finds the folder without a row", async () => {
  const { metadata, kept } = sessions();
  const found: unknown[] = [];
  const looked = {
    metadata: { uploadSweep: metadata, uploads: metadata },
    storage: {
      staging: {
        async *list() {
          for (let at = 0; at <= count; at += 1) {
            yield { id: idAt(at), staging, startedAt: async () => 0 };
          }
        },
      },
      repair: { holdsStaged: async () => true },
    },
    progress: () => {},
    attempt: <T>(_: string, look: () => Promise<T>) => look(),
    found: (finding: unknown) => void found.push(finding),
  };

  // Only what the sessions' part of an inspection asks for.
  const checked = await inspectSessions(looked as unknown as Inspection);

  expect(checked).toBe(count);
  expect(found).toEqual([{ kind: "stagedWithoutSession", id: idAt(count) }]);
  expect(Math.max(...kept)).toBeLessThan(few);
});
