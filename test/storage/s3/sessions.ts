// What an S3 storage does with sessions of several parts, over two replicas: on every test server.
import { describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import type { Locator } from "../../../src/model/locator.ts";
import { BucketClient, type BucketOptions } from "../../../src/storage/s3/client.ts";
import { formatKey } from "../../../src/storage/s3/guard.ts";
import { Objects } from "../../../src/storage/s3/objects.ts";
import { Uploads } from "../../../src/storage/s3/uploads.ts";
import type { Appended, Session } from "../../../src/storage/staging.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { beginSession, fresh, readContent, sealed } from "../../support/contents.ts";
import { noise } from "../../support/store.ts";
import { cellBytes, newPrefix, openReplica } from "./stores.ts";

export const MiB = 1024 * 1024;
/** Of an append. */
export const options = (resumable = true) => ({
  ...{ expected: null, resumable, inChunks: resumable },
  signal: new AbortController().signal,
});

/** A body. */
export async function* inChunks(bytes: Uint8Array, step = 300_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.slice(at, at + step);
}

async function* brokenAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* inChunks(bytes);
  throw new Error("the connection was cut");
}

/** As a row keeps it: nothing of the process that wrote it. */
const fromRow = ({ id, offset, staging, algorithm }: Session): Session => {
  return { id, offset, staging, algorithm, boundaries: async () => [] };
};

/** Everything in the bucket below a prefix: keys, and S3 uploads that are open. */
export async function inventory(bucket: BucketOptions, prefix: string) {
  const client = new BucketClient({ ...bucket, prefix });
  const keys: string[] = [];
  const uploads: string[] = [];
  for await (const page of new Objects(client).list("")) keys.push(...page.map(({ key }) => key));
  keys.splice(keys.indexOf(formatKey), 1);
  for await (const page of new Uploads(client).list(""))
    uploads.push(...page.map(({ key }) => key));
  client.close();
  return { keys: keys.sort(), uploads: uploads.sort() };
}

/** Null when it is absent. */
export async function digestAt(storage: Storage, locator: Locator): Promise<Digest | null> {
  const bytes = await readContent(storage, locator);
  return bytes === null ? null : digestOf(bytes);
}

