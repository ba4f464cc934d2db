// An upload session and its offset rule: pure, no I/O.
import { RegistryError } from "../errors.ts";
import type { Body } from "../storage/staging.ts";

/** A request's chunk: the body of a PATCH, a closing PUT or a single POST. */
export interface Chunk {
  /** null when the request has no body. */
  readonly body: Body | null;
  /** Content-Length; null when the client streams. */
  readonly length: number | null;
  /** First byte's offset from Content-Range; null without one. */
  readonly start: number | null;
  /** Last byte's offset from Content-Range, inclusive; null without one. */
  readonly end: number | null;
}

/** Of a request that has none, and is to be answered like one that has. */
export const emptyBody: Body = { async *[Symbol.asyncIterator]() {} };

/** How many bytes the chunk says it has; null when it does not say. */
export function declaredLength({ length, start, end }: Chunk): number | null {
  return start !== null && end !== null ? end - start + 1 : length;
}

/**
 * The offset rule: a chunk starts exactly where the staged bytes end (OCI distribution-spec, "Pushing a blob in chunks").
 * @throws RegistryError CHUNK_OUT_OF_ORDER with the offset to continue from; CHUNK_SIZE_MISMATCH when Content-Range and
 * Content-Length disagree. Either way nothing has changed.
 */
export function acceptChunk(offset: number, chunk: Chunk): void {
  const { start, end, length } = chunk;
  if (start === null || end === null) return;
  if (start !== offset) {
    throw new RegistryError("CHUNK_OUT_OF_ORDER", {
      message: `the next chunk must start at offset ${offset}, this one starts at ${start}`,
      detail: { offset },
    });
  }
  if (length !== null && length !== end - start + 1) {
    throw new RegistryError("CHUNK_SIZE_MISMATCH", {
      message: `Content-Range declares ${end - start + 1} bytes, Content-Length ${length}`,
    });
  }
}
