// Staged bytes as both rows and the storage know them: parts of objects, and the ends of chunks.
import type { Digest } from "./digest.ts";
import type { PartEtag } from "./fingerprint.ts";

/** Where a staged part is, for the row that names it. `name` is the same for all versions of a part, `version` is used once. */
export interface PartPlace {
  /** The storage's own name for it, opaque to everybody else. */
  readonly name: string;
  readonly version: string;
}

/** A part that counts. */
export interface StagedPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly etag: PartEtag;
  readonly place: PartPlace;
  /** Unix ms. */
  readonly createdAt: number;
}

/** The end of a chunk: how many bytes are staged up to there, and their digest under the session's algorithm. */
export interface Boundary {
  readonly offset: number;
  readonly digest: Digest;
}
