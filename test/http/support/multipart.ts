// Words to talk to a registry about uploads in parts: one function a request, answers read whole.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "../../support/bytes.ts";
import type { TestRegistry } from "./registry.ts";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** A part as a completion names it. */
export interface PartOfList {
  readonly part_number: number;
  readonly etag: string;
}

/** The bucket that everything here is about. */
export const bucket = "backups";
const bucketPath = `/v1/buckets/${bucket}`;
/** Path of its uploads. */
export const uploadsPath = `${bucketPath}/multipart-uploads`;

/** The JSON of an answer. Tests look at it without a type. */
export function jsonOf({ bytes }: Pick<Answer, "bytes">) {
  return JSON.parse(Buffer.from(bytes).toString());
}

/** Code and message of a refusal. */
export function refusalOf(answer: Pick<Answer, "bytes">): {
  readonly code: string;
  readonly message: string;
} {
  return jsonOf(answer).errors[0];
}

/** Talks to the registry about uploads into one bucket, which it creates. */
export async function multipartClient({ url }: Pick<TestRegistry, "url">) {
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init);
    return { status: response.status, headers: response.headers, bytes: await response.bytes() };
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", body: JSON.stringify(body), headers });
  const client = {
    ask,
    post,
    /** @returns the path of a new upload. */
    async initiate(object = "path/to/it", contentType = "application/x-tar"): Promise<string> {
      const answer = await post(uploadsPath, { object, content_type: contentType });
      if (answer.status !== 201) throw new Error(`initiate: ${answer.status}`);
      return answer.headers.get("location") ?? "";
    },
    put: (upload: string, number: number | string, bytes: Bun.BodyInit, headers = {}) =>
      ask(`${upload}/parts/${number}`, { method: "PUT", body: bytes, headers }),
    /** Stores a part. @returns it as a completion names it. */
    async stored(upload: string, number: number, bytes: Uint8Array): Promise<PartOfList> {
      const answer = await client.put(upload, number, Buffer.from(bytes));
      if (answer.status !== 200) throw new Error(`part ${number}: ${answer.status}`);
      return { part_number: number, etag: jsonOf(answer).etag };
    },
    complete: (
      upload: string,
      parts: readonly unknown[],
      headers: Record<string, string> = {},
      further: Readonly<Record<string, unknown>> = {},
    ) => post(`${upload}/complete`, { parts, ...further }, headers),
    abort: (upload: string) => ask(upload, { method: "DELETE" }),
    parts: (upload: string, query = "") => ask(`${upload}/parts${query}`),
    object: (object = "path/to/it") => ask(`${bucketPath}/objects/${object}`),
    /** A clean failure of the set-up, rather than of what is tested. */
    async create(): Promise<void> {
      const { status } = await post("/v1/buckets", { name: bucket });
      if (status !== 201) throw new Error(`bucket: ${status}`);
    },
  };
  await client.create();
  return client;
}

export type MultipartClient = Awaited<ReturnType<typeof multipartClient>>;

/**
 * What stands for an upload, `part-00001` and the like, sorted; null when it has no folder. What is put together meanwhile is left
 * out: it comes and goes in the background.
 */
export async function stagedFor(directory: string, upload: string): Promise<string[] | null> {
  const folder = join(directory, "tmp", "multipart", upload.split("/").at(-1) ?? "");
  const names = await readdir(folder).catch(() => null);
  return names?.filter((name) => name !== "whole").sort() ?? null;
}

/** How many files content has. */
export async function storedFiles(directory: string): Promise<number> {
  const names = await readdir(join(directory, "blobs"), { recursive: true });
  const found = await Promise.all(names.map((name) => stat(join(directory, "blobs", name))));
  return found.filter((it) => it.isFile()).length;
}

/** A body that comes as the test likes. */
export function openBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    body: readable,
    send: (bytes: Uint8Array) => void writer.write(bytes).catch(() => {}),
    end: () => void writer.close().catch(() => {}),
  };
}

/** What an object of three parts is made of. */
export const content = randomBytes("content", 1_000_000);
const pieces = [
  content.subarray(0, 400_000),
  content.subarray(400_000, 400_001),
  content.subarray(400_001),
];

/** Stores these parts. */
export async function storePieces(client: MultipartClient, upload: string): Promise<PartOfList[]> {
  const parts: PartOfList[] = [];
  for (const [index, bytes] of pieces.entries()) {
    parts.push(await client.stored(upload, index + 1, bytes));
  }
  return parts;
}
