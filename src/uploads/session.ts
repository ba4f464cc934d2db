// An upload session and its offset rule: pure, no I/O.
import type { Algorithm } from "../content/digest.ts";
import { RegistryError } from "../errors.ts";
import type { RepositoryName } from "../registry/names.ts";
import type { Body, StagingState } from "../storage/storage.ts";

/** Lower-case UUID. Only `readUploadId` and `makeUploadId` make one. */
export type UploadId = string & { readonly __brand: "UploadId" };

/** What the database knows of an upload session. */
export interface UploadSession {
  readonly id: UploadId;
  readonly repository: RepositoryName;
  /** Bytes durably staged, contiguous from 0. */
  readonly offset: number;
  /** What the storage needs to go on with these staged bytes. */
  readonly staging: StagingState;
  /** What the client said it will close with: its bytes are hashed under it as they come. */
  readonly algorithm: Algorithm;
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms of the last byte, or of the start. */
  readonly updatedAt: number;
}

/** What a request brings: the body of a PATCH, a closing PUT or a single POST. */
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

const uuidGrammar = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @returns the id, or null when `text` is not a lower-case UUID of version 4 or 7. */
export function readUploadId(text: string): UploadId | null {
  return uuidGrammar.test(text) ? (text as UploadId) : null;
}

/** An id for a new session. @param uuid from the id source that was passed in. */
export function makeUploadId(uuid: string): UploadId {
  const id = readUploadId(uuid);
  if (id === null) throw new Error("the id source must make lower-case UUIDs");
  return id;
}

/** How many bytes the chunk says it has; null when it does not say. */
export function declaredLength({ length, start, end }: Chunk): number | null {
  return start !== null && end !== null ? end - start + 1 : length;
}

/**
 * The offset rule: a chunk starts exactly where the staged bytes end (OCI distribution-spec, "Pushing a blob in chunks").
 * @throws RegistryError CHUNK_OUT_OF_ORDER with the offset to go on from; CHUNK_SIZE_MISMATCH when Content-Range and
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
      message: `Content-Range announces ${end - start + 1} bytes, Content-Length ${length}`,
    });
  }
}
