// Bytes on their way into and out of a target, hashed as they pass.
import type { SourceFile } from "../client/pieces.ts";
import { errnoOf } from "../durability/errno.ts";
import { type Algorithm, algorithmOf, type Digest, digestFromHex } from "../model/digest.ts";
import type { StoredReader } from "../storage/repair.ts";
import type { ContentSource, TargetFile } from "./target.ts";

/** Bytes of one read. */
export const portion = 1_048_576;

/** The bytes of a reader from `offset`, in portions. */
export async function* portionsOf(
  reader: Pick<StoredReader, "read">,
  offset = 0,
): AsyncGenerator<Uint8Array> {
  for (let at = offset; ; ) {
    const into = new Uint8Array(portion);
    const count = await reader.read(at, into);
    if (count === 0) return;
    yield into.subarray(0, count);
    at += count;
  }
}

/** What bytes turned out to be. */
export interface Hashed {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Hashes bytes, and hands each portion on first. */
export async function hashed(
  bytes: AsyncIterable<Uint8Array>,
  algorithm: Algorithm,
  onPortion: (portion: Uint8Array) => Promise<void> | void = () => {},
): Promise<Hashed> {
  const hasher = new Bun.CryptoHasher(algorithm);
  let size = 0;
  for await (const some of bytes) {
    await onPortion(some);
    hasher.update(some);
    size += some.byteLength;
  }
  return { digest: digestFromHex(algorithm, hasher.digest("hex")), size };
}

/** Hashes a file that is sent. @throws what it throws. */
export function hashedFile(
  file: Pick<SourceFile, "size" | "fill">,
  algorithm: Algorithm,
): Promise<Hashed> {
  const read = async (offset: number, into: Uint8Array): Promise<number> => {
    const some = into.subarray(0, Math.min(into.byteLength, file.size - offset));
    await file.fill(some, offset);
    return some.byteLength;
  };
  return hashed(portionsOf({ read }), algorithm);
}

/** Why bytes are not what they should be; null when they are. */
export function mismatchOf(found: Hashed, wanted: Hashed): string | null {
  if (found.size !== wanted.size) return `it has ${found.size} bytes instead of ${wanted.size}`;
  return found.digest === wanted.digest ? null : `its bytes are ${found.digest}`;
}

/** Reads a file of a target and compares it. @returns why it is not what it should be; null when it is. */
export async function faultOf(
  file: TargetFile | null,
  wanted: Hashed,
  onPortion?: (portion: Uint8Array) => Promise<void> | void,
): Promise<string | null> {
  if (file === null) return "it is missing";
  const found = await hashed(await file.read(0), algorithmOf(wanted.digest), onPortion);
  return mismatchOf(found, wanted);
}

/** A small file whole. */
export async function textOf(file: TargetFile): Promise<string> {
  return new TextDecoder().decode(await Bun.readableStreamToBytes(streamOf(await file.read(0))));
}

function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Lines of a text, without their ends; in flat memory. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const some of bytes) {
    const lines = (rest + decoder.decode(some, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** A content of the store that cannot be read: no fault of the target. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** Why bytes of the store cannot be read. */
export const unreadable = (error: unknown): string =>
  `its bytes cannot be read (${errnoOf(error) ?? String(error)})`;

/** Opens a content of the store. @returns why it cannot be read; null when it is absent. */
export const openStored = (
  source: Pick<ContentSource, "open">,
): Promise<StoredReader | string | null> =>
  source.open().catch((error: unknown) => unreadable(error));

/** Bytes of the store, on their way to a target. @throws UnreadableError */
export async function* readingStored(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw new UnreadableError(unreadable(error));
  }
}
