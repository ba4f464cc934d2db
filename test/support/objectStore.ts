// Buckets and objects in a store of test/support/store.ts, by the functions that requests end in.

import { RegistryError } from "../../src/errors.ts";
import type { MultipartKey } from "../../src/metadata/multipart.ts";
import type { Digest } from "../../src/model/digest.ts";
import type { RepositoryName } from "../../src/model/names.ts";
import { type ObjectKey, parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import { createBucket } from "../../src/objects/buckets.ts";
import { completeMultipart } from "../../src/objects/completion.ts";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import { initiateMultipart } from "../../src/objects/multipart.ts";
import { openObject, removeObject } from "../../src/objects/objects.ts";
import { putPart } from "../../src/objects/parts.ts";
import { putObject } from "../../src/objects/put.ts";
import { oneChunk } from "./chunks.ts";
import type { openStore } from "./store.ts";

type Store = Awaited<ReturnType<typeof openStore>>;

/** `backups/path/to/it`. */
export function keyOf(path: string): ObjectKey {
  const slash = path.indexOf("/");
  return {
    bucket: parseBucketName(path.slice(0, slash)),
    object: parseObjectName(path.slice(slash + 1)),
  };
}

/** Objects of one store. @param changes stands in for what the room works with. */
export function objectsIn(store: Store, changes: Partial<ObjectsDeps> = {}) {
  const deps = (): ObjectsDeps => ({ ...store.rooms.objects, ...changes });
  const put = async (
    path: string,
    receive: Parameters<typeof putObject>[1]["receive"],
  ): Promise<Digest> => {
    const { record } = await putObject(deps(), {
      ...keyOf(path),
      contentType: "application/octet-stream",
      allows: () => true,
      receive,
      rights: { mayPull: () => true, mayRead: () => true },
    });
    return record.digest;
  };
  return {
    createBucket: (name: string) => createBucket(deps(), parseBucketName(name)),
    put: (path: string, bytes: Uint8Array): Promise<Digest> =>
      put(path, async () => ({
        kind: "bytes",
        body: oneChunk(bytes),
        length: bytes.length,
        digests: [],
      })),
    link: (path: string, repository: RepositoryName, digest: Digest): Promise<Digest> =>
      put(path, async () => ({ kind: "link", repository, digest })),
    initiate: (path: string) =>
      initiateMultipart(deps(), { ...keyOf(path), contentType: "application/octet-stream" }),
    putPart: ({ bucket, id }: MultipartKey, number: number, bytes: Uint8Array) =>
      putPart(deps(), {
        ...{ key: { bucket, id }, number, length: bytes.length, digests: [] },
        body: oneChunk(bytes),
      }),
    /** Completes an upload with the parts that it has. */
    async complete({ bucket, id }: MultipartKey): Promise<Digest> {
      const key = { bucket, id };
      const staged = await deps().multipart.listParts(key, { after: 0, limit: 10_000 });
      const completion = { key, parts: staged ?? [], digest: null, allows: () => true };
      return (await completeMultipart(deps(), completion)).record.digest;
    },
    remove: (path: string): Promise<void> => removeObject(deps(), keyOf(path), () => true),
    /** @returns the bytes, or the situation that a client would be told. */
    async read(path: string): Promise<Uint8Array | string> {
      try {
        const { body } = await openObject(deps(), keyOf(path));
        return body instanceof Blob ? await body.bytes() : (body ?? "not here");
      } catch (error) {
        if (error instanceof RegistryError) return error.situation;
        throw error;
      }
    },
  };
}
