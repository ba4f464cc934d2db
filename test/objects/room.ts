// The room of objects over a real store, and short words for uploads in parts.
import type { ObjectRecord } from "../../src/metadata/objects.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { createBucket } from "../../src/objects/buckets.ts";
import { type Completion, completeMultipart } from "../../src/objects/completion.ts";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import { abortMultipart, initiateMultipart, multipartStatus } from "../../src/objects/multipart.ts";
import { openObject } from "../../src/objects/objects.ts";
import type { NamedPart } from "../../src/objects/partList.ts";
import { listParts, putPart } from "../../src/objects/parts.ts";
import type { Body } from "../../src/storage/staging.ts";
import { openStore } from "../support/store.ts";

const bucket = parseBucketName("backups");

/** Bytes as a body, in chunks of the given size. */
export function bodyOf(bytes: Uint8Array, chunkBytes = bytes.length): Body {
  return {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
    },
  };
}

type Store = Awaited<ReturnType<typeof openStore>>;

/** Opens a store with a bucket; `await using` removes it. */
export async function openRoom() {
  const store = await openStore();
  await createBucket(store.rooms.objects, bucket);
  return { ...wordsFor(store, () => store.rooms.objects), [Symbol.asyncDispose]: store.remove };
}

/** The words. @param deps what they work with, asked for each time: a restart makes it anew. */
export function wordsFor(store: Store, deps: () => ObjectsDeps) {
  return {
    store,
    deps,
    key: (id: UploadId) => ({ bucket, id }),
    async initiate(object = "it"): Promise<UploadId> {
      const request = { bucket, object: parseObjectName(object), contentType: "text/plain" };
      return (await initiateMultipart(deps(), request)).id;
    },
    /** Stores a part. @returns it as a completion names it. */
    async put(id: UploadId, number: number, bytes: Uint8Array | Body): Promise<NamedPart> {
      const given = bytes instanceof Uint8Array;
      const { etag } = await putPart(deps(), {
        key: { bucket, id },
        number,
        body: given ? bodyOf(bytes) : bytes,
        length: given ? bytes.length : null,
        digests: [],
      });
      return { number, etag };
    },
    async complete(
      id: UploadId,
      parts: readonly NamedPart[],
      other: Partial<Completion> = {},
    ): Promise<ObjectRecord> {
      const usual = { digest: null, allows: () => true };
      const completion = { key: { bucket, id }, parts, ...usual, ...other };
      return (await completeMultipart(deps(), completion)).record;
    },
    abort: (id: UploadId) => abortMultipart(deps(), { bucket, id }),
    status: (id: UploadId) => multipartStatus(deps(), { bucket, id }),
    parts: async (id: UploadId) =>
      (await listParts(deps(), { bucket, id }, { after: 0, limit: 100_000 })).parts,
    async read(object = "it"): Promise<Uint8Array> {
      const { body } = await openObject(deps(), { bucket, object: parseObjectName(object) });
      return body instanceof Blob ? body.bytes() : (body ?? new Uint8Array());
    },
    /** Digests of all objects. */
    async digests(): Promise<ReadonlySet<string>> {
      const page = { after: null, limit: 100_000, prefix: "", delimiter: null };
      const found = await deps().metadata.listObjects(bucket, page);
      return new Set(found?.objects.map(({ digest }) => digest));
    },
  };
}

export type Room = Awaited<ReturnType<typeof openRoom>>;
export type Words = ReturnType<typeof wordsFor>;
