// The bytes of an object on their way here, from any offset on, as often as the line breaks.
import { type BucketAddress, objectPath } from "./address.ts";
import { type Client, guarded } from "./client.ts";
import { CommandError, LineError, RefusedError } from "./problems.ts";
import { type Patience, persist } from "./retry.ts";

/** Which bytes an object has. */
export interface Wanted {
  readonly size: number;
  /** `sha256:…` or `sha512:…` */
  readonly digest: string;
}

/** The dependencies of reading an object. */
export interface ReadDeps {
  readonly client: Client;
  readonly target: BucketAddress;
  readonly patience: Patience;
}

/** The object has other bytes now. */
export class ReplacedError extends Error {
  override readonly name = "ReplacedError";
}

const firstByte = { range: "bytes=0-0" };

/** Asks what there is to get, without its bytes. @throws CommandError when the answer is no Breadbox's. */
export async function look(
  client: Client,
  target: BucketAddress,
  stop?: AbortSignal,
): Promise<Wanted> {
  const path = objectPath(target);
  const call = stop === undefined ? {} : { stop };
  const { headers } = await client
    .send(path, { ...call, method: "HEAD" })
    .catch(async (error: unknown) => {
      // An answer to HEAD has no body, and so no message: a GET has the reason.
      if (error instanceof RefusedError) await client.done(path, { ...call, headers: firstByte });
      throw error;
    });
  const digest = readEtag(headers);
  const size = headers.get("content-length");
  if (digest !== null && size !== null) return { digest, size: Number(size) };
  throw new CommandError("The answer has no digest as its ETag, or no length: is this a Breadbox?");
}

/** Etags of objects are their digests. */
function readEtag(headers: Headers): string | null {
  return /^"(sha(?:256|512):[0-9a-f]+)"$/.exec(headers.get("etag") ?? "")?.[1] ?? null;
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/**
 * The bytes from `offset` to the end. A request counts as failed only when it brought none: where bytes come, nothing has failed for long.
 * They are not compared with the digest.
 * @param portion most bytes of one request: what is not taken yet waits in memory. As many as there are unless it is said.
 * @throws ReplacedError, and as `persist`.
 */
export async function* bytesOf(
  deps: ReadDeps,
  wanted: Wanted,
  { offset, portion = wanted.size }: { readonly offset: number; readonly portion?: number },
): AsyncGenerator<Uint8Array, undefined> {
  const { patience } = deps;
  for (let at = offset; at < wanted.size; ) {
    const range = { at, end: Math.min(wanted.size, at + portion) };
    const { reader, first } = await persist(patience, () => begin(deps, wanted, range));
    try {
      for (let bytes: Uint8Array | null = first; bytes !== null; bytes = await next(deps, reader)) {
        at += bytes.byteLength;
        yield bytes;
      }
    } catch (error) {
      // It goes on where this request ended.
      if (!(error instanceof LineError)) throw error;
    } finally {
      await reader.cancel().catch(() => {});
    }
  }
}

interface Range {
  readonly at: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** @returns an answer that continues at `at`, with its first bytes. */
async function begin(deps: ReadDeps, wanted: Wanted, { at, end }: Range) {
  const { client, target, patience } = deps;
  const isWhole = at === 0 && end === wanted.size;
  const range = `bytes=${at}-${end - 1}`;
  const headers = isWhole ? {} : { range, "if-range": `"${wanted.digest}"` };
  const call = { headers, stop: patience.stop, takes: [416] };
  const answer = await client.send(objectPath(target), call);
  const isWanted = answer.status === (isWhole ? 200 : 206);
  if (!isWanted || readEtag(answer.headers) !== wanted.digest || answer.body === null) {
    await answer.body?.cancel();
    throw new ReplacedError();
  }
  const reader = answer.body.getReader();
  const first = await next(deps, reader);
  if (first !== null) return { reader, first };
  throw new LineError("ECONNRESET", "the answer ended early");
}

async function next({ patience }: ReadDeps, reader: Reader): Promise<Uint8Array | null> {
  const { done, value } = await guarded(patience.stop, () => reader.read());
  return done ? null : (value ?? null);
}
