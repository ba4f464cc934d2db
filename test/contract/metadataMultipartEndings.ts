// Contract of how uploads in parts end without an object: aborted or expired, and never while somebody completes them.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { MultipartStart } from "../../src/metadata/multipart.ts";
import {
  backups,
  commit,
  object,
  part,
  put,
  record,
  start,
  started,
  withBucket,
} from "./metadataObjectRows.ts";
import { countInParts, digest, minute, now, uploadId } from "./metadataRows.ts";

const claim = "a";
const all = { expiredBefore: now + 999 * minute, now, limit: 99 };

/** Part of `metadataContract`. */
export function multipartEndingsContract(open: () => Promise<Metadata>): void {
  const starting = async ({ multipartLife }: Metadata, changes: Partial<MultipartStart> = {}) => {
    const upload = start(changes);
    await multipartLife.startMultipart(upload, null);
    return upload;
  };

  describe("removing a multipart upload", () => {
    test("deletes its parts and those of no other", async () => {
      const metadata = await withBucket(open);
      const { multipartLife } = metadata;
      const upload = await starting(metadata);
      const other = await starting(metadata);
      for (const it of [upload, other]) await record(metadata, it, part(1));

      const removed = await multipartLife.removeMultipart(upload, () => {});

      expect(removed).toMatchObject({ id: upload.id, object: upload.object, state: "uploading" });
      expect(await multipartLife.removeMultipart(upload, () => {})).toBeNull();
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 1, bytes: 100 });
      expect(await record(metadata, upload, part(1))).toBe("unknown");
    });

    test("that is rejected changes nothing", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const upload = await starting(metadata);
      const asked: unknown[] = [];

      const error = await multipartLife
        .removeMultipart(upload, (it) => {
          asked.push(it);
          throw new Error("not now");
        })
        .catch((it: unknown) => it);

      expect(error).toEqual(new Error("not now"));
      expect(asked).toEqual([started(upload)]);
      expect(await multipart.peekMultipart(upload)).toEqual(started(upload));
    });
  });

  describe("expired multipart uploads", () => {
    test("are deleted the oldest first, at most the given number, and returned with their parts", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const [third, first, second] = [
        await starting(metadata, { expiresAt: now + 3 }),
        await starting(metadata, { expiresAt: now + 1 }),
        await starting(metadata, { expiresAt: now + 2 }),
      ];
      const staged = { part: part(1), expiresAt: now + 2, accepts: () => {} };
      await multipart.recordPart(second, staged);

      const expired = await multipartLife.expireMultipart({ ...all, limit: 2 });
      const rest = await multipartLife.expireMultipart({ ...all, limit: 2 });

      expect(expired).toEqual([
        { ...started(first), parts: 0, bytes: 0, whole: false },
        {
          ...started(second),
          state: "uploading",
          updatedAt: staged.part.createdAt,
          parts: 1,
          bytes: 100,
          whole: false,
        },
      ]);
      expect(rest.map(({ id }) => id)).toEqual([third.id]);
      expect(await multipartLife.expireMultipart(all)).toEqual([]);
      expect(await countInParts({ multipartLife })).toEqual({ uploads: 0, bytes: 0 });
    });

    test("exclude those whose last part is recent enough", async () => {
      const metadata = await withBucket(open);
      const { multipartLife } = metadata;
      const upload = await starting(metadata, { expiresAt: now });
      const at = async (expiredBefore: number) =>
        (await multipartLife.expireMultipart({ ...all, expiredBefore })).length;

      expect(await at(now)).toBe(0);
      await record(metadata, upload, part(1, { createdAt: now }));
      expect(await at(now + 60 * minute)).toBe(0);
      expect(await at(now + 60 * minute + 1)).toBe(1);
    });

    test("exclude those that are to be spared, and include the others", async () => {
      const metadata = await withBucket(open);
      const [spared, other] = [await starting(metadata), await starting(metadata)];

      const expired = await metadata.multipartLife.expireMultipart({ ...all, spared: [spared.id] });

      expect(expired.map(({ id }) => id)).toEqual([other.id]);
    });

    test("are postponed by activity, and never made earlier", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const upload = await starting(metadata, { expiresAt: now + 5 });
      const life = async () => {
        const found = await multipart.peekMultipart(upload);
        return [found?.expiresAt, found?.updatedAt];
      };

      await multipartLife.noteAlive(upload.id, { now: now + 3, expiresAt: now + 9 });
      const longer = await life();
      await multipartLife.noteAlive(upload.id, { now: now + 4, expiresAt: now + 9 });
      await multipartLife.noteAlive(uploadId(), { now, expiresAt: now + 99 });

      expect([longer, await life()]).toEqual([
        [now + 9, now + 3],
        [now + 9, now + 3],
      ]);
    });

    test("started in the future count as started now, and others as before", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const ahead = await starting(metadata, { createdAt: now + 500, expiresAt: now + 560 });
      const usual = await starting(metadata, { createdAt: now - 5, expiresAt: now + 60 });

      await multipartLife.lowerTimes(now);
      await multipartLife.lowerTimes(now + 1);

      const lowered = { createdAt: now, updatedAt: now, expiresAt: now + 60 };
      expect(await multipart.peekMultipart(ahead)).toEqual({ ...started(ahead), ...lowered });
      expect(await multipart.peekMultipart(usual)).toEqual(started(usual));
    });

    test("started in the future are all lowered, also where they are many", async () => {
      const metadata = await withBucket(open);
      const many = 1_005;
      for (let count = 0; count < many; count += 1) {
        await starting(metadata, { createdAt: now + 500, expiresAt: now + 560 });
      }

      await metadata.multipartLife.lowerTimes(now);

      const uploads = await metadata.multipartLife.listOpen({ after: null, limit: 2 * many });
      expect(uploads.filter(({ expiresAt }) => expiresAt === now + 60)).toHaveLength(many);
    });

    test("exclude those being completed, until the claim is released", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const claimed = await starting(metadata, { expiresAt: now });
      const free = await starting(metadata, { expiresAt: now + 1 });
      await multipart.claimMultipart(claimed, claim, () => null);
      const ids = async () =>
        (await multipartLife.expireMultipart({ ...all, limit: 1 })).map(({ id }) => id);

      expect(await ids()).toEqual([free.id]);
      expect(await ids()).toEqual([]);
      await multipart.releaseMultipart(claimed.id, claim);
      expect(await ids()).toEqual([claimed.id]);
    });

    test("include puts of one request whose receiver is gone", async () => {
      const { multipart, multipartLife } = await withBucket(open);
      const upload = start({ expiresAt: now });
      await multipartLife.startMultipart(upload, claim);

      expect(await multipartLife.expireMultipart(all)).toEqual([]);
      await multipart.releaseMultipart(upload.id, claim);
      const expired = await multipartLife.expireMultipart(all);

      expect(expired).toMatchObject([{ id: upload.id, whole: true, parts: 0 }]);
      expect((await multipartLife.knownMultipart([upload.id])).size).toBe(0);
    });
  });

  test("are distinguished from ids without an upload", async () => {
    const metadata = await withBucket(open);
    const upload = await starting(metadata);

    const known = await metadata.multipartLife.knownMultipart([uploadId(), upload.id, uploadId()]);

    expect(known).toEqual(new Set([upload.id]));
    expect((await metadata.multipartLife.knownMultipart([])).size).toBe(0);
  });

  describe("a completed multipart upload", () => {
    const name = "path/to/file.bin";
    const completed = async (metadata: Metadata, at: number) => {
      const key = await starting(metadata);
      await metadata.multipart.claimMultipart(key, claim, () => null);
      const upload = { id: key.id, owner: claim };
      await metadata.objects.commitObject(commit(name, "one", { upload, parts: "list", now: at }));
      return key;
    };

    test("is found while its object has the same bytes, whatever put them and whatever the clock shows", async () => {
      const metadata = await withBucket(open);
      const { multipart, multipartLife } = metadata;
      const ahead = now + 24 * 60 * minute;
      const key = await completed(metadata, ahead);

      await multipartLife.lowerTimes(now);
      const lowered = await multipart.findCompleted(key, now - 1);
      await put(metadata, name, "one", { now: now + 6 });
      const replaced = await multipart.findCompleted(key, now - 1);

      expect(lowered?.record).toMatchObject({ digest: digest("one"), createdAt: ahead });
      expect(replaced?.record).toMatchObject({ digest: digest("one"), createdAt: now + 6 });
    });

    test("is not found after its object was deleted", async () => {
      const metadata = await withBucket(open);
      const key = await completed(metadata, now);

      const removal = { bucket: backups, object: object(name), allows: () => true };
      await metadata.objects.removeObject({ ...removal, now: now + 6 });

      expect(await metadata.multipart.findCompleted(key, 0)).toBeNull();
    });

    test("is not found after its object was replaced by other bytes", async () => {
      const metadata = await withBucket(open);
      const key = await completed(metadata, now);

      await put(metadata, name, "two", { now: now + 6 });

      expect(await metadata.multipart.findCompleted(key, 0)).toBeNull();
    });
  });

  test("completed multipart uploads are forgotten after their retention, and not before", async () => {
    const metadata = await withBucket(open);
    const { multipart, objects, multipartLife } = metadata;
    const keys: { readonly bucket: typeof backups; readonly id: MultipartStart["id"] }[] = [];
    for (const at of [now, now + 1]) {
      const { id } = await starting(metadata);
      await multipart.claimMultipart({ bucket: backups, id }, claim, () => null);
      const upload = { id, owner: claim };
      await objects.commitObject(
        commit("path/to/file.bin", "one", { upload, parts: "x", now: at }),
      );
      keys.push({ bucket: backups, id });
    }

    await multipartLife.forgetCompleted(now + 1);

    const found = await Promise.all(keys.map((key) => multipart.findCompleted(key, 0)));
    expect(found.map((it) => it?.record.createdAt ?? null)).toEqual([null, now + 1]);
  });
}
