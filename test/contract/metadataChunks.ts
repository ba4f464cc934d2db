// Contract of what is kept of a session's chunks, and of a session that is started by its writer.
import { describe, expect, test } from "bun:test";
import type { Metadata } from "../../src/metadata/metadata.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { app, digest, finish, now, session, staging, uploadId } from "./metadataRows.ts";

/** Part of `metadataContract`. */
export function chunksContract(open: () => Promise<Metadata>): void {
  const advance = async (
    { uploads }: Metadata,
    id: UploadId,
    { offset, prefix }: { offset: number; prefix: string | null },
  ): Promise<boolean> => {
    await uploads.claimUpload(id, app, "a");
    const known = prefix === null ? null : digest(prefix);
    return uploads.advanceUpload(id, "a", { offset, staging: staging(""), prefix: known, now });
  };
  const started = async ({ uploads }: Metadata): Promise<UploadId> => {
    const { id, ...rest } = session();
    await uploads.startUpload({ id, ...rest }, null);
    return id;
  };

  describe("chunk ends", () => {
    test("are listed in order, each under its own session", async () => {
      const metadata = await open();
      const [one, two] = [await started(metadata), await started(metadata)];
      // 9, 10, 5 TiB: numbers, not text, are in order.
      await advance(metadata, one, { offset: 9, prefix: "a" });
      await advance(metadata, two, { offset: 7, prefix: "x" });
      await advance(metadata, one, { offset: 10, prefix: "b" });
      await advance(metadata, one, { offset: 5 * 2 ** 40, prefix: "c" });

      expect(await metadata.uploads.listBoundaries(one)).toEqual([
        { offset: 9, digest: digest("a") },
        { offset: 10, digest: digest("b") },
        { offset: 5 * 2 ** 40, digest: digest("c") },
      ]);
      expect(await metadata.uploads.listBoundaries(two)).toEqual([
        { offset: 7, digest: digest("x") },
      ]);
      expect(await metadata.uploads.listBoundaries(uploadId())).toEqual([]);
    });

    test("without a known digest are left out, and an empty chunk adds none", async () => {
      const metadata = await open();
      const id = await started(metadata);
      await advance(metadata, id, { offset: 5, prefix: "a" });
      await advance(metadata, id, { offset: 9, prefix: null });
      await advance(metadata, id, { offset: 9, prefix: null });
      await advance(metadata, id, { offset: 5, prefix: "a" });

      expect(await metadata.uploads.listBoundaries(id)).toEqual([
        { offset: 5, digest: digest("a") },
      ]);
    });

    test("of a writer that has lost its claim are not recorded", async () => {
      const metadata = await open();
      const id = await started(metadata);
      await metadata.uploads.claimUpload(id, app, "b");

      expect(await advance(metadata, id, { offset: 5, prefix: "a" })).toBe(false);

      expect(await metadata.uploads.listBoundaries(id)).toEqual([]);
    });

    test("are deleted with the session, cancelled or finished", async () => {
      const metadata = await open();
      const { uploads } = metadata;
      const [cancelled, done] = [await started(metadata), await started(metadata)];
      for (const id of [cancelled, done]) await advance(metadata, id, { offset: 5, prefix: "a" });

      await uploads.removeUpload(cancelled, app);
      await uploads.claimUpload(done, app, "a");
      await uploads.finishUpload(finish("layer", { session: { id: done, owner: "a" } }));

      expect(await uploads.listBoundaries(cancelled)).toEqual([]);
      expect(await uploads.listBoundaries(done)).toEqual([]);
    });
  });

  describe("a session that is started with a claim", () => {
    test("is claimed by the request that started it", async () => {
      const { uploads } = await open();
      const { id, ...rest } = session();
      await uploads.startUpload({ id, ...rest }, "a");

      expect((await uploads.claimUpload(id, app, "b")).kind).toBe("busy");
      const to = { offset: 1, staging: staging(""), prefix: null, now };
      expect(await uploads.advanceUpload(id, "b", to)).toBe(false);
      expect(await uploads.advanceUpload(id, "a", to)).toBe(true);
      expect((await uploads.claimUpload(id, app, "b")).kind).toBe("claimed");
    });
  });

  describe("renewing a claim", () => {
    test("sets the session's time of last activity", async () => {
      const { uploads } = await open();
      const { id, ...rest } = session();
      await uploads.startUpload({ id, ...rest }, "a");

      expect(await uploads.renewClaim(id, "a", now + 5)).toBe(true);

      expect(await uploads.findUpload(id, app)).toEqual({ id, ...rest, updatedAt: now + 5 });
    });

    test("by another owner, or of a deleted session, is refused and sets no time", async () => {
      const { uploads } = await open();
      const { id, ...rest } = session();
      await uploads.startUpload({ id, ...rest }, "a");

      expect(await uploads.renewClaim(id, "b", now + 5)).toBe(false);
      expect(await uploads.renewClaim(uploadId(), "a", now + 5)).toBe(false);

      expect(await uploads.findUpload(id, app)).toEqual({ id, ...rest });
    });
  });
}
