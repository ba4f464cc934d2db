// Contract of what the cleanup of upload sessions asks: it reads any number of them in pages, and keeps none.
import { describe, expect, test } from "bun:test";
import { type Dropped, type SweepDeps, sweepUploads } from "../../src/jobs/sweep.ts";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { countSessions, minute, now, session, staging, uploadId } from "./metadataRows.ts";

/** Rows in a page of a sweep, at most. */
const most = 100;
const timeoutMs = 60 * minute;

/** Storage that has bytes of some sessions, all begun an hour before. */
const storageOf = (staged: Set<UploadId>): SweepDeps["storage"] => ({
  staging: {
    async *list() {
      for (const id of staged) yield { id, staging: staging("any"), startedAt: async () => 0 };
    },
    discard: async (id) => void staged.delete(id),
    tidy: async () => {},
  },
  repair: { holdsStaged: async ({ id }) => staged.has(id) },
});

/** Part of `metadataContract`. */
export function sweepContract(open: () => Promise<Metadata>): void {
  describe("a sweep of many sessions", () => {
    test("reads them in pages, and drops what has no row, no bytes, or no time left", async () => {
      const { uploads, uploadSweep } = await open();
      const sessions = Array.from({ length: 250 }, (_, at) =>
        session({
          startedAt: now - 2 * timeoutMs,
          updatedAt: now - (at < 5 ? 2 * timeoutMs : 2 * minute),
        }),
      );
      for (const each of sessions) await uploads.startUpload(each, null);
      const ids = sessions.map(({ id }) => id);
      const [expired, lost, stray] = [ids.slice(0, 5), ids.slice(100, 103), uploadId()];
      const staged = new Set([...ids.filter((id) => !lost.includes(id)), stray]);
      const pages: number[] = [];
      const dropped: Dropped[] = [];

      const undeleted = await sweepUploads(
        {
          metadata: {
            ...{ ...uploads, ...uploadSweep },
            listUploads: async (page) => {
              const found = await uploadSweep.listUploads(page);
              pages.push(found.length);
              return found;
            },
          },
          storage: storageOf(staged),
          ...{ clock: () => now, ageNow: () => now, firstSeen: new Map() },
          ...{ rest: async () => {}, onDropped: (it) => void dropped.push(it) },
        },
        timeoutMs,
      );

      expect(undeleted).toBeNull();
      const because = (reason: Dropped["reason"]) =>
        dropped.filter((it) => it.reason === reason).map(({ id }) => id);
      expect(because("expired").sort()).toEqual(expired.sort());
      expect(because("without bytes").sort()).toEqual(lost.sort());
      expect(because("without row")).toEqual([stray]);
      expect(pages.length).toBeGreaterThanOrEqual(3);
      expect(Math.max(...pages)).toBeLessThanOrEqual(most);
      expect((await countSessions({ uploadSweep })).sessions).toBe(242);
    });
  });
}
