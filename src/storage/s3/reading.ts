// Bytes of objects: into memory, or piece by piece with a deadline for each.

import { S3Error } from "./failures.ts";
import type { Objects, Span } from "./objects.ts";

/** A body that sends nothing for so long is given up; ms. */
const silenceMs = 30_000;
/** Attempts that bring no byte further before a read is given up. */
const fruitless = 5;
const restMs = 200;

/**
 * The bytes of an object from `start` to before `end`, in order. A body that breaks is continued where it broke.
 * @returns null at once when the object is absent. @throws S3Error
 */
export async function openBytes(
  objects: Objects,
  key: string,
  { start, end }: Span,
): Promise<AsyncGenerator<Uint8Array> | null> {
  if (start === end) return (async function* () {})();
  const first = await objects.get(key, { start, end });
  return first === null ? null : readOn(objects, key, { start, end }, first);
}

async function* readOn(
  objects: Objects,
  key: string,
  { start, end }: Span,
  first: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let [at, attempts, body] = [start, 0, first];
  for (;;) {
    const before = at;
    let cause: unknown = "the body ended early";
    try {
      for await (const chunk of untilSilent(body)) {
        at += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      cause = error;
    }
    if (at >= end) return;
    attempts = at > before ? 1 : attempts + 1;
    if (attempts > fruitless) throw new S3Error("GetObject", 0, "BrokenBody", cause);
    await Bun.sleep(restMs * attempts);
    body = await openAgain(objects, key, { start: at, end });
  }
}

async function openAgain(
  objects: Objects,
  key: string,
  span: Span,
): Promise<ReadableStream<Uint8Array>> {
  const body = await objects.get(key, span);
  if (body === null) throw new S3Error("GetObject", 404, "NoSuchKey", "deleted while it is read");
  return body;
}

/** Cancels the body when nothing came for long, and when the reader stops. */
async function* untilSilent(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const timer = setTimeout(
        () => void reader.cancel(new Error("silent")).catch(() => {}),
        silenceMs,
      );
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** The first `length` bytes of an object, in memory. @returns null when it is absent, or shorter. */
export async function readWhole(
  objects: Objects,
  key: string,
  length: number,
): Promise<Uint8Array | null> {
  const into = new Uint8Array(length);
  try {
    const bytes = await openBytes(objects, key, { start: 0, end: length });
    if (bytes === null) return null;
    let at = 0;
    for await (const chunk of bytes) {
      into.set(chunk, at);
      at += chunk.byteLength;
    }
    return at === length ? into : null;
  } catch (error) {
    if (error instanceof S3Error && error.status === 416) return null;
    throw error;
  }
}
