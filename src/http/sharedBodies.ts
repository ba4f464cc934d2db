// Large answers that are the same for many: one copy in memory for all who are sent it, however slowly they read. The runtime copies
// bytes and texts for each connection; a Blob it does not.

import { longAnswer } from "./slowReaders.ts";

/** Smaller ones are not worth it: they fit into a connection's buffers. Bytes. */
export const sharedFrom = 64 * 1024;
/** Bytes kept for the next request. */
const mostKept = 16 * 1024 * 1024;

/** The latest ones, oldest first. */
const kept = new Map<string, Blob>();
let keptBytes = 0;

/**
 * The body of an answer with these bytes. @param etag of exactly these bytes; without one they are hashed.
 * @returns `bytes` themselves when they are few.
 */
export function shareBody(bytes: Uint8Array, etag?: string): Uint8Array | Blob {
  if (bytes.byteLength < sharedFrom) return bytes;
  const key = etag ?? new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  const known = kept.get(key);
  const blob = known ?? new Blob([bytes]);
  // To the end of the queue.
  kept.delete(key);
  kept.set(key, blob);
  if (known === undefined) keptBytes += blob.size;
  dropOldest();
  return blob;
}

/** An answer with these bytes; `etag` as for `shareBody`. */
export function answerBytes(bytes: Uint8Array, init: ResponseInit, etag?: string): Response {
  const body = shareBody(bytes, etag);
  const response = new Response(body, init);
  return body instanceof Blob ? longAnswer(response) : response;
}

function dropOldest(): void {
  for (const [key, { size }] of kept) {
    if (keptBytes <= mostKept) return;
    kept.delete(key);
    keptBytes -= size;
  }
}
