// Parts of objects, and links to content, in a bucket: on every test server.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../../src/model/digest.ts";
import { Fingerprint } from "../../../src/model/fingerprint.ts";
import type { StagedPart } from "../../../src/model/staged.ts";
import { makeUploadId, type UploadId } from "../../../src/model/uploadId.ts";
import type { BucketOptions } from "../../../src/storage/s3/client.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { beginSession, fresh, sealed } from "../../support/contents.ts";
import { noise } from "../../support/store.ts";
import { digestAt, inChunks, inventory, MiB, options } from "./sessions.ts";
import { newPrefix, openReplica } from "./stores.ts";

/** Part of the tests of every server. */
export function contentsSuite(name: string, bucket: BucketOptions): void {
  /** Two replicas over one empty store. */
  async function replicas() {
    const prefix = newPrefix();
    const [a, b] = [await openReplica(bucket, prefix), await openReplica(bucket, prefix)];
    return { a, b, left: () => inventory(bucket, prefix) };
  }

  test(`S3 links: ${name}: content is read under a URL without a login, whole or in part`, async () => {
    const links = { endpoint: bucket.endpoint, ttlMs: 60_000 };
    const storage = await openReplica(bucket, newPrefix(), { links });
    const bytes = noise(100_000);
    const locator = await sealed(
      storage,
      await storage.staging.append(await beginSession(storage), inChunks(bytes), options()),
    );
    const opened = await storage.content.open({ locator, size: bytes.length });
    if (opened?.kind !== "remote" || opened.link === null) throw new Error("no link");

    const url = await opened.link({ mediaType: "text/plain", disposition: "attachment" });
    const whole = await fetch(url);
    const part = await fetch(url, { headers: { range: "bytes=10-19" } });
    const forged = await fetch(url.replace(/Signature=./, "Signature=z"));

    expect(await whole.bytes()).toEqual(bytes);
    expect(whole.headers.get("content-type")).toStartWith("text/plain");
    expect(whole.headers.get("content-disposition")).toBe("attachment");
    expect([part.status, await part.bytes()]).toEqual([206, bytes.slice(10, 20)]);
    if (!name.startsWith("strict")) expect(forged.status).toBe(403);
    await storage.close();
  });

  describe(`S3 parts: ${name}`, () => {
    async function receive(
      storage: Storage,
      id: UploadId,
      number: number,
      bytes: Uint8Array,
    ): Promise<StagedPart> {
      const fingerprint = new Fingerprint();
      fingerprint.update(bytes);
      const { place, size } = await storage.parts.receive(id, number, inChunks(bytes), options());
      return { number, size, etag: fingerprint.etag(), place, createdAt: 0 };
    }

    test.each([
      ["long ones are copied on the server", [6 * MiB, 5 * MiB, 11 * MiB, 1000]],
      ["short ones are sent again", [6 * MiB, 1000, 5 * MiB, 7]],
    ])("become one content: %s", async (_, sizes) => {
      const { a, b, left } = await replicas();
      const id = makeUploadId(Bun.randomUUIDv7());
      const all = sizes.map((size) => noise(size));
      const parts = await Promise.all(
        all.map((bytes, index) => receive(index % 2 === 0 ? a : b, id, index + 1, bytes)),
      );
      const digest = digestOf(Buffer.concat(all));

      const outcome = await b.parts.complete(id, parts, fresh([digest]));
      if (outcome.kind !== "sealed" || outcome.locator === null) throw new Error(outcome.kind);
      await b.parts.discard(id);

      expect(await digestAt(a, outcome.locator)).toBe(digest);
      expect(await left()).toEqual({ keys: [outcome.locator], uploads: [] });
    });

    test("that differ from their rows are named, and the upload stays as it was", async () => {
      const { a, left } = await replicas();
      const id = makeUploadId(Bun.randomUUIDv7());
      const one = await receive(a, id, 1, noise(5 * MiB));
      const two = await receive(a, id, 2, noise(10));
      const before = await left();

      const refused = a.parts.complete(id, [{ ...one, etag: two.etag }, two], fresh());

      expect(await refused.catch((error: unknown) => error)).toMatchObject({
        situation: "PART_DIFFERS",
        detail: { part_number: 1 },
      });
      expect(await left()).toEqual(before);
    });
  });
}
