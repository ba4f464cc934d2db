// Contract of upload sessions: who may write, and what is remembered.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import {
  app,
  countSessions,
  minute,
  now,
  other,
  session,
  staging,
  uploadId,
} from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function sessionsContract(open: () => Promise<Metadata>): void {
  describe("upload sessions", () => {
    test("are found in their own repository and in no other", async () => {
      const { uploads } = await open();
      const started = session({
        staging: staging("state of the storage"),
        algorithm: "sha512",
      });
      await uploads.startUpload(started, null);

      expect(await uploads.findUpload(started.id, app)).toEqual(started);
      expect(await uploads.findUpload(started.id, other)).toBeNull();
      expect(await uploads.findUpload(uploadId(), app)).toBeNull();
    });

    test("have one writer until it releases its claim", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);

      const first = await uploads.claimUpload(started.id, app, "a");
      const second = await uploads.claimUpload(started.id, app, "b");
      await uploads.releaseUpload(started.id, "b");
      const third = await uploads.claimUpload(started.id, app, "b");
      await uploads.releaseUpload(started.id, "a");
      const fourth = await uploads.claimUpload(started.id, app, "b");

      expect(first).toEqual({ kind: "claimed", session: started });
      expect(second).toEqual({ kind: "busy" });
      expect(third).toEqual({ kind: "busy" });
      expect(fourth).toEqual({ kind: "claimed", session: started });
    });

    test("that are unknown, or of another repository, cannot be claimed", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);

      expect(await uploads.claimUpload(uploadId(), app, "a")).toEqual({
        kind: "unknown",
      });
      expect(await uploads.claimUpload(started.id, other, "a")).toEqual({
        kind: "unknown",
      });
    });

    test("whose claim was released can be claimed by the next writer, and the first has lost it", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);
      await uploads.claimUpload(started.id, app, "a");
      await uploads.releaseUpload(started.id, "a");
      await uploads.claimUpload(started.id, app, "b");

      expect(await uploads.renewClaim(started.id, "a", now)).toBe(false);
      const to = { offset: 5, staging: staging("x"), prefix: null, now };
      expect(await uploads.advanceUpload(started.id, "a", to)).toBe(false);
      expect(await uploads.findUpload(started.id, app)).toEqual(started);
    });

    test("keep their claim for any length of time", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);
      await uploads.claimUpload(started.id, app, "a");

      const renewed = await uploads.renewClaim(started.id, "a", now + 10_000 * minute);
      const next = await uploads.claimUpload(started.id, app, "b");

      expect(renewed).toBe(true);
      expect(next.kind).toBe("busy");
    });

    test("advance in offset, staging and time, and lose their claim", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);
      await uploads.claimUpload(started.id, app, "a");

      // 5 TiB: beyond what 32 bits hold.
      const to = { offset: 5 * 2 ** 40, staging: staging("next"), prefix: null, now: now + 7 };
      const advanced = await uploads.advanceUpload(started.id, "a", to);
      const again = await uploads.advanceUpload(started.id, "a", { ...to, offset: 1 });

      expect(advanced).toBe(true);
      expect(again).toBe(false);
      const expected = { ...started, offset: to.offset, staging: to.staging, updatedAt: to.now };
      expect(await uploads.claimUpload(started.id, app, "b")).toEqual({
        kind: "claimed",
        session: expected,
      });
    });

    test("report a new offset once it is durable, and not before", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, "a");
      let durable = false;
      const to = { offset: 5, staging: started.staging, prefix: null, now };

      const advancing = uploads.advanceUpload(started.id, "a", to).then(() => {
        durable = true;
      });
      const found = await uploads.findUpload(started.id, app);

      expect(durable || found?.offset === 0).toBe(true);
      await advancing;
    });

    test("are claimed by exactly one of 20 writers at once", async () => {
      const { uploads } = await open();
      const started = session();
      await uploads.startUpload(started, null);

      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          uploads.claimUpload(started.id, app, `writer ${writer}`),
        ),
      );

      expect(outcomes.filter(({ kind }) => kind === "claimed")).toHaveLength(1);
      expect(outcomes.filter(({ kind }) => kind === "busy")).toHaveLength(19);
    });

    test("are removed once, by their own repository, and returned", async () => {
      const { uploads } = await open();
      const started = session({ offset: 12 });
      await uploads.startUpload(started, null);

      expect(await uploads.removeUpload(started.id, other)).toBeNull();
      expect(await uploads.removeUpload(started.id, app)).toEqual(started);
      expect(await uploads.removeUpload(started.id, app)).toBeNull();
      expect(await uploads.findUpload(started.id, app)).toBeNull();
    });

    test("are counted with their staged bytes, a window at a time", async () => {
      const { uploads, uploadSweep } = await open();
      const ids = [];
      for (let offset = 1; offset <= 5; offset += 1) {
        const started = session({ offset });
        ids.push(started.id);
        await uploads.startUpload(started, null);
      }
      ids.sort();

      const [first, second, last = null] = [ids[1], ids[3], ids[4]];
      const start = await uploadSweep.countUploads({ after: null, limit: 2 });
      const next = await uploadSweep.countUploads({ after: first ?? null, limit: 2 });
      const end = await uploadSweep.countUploads({ after: second ?? null, limit: 2 });

      expect([start.last, next.last, end.last]).toEqual([first ?? null, second ?? null, last]);
      expect([start.uploads, next.uploads, end.uploads]).toEqual([2, 2, 1]);
      expect(start.bytes + next.bytes + end.bytes).toBe(15);
      expect(await uploadSweep.countUploads({ after: last, limit: 2 })).toEqual({
        ...{ uploads: 0, bytes: 0, last: null },
      });
    });

    test("are counted with their staged bytes", async () => {
      const { uploads, uploadSweep } = await open();
      expect(await countSessions({ uploadSweep })).toEqual({ sessions: 0, bytes: 0 });

      await uploads.startUpload(session({ offset: 2 ** 40 }), null);
      await uploads.startUpload(session({ offset: 5, repository: other }), null);

      expect(await countSessions({ uploadSweep })).toEqual({ sessions: 2, bytes: 2 ** 40 + 5 });
    });
  });
}
