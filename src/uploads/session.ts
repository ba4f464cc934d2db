// An upload session and its offset rule: pure, no I/O.

import type { RepositoryName } from "../registry/names.ts";
import type { StagingState } from "../storage/storage.ts";

/** Lower-case UUID. Only `readUploadId` and `newUploadId` make one. */
export type UploadId = string & { readonly __brand: "UploadId" };

/** What the database knows of an upload session. */
export interface UploadSession {
  readonly id: UploadId;
  readonly repository: RepositoryName;
  /** Bytes durably staged, contiguous from 0. */
  readonly offset: number;
  /** What the storage needs to go on with these staged bytes. */
  readonly staging: StagingState;
  /** Unix ms. */
  readonly startedAt: number;
  /** Unix ms of the last byte, or of the start. */
  readonly updatedAt: number;
}

const uuidGrammar = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** @returns the id, or null when `text` is not a lower-case UUID of version 4 or 7. */
export function readUploadId(text: string): UploadId | null {
  return uuidGrammar.test(text) ? (text as UploadId) : null;
}
