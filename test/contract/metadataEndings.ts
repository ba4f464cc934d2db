// Contract of how sessions end other than by a closing request, and of what is remembered of those that did end well.
import { describe, expect, test } from "bun:test";
import type { Metadata, UploadSession } from "../../src/metadata/metadata.ts";
import {
  app,
  countSessions,
  digest,
  finish,
  limitsAt,
  minute,
  now,
  other,
  session,
  staging,
  uploadId,
} from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function endingsContract(open: () => Promise<Metadata>): void {
  const startAt = async ({ uploads }: Metadata, updatedAt: number, offset = 0) => {
    const started = session({ updatedAt, startedAt: now - 60 * minute, offset });
    await uploads.startUpload(started, null, "user:ann");
    return started;
  };
  const finished = async ({ uploads }: Metadata, at: number): Promise<UploadSession> => {
    const started = session();
    await uploads.startUpload(started, "a");
    const end = finish("layer", { session: { id: started.id, owner: "a" }, now: at });
    expect((await uploads.finishUpload(end)).kind).toBe("finished");
    return started;
  };
  const expire = ({ uploadSweep }: Metadata, idleSince: number, limit = 100) =>
    uploadSweep.expireUploads({ idleSince, limit });

  describe("expiry", () => {
    test("deletes sessions that were idle for the timeout, returns them, and deletes no others", async () => {
      const metadata = await open();
      const idle = await startAt(metadata, now - 10 * minute - 1, 5 * 2 ** 40);
      const onTime = await startAt(metadata, now - 10 * minute);
      const fresh = await startAt(metadata, now);

      expect(await expire(metadata, now - 10 * minute)).toEqual([idle]);

      expect(await metadata.uploads.findUpload(idle.id, app)).toBeNull();
      for (const { id } of [onTime, fresh]) {
        expect(await metadata.uploads.findUpload(id, app)).not.toBeNull();
      }
      expect(await expire(metadata, now - 10 * minute)).toEqual([]);
    });

    test("never deletes a session that is being written to", async () => {
      const metadata = await open();
      const { uploads } = metadata;
      const { id } = await startAt(metadata, now - 100 * minute);
      await uploads.claimUpload(id, app, "a");

      expect(await expire(metadata, now - minute)).toEqual([]);
      await uploads.releaseUpload(id, "a");
      expect((await expire(metadata, now - minute)).map((gone) => gone.id)).toEqual([id]);
    });

    test("deletes at most the given number of sessions in one call, and the rest in the next", async () => {
      const metadata = await open();
      const started = await Promise.all(
        Array.from({ length: 5 }, () => startAt(metadata, now - 100 * minute)),
      );

      const batches = [await expire(metadata, now, 2), await expire(metadata, now, 2)];
      const rest = await expire(metadata, now, 2);

      expect(batches.map((batch) => batch.length)).toEqual([2, 2]);
      const all = [...batches.flat(), ...rest].map(({ id }) => id).sort();
      expect(all).toEqual(started.map(({ id }) => id).sort());
    });

    test("is postponed by each chunk and each renewal of a claim", async () => {
      const metadata = await open();
      const { uploads } = metadata;
      const chunked = await startAt(metadata, now - 100 * minute);
      const renewed = await startAt(metadata, now - 100 * minute);
      for (const { id } of [chunked, renewed]) {
        await uploads.claimUpload(id, app, "a");
      }
      const to = { offset: 1, staging: staging(""), prefix: null, now };
      await uploads.advanceUpload(chunked.id, "a", to);
      await uploads.renewClaim(renewed.id, "a", now);
      await uploads.releaseUpload(renewed.id, "a");

      expect(await expire(metadata, now)).toEqual([]);
      expect(await expire(metadata, now + 1)).toHaveLength(2);
    });

    test("deletes the recorded chunk ends as well", async () => {
      const metadata = await open();
      const { uploads } = metadata;
      const { id } = await startAt(metadata, now);
      await uploads.claimUpload(id, app, "a");
      const to = { offset: 1, staging: staging(""), prefix: digest("a"), now };
      await uploads.advanceUpload(id, "a", to);

      await expire(metadata, now + 1);

      expect(await uploads.listBoundaries(id)).toEqual([]);
    });
  });

  describe("finished sessions", () => {
    test("are remembered with digest and size under their own repository", async () => {
      const metadata = await open();
      const { id } = await finished(metadata, now);

      const { uploads } = metadata;
      const kept = { digest: digest("layer"), size: 100 };
      expect(await uploads.findFinished(id, app, now - 1)).toEqual(kept);
      expect(await uploads.findFinished(id, other, now - 1)).toBeNull();
      expect(await uploads.findFinished(uploadId(), app, now - 1)).toBeNull();
    });

    test("extend the lease of their content when they are repeated, and never shorten it", async () => {
      const metadata = await open();
      await finished(metadata, now);
      const { collection, contents } = metadata;

      await contents.raiseLease(digest("layer"), now + 90 * minute);
      await contents.raiseLease(digest("layer"), now + minute);

      const limits = limitsAt(now + 90 * minute - 1, now);
      const { unreferenced } = await collection.markWindow(null, 10, limits);
      expect(unreferenced.map(({ state }) => state)).toEqual(["leased"]);
    });

    test("are counted only if they were finished after the given time", async () => {
      const metadata = await open();
      const { id } = await finished(metadata, now);

      expect(await metadata.uploads.findFinished(id, app, now - 1)).not.toBeNull();
      expect(await metadata.uploads.findFinished(id, app, now)).toBeNull();
    });

    test("are forgotten if they were finished before the given time", async () => {
      const metadata = await open();
      const [old, young] = [await finished(metadata, now - 1), await finished(metadata, now)];

      await metadata.uploadSweep.forgetFinished(now);

      expect(await metadata.uploads.findFinished(old.id, app, 0)).toBeNull();
      expect(await metadata.uploads.findFinished(young.id, app, 0)).not.toBeNull();
    });

    test("do not include cancelled or failed sessions", async () => {
      const metadata = await open();
      const { uploads } = metadata;
      const removed = await startAt(metadata, now);
      await uploads.removeUpload(removed.id, null);
      const failed = await startAt(metadata, now);
      const end = finish("layer", { session: { id: failed.id, owner: "nobody" } });
      expect(await uploads.finishUpload(end)).toEqual({ kind: "sessionGone" });

      for (const { id } of [removed, failed]) {
        expect(await uploads.findFinished(id, app, 0)).toBeNull();
      }
    });

    test("include uploads of one request, which have no session", async () => {
      const { uploads, uploadSweep } = await open();

      expect((await uploads.finishUpload(finish("layer"))).kind).toBe("finished");
      expect(await countSessions({ uploadSweep })).toEqual({ sessions: 0, bytes: 0 });
    });
  });

  test("sessions started in the future count as started now, others as before", async () => {
    const { uploads, uploadSweep } = await open();
    const ahead = session({ startedAt: now + 5 * minute, updatedAt: now + 9 * minute });
    const usual = session({ startedAt: now - 9 * minute, updatedAt: now - 5 * minute });
    for (const each of [ahead, usual]) await uploads.startUpload(each, null);

    await uploadSweep.lowerTimes(now);
    await uploadSweep.lowerTimes(now + 1);

    const lowered = { ...ahead, startedAt: now, updatedAt: now };
    expect(await uploads.findUpload(ahead.id, ahead.repository)).toEqual(lowered);
    expect(await uploads.findUpload(usual.id, usual.repository)).toEqual(usual);
    const expired = await uploadSweep.expireUploads({ idleSince: now + 1, limit: 9 });
    expect(expired.map(({ id }) => id).sort()).toEqual([ahead.id, usual.id].sort());
  });

  test("sessions started in the future are all lowered, also where they are many", async () => {
    const { uploads, uploadSweep } = await open();
    const started = Array.from({ length: 1_005 }, () =>
      session({ startedAt: now + minute, updatedAt: now + minute }),
    );
    for (const each of started) await uploads.startUpload(each, null);

    await uploadSweep.lowerTimes(now);

    const left = await uploadSweep.expireUploads({ idleSince: now + 1, limit: 2_000 });
    expect(left).toHaveLength(started.length);
  });

  describe("the list of sessions", () => {
    test("has all of them, page by page, ordered by id", async () => {
      const metadata = await open();
      const started = [];
      for (let count = 0; count < 5; count += 1) started.push(await startAt(metadata, now, count));
      const ordered = started
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((each) => ({ ...each, writing: false, startedBy: "user:ann" }));

      const { uploadSweep } = metadata;
      const first = await uploadSweep.listUploads({ after: null, limit: 2 });
      const after = first.at(-1)?.id ?? null;
      const second = await uploadSweep.listUploads({ after, limit: 2 });
      const last = second.at(-1)?.id ?? null;
      const third = await uploadSweep.listUploads({ after: last, limit: 2 });

      expect([first.length, second.length, third.length]).toEqual([2, 2, 1]);
      expect([...first, ...second, ...third]).toEqual(ordered);
      const end = third.at(-1)?.id ?? null;
      expect(await uploadSweep.listUploads({ after: end, limit: 2 })).toEqual([]);
    });

    test("continues after a session that was deleted between two pages", async () => {
      const metadata = await open();
      const ids = [];
      for (let count = 0; count < 3; count += 1) ids.push((await startAt(metadata, now)).id);
      ids.sort();
      await metadata.uploads.removeUpload(ids[0] ?? uploadId(), null);

      const after = ids[0] ?? null;
      const rest = await metadata.uploadSweep.listUploads({ after, limit: 10 });

      expect(rest.map(({ id }) => id)).toEqual(ids.slice(1));
    });

    test("shows which sessions are being written to", async () => {
      const metadata = await open();
      const { uploads, uploadSweep } = metadata;
      const { id } = await startAt(metadata, now);
      const writing = async () =>
        (await uploadSweep.listUploads({ after: null, limit: 1 })).map((it) => it.writing);
      expect(await writing()).toEqual([false]);

      await uploads.claimUpload(id, app, "a");

      expect(await writing()).toEqual([true]);
      await uploads.releaseUpload(id, "a");
      expect(await writing()).toEqual([false]);
    });
  });

  test("a session is deleted by its id alone, without its repository", async () => {
    const metadata = await open();
    const started = await startAt(metadata, now);

    expect(await metadata.uploads.removeUpload(started.id, null)).toEqual(started);
    expect(await metadata.uploads.removeUpload(started.id, null)).toBeNull();
  });
}