/** Part of the tests of every server. */
export function sessionsSuite(name: string, bucket: BucketOptions): void {
  /** Two replicas over one empty store. */
  async function replicas() {
    const prefix = newPrefix();
    const [a, b] = [await openReplica(bucket, prefix), await openReplica(bucket, prefix)];
    const beginAgain = async (key: string) => {
      const client = new BucketClient({ ...bucket, prefix });
      await new Uploads(client).create(key);
      client.close();
    };
    return { a, b, beginAgain, left: () => inventory(bucket, prefix) };
  }
  const append = ({ staging }: Storage, session: Session, bytes: Uint8Array, resumable = true) =>
    staging.append(fromRow(session), inChunks(bytes), options(resumable));
  const close = (...stores: Storage[]) => Promise.all(stores.map((store) => store.close()));

  describe(`S3 sessions: ${name}`, () => {
    test.each([
      ["one byte less than a cell", [cellBytes - 1]],
      ["a cell", [cellBytes]],
      ["a cell and a byte", [cellBytes + 1]],
      ["two cells in halves", [cellBytes / 2, cellBytes, cellBytes / 2]],
      ["many chunks", [MiB, 7 * MiB, 1, 3 * MiB, 12 * MiB + 5, 100]],
    ])("chunks on two replicas in turn become one content: %s", async (_, sizes) => {
      const { a, b, left } = await replicas();
      const bytes = noise(sizes.reduce((sum, size) => sum + size, 0));
      let session = await beginSession(a);
      for (const [turn, size] of sizes.entries()) {
        const chunk = bytes.subarray(session.offset, session.offset + size);
        session = await append(turn % 2 === 0 ? a : b, session, chunk);
      }

      const outcome = await b.staging.seal(fromRow(session), fresh([digestOf(bytes)]));
      if (outcome.kind !== "sealed" || outcome.locator === null) throw new Error(outcome.kind);
      await b.staging.discard(session.id, session.staging);
      await close(a, b);

      expect(outcome).toMatchObject({ size: bytes.length, digest: digestOf(bytes) });
      expect(await digestAt(a, outcome.locator)).toBe(digestOf(bytes));
      expect(await left()).toEqual({ keys: [outcome.locator], uploads: [] });
    });

    test("a body of one request is sealed without an object in between", async () => {
      const { a, left } = await replicas();
      const bytes = noise(2 * cellBytes + 1000);
      const staged = await append(a, await beginSession(a), bytes, false);

      const locator = await sealed(a, staged);
      await a.staging.discard(staged.id, staged.staging);
      await close(a);

      expect(await digestAt(a, locator)).toBe(digestOf(bytes));
      expect(await left()).toEqual({ keys: [locator], uploads: [] });
    });

    test.each([
      ["short", 1000],
      ["of several parts", cellBytes + 1000],
    ])("nothing is left of a whole body, %s, that broke", async (_, size) => {
      const { a, left } = await replicas();
      const ways = { ...options(false), isWhole: true };

      const broken = brokenAfter(noise(size));
      const { id, staging, cut } = await a.staging.append(await beginSession(a), broken, ways);
      await a.staging.discard(id, staging);
      await close(a);

      expect(cut?.message).toBe("the connection was cut");
      expect(await left()).toEqual({ keys: [], uploads: [] });
    });

    test.each([
      ["short", 1000],
      ["of several parts", cellBytes + 1000],
    ])(
      "nothing is left of a body, %s, that was read to be hashed and is stored already",
      async (_, size) => {
        const { a, left } = await replicas();
        const bytes = noise(size);
        const staged = await append(a, await beginSession(a), bytes, false);
        // Under an algorithm that nobody knew of when the bytes came.
        const digest = digestOf(bytes, "sha512");

        const outcome = await a.staging.seal(staged, {
          ...fresh([digest]),
          as: "sha512",
          isStored: async () => true,
        });
        await a.staging.discard(staged.id, staged.staging);
        await close(a);

        expect(outcome).toEqual({ kind: "sealed", locator: null, digest, size });
        expect(await left()).toEqual({ keys: [], uploads: [] });
      },
    );

    test("what was sealed without a row is sealed again elsewhere under the same name", async () => {
      const { a, b, left } = await replicas();
      const staged = await append(a, await beginSession(a), noise(2 * cellBytes + 7));
      const first = await sealed(a, staged);

      const second = await sealed(b, fromRow(staged));
      await b.staging.discard(staged.id, staged.staging);
      await close(b);

      expect(second).toBe(first);
      expect(await left()).toEqual({ keys: [first], uploads: [] });
    });

    test("what was sealed without a row goes on elsewhere, and the first content stays", async () => {
      const { a, b } = await replicas();
      const [bytes, more] = [noise(2 * cellBytes + 7), noise(cellBytes)];
      const staged = await append(a, await beginSession(a), bytes);
      const first = await sealed(a, staged);

      const longer = await append(b, staged, more);
      const second = await sealed(b, longer);

      const both = Buffer.concat([bytes, more]);
      expect(await digestAt(b, second)).toBe(digestOf(both));
      expect(await digestAt(b, first)).toBe(digestOf(bytes));
    });

    test("parts beyond what counts are left out", async () => {
      const { a, b } = await replicas();
      const bytes = noise(cellBytes + 1000);
      const staged = await append(a, await beginSession(a), bytes);
      // Its row was never written.
      await append(a, staged, noise(3 * cellBytes));

      const locator = await sealed(b, fromRow(staged));

      expect(await digestAt(b, locator)).toBe(digestOf(bytes));
    });

    test("another writer's bytes in a part that counts end the upload", async () => {
      const { a, b } = await replicas();
      const start = await append(a, await beginSession(a), noise(cellBytes - 10));
      const staged = await append(a, start, noise(cellBytes));
      const next = await append(a, staged, noise(cellBytes));
      // A late writer that still has the state of the second chunk.
      await append(b, staged, noise(cellBytes));

      const refused = a.staging.seal(fromRow(next), fresh());

      expect(await refused.catch((error: unknown) => error)).toMatchObject({
        situation: "UPLOAD_DAMAGED",
      });
    });

    test("a body that breaks keeps its parts and its last bytes", async () => {
      const { a, b } = await replicas();
      const [bytes, more] = [noise(2 * cellBytes + 99), noise(10)];
      const session = await beginSession(a);
      const cut: Appended = await a.staging.append(session, brokenAfter(bytes), options());

      const locator = await sealed(b, await append(b, cut, more));

      expect(cut).toMatchObject({ offset: bytes.length, digest: digestOf(bytes) });
      const both = Buffer.concat([bytes, more]);
      expect(await digestAt(b, locator)).toBe(digestOf(both));
    });

    test("a session that is dropped leaves nothing", async () => {
      const { a, b, left } = await replicas();
      const staged = await append(a, await beginSession(a), noise(cellBytes + 1));

      await b.staging.discard(staged.id, staged.staging);

      expect(await left()).toEqual({ keys: [], uploads: [] });
      const late = append(a, staged, noise(cellBytes)).catch((error: unknown) => error);
      expect(await late).toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    });

    test("an S3 upload that was begun twice is listed after its session's end, and dropped without the content", async () => {
      const { a, b, beginAgain, left } = await replicas();
      const staged = await append(a, await beginSession(a), noise(cellBytes + 1));
      const locator = await sealed(a, staged);
      await a.staging.discard(staged.id, staged.staging);
      // The answer of the first call was lost.
      await beginAgain(locator);
      expect((await left()).uploads).toEqual([locator]);

      for await (const { id, staging } of b.staging.list()) await b.staging.discard(id, staging);

      expect(await left()).toEqual({ keys: [locator], uploads: [] });
    });

    test("bytes that no row knows are listed, and dropped", async () => {
      const { a, b, left } = await replicas();
      const staged = await append(a, await beginSession(a), noise(cellBytes + 1));

      const [entry, ...others] = await Array.fromAsync(b.staging.list());

      expect([entry?.id, others]).toEqual([staged.id, []]);
      expect(Math.abs(((await entry?.startedAt()) ?? 0) - Date.now())).toBeLessThan(600_000);
      if (entry !== undefined) await b.staging.discard(entry.id, entry.staging);
      expect(await left()).toEqual({ keys: [], uploads: [] });
    });
  });
}
