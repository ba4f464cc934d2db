// Words to talk to a registry about objects of one bucket: one function a request, answers read whole.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Answer, bucket } from "./multipart.ts";
import { openRegistry, type RegistryOptions } from "./registry.ts";

type Headers = Readonly<Record<string, string>>;

/** Path of the bucket. */
export const bucketPath = `/v1/buckets/${bucket}`;

/** A registry with an empty bucket, and words for it; `await using` removes it. */
export async function openObjects(options: RegistryOptions = {}) {
  const registry = await openRegistry(options);
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${registry.url}${path}`, init);
    return { status: response.status, headers: response.headers, bytes: await response.bytes() };
  };
  const pathOf = (object: string) => `${bucketPath}/objects/${object}`;
  const createBucket = (name: string) =>
    ask("/v1/buckets", { method: "POST", body: JSON.stringify({ name }) });
  if (!options.switches?.readOnly) await createBucket(bucket);
  return {
    registry,
    ask,
    createBucket,
    put: (object: string, body: Bun.BodyInit, headers: Headers = {}) =>
      ask(pathOf(object), { method: "PUT", body, headers }),
    get: (object: string, headers: Headers = {}) => ask(pathOf(object), { headers }),
    head: (object: string, headers: Headers = {}) =>
      ask(pathOf(object), { method: "HEAD", headers }),
    remove: (object: string, headers: Headers = {}) =>
      ask(pathOf(object), { method: "DELETE", headers }),
    list: (query = "") => ask(`${bucketPath}/objects${query}`),
    /** What is staged for objects: names of their folders. */
    staged: () => readdir(join(registry.store.directory, "tmp", "multipart")),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

export type Objects = Awaited<ReturnType<typeof openObjects>>;

/** The text of an answer. */
export const textOf = ({ bytes }: Pick<Answer, "bytes">): string => Buffer.from(bytes).toString();
