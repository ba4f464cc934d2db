// What a migration does, and what it says about it.
import type { Digest } from "../model/digest.ts";

/** What is asked for. */
export interface MigrateRequest {
  /** Looks at the old store, and changes nothing. */
  readonly dryRun: boolean;
  /** The new store takes over, once it is complete. */
  readonly takesOver: boolean;
  /** Contents whose bytes are lost are damaged ones of the new store. */
  readonly acceptsDamage: boolean;
}

/** How far it is. */
export interface MigrateProgress {
  /** What is done, a word or two. */
  readonly label: string;
  readonly unit: "bytes" | "things";
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
}

/** A table of the new database. */
export interface MigratedTable {
  readonly name: string;
  readonly rows: number;
  /** Rows that this run added, replaced or removed. */
  readonly changed: number;
  /** SHA-256 of all rows, the same in both databases; hexadecimal. */
  readonly sha256: string;
}

/** A content that could not be copied. */
export interface LostContent {
  readonly digest: Digest;
  readonly reason: string;
  /** What needs it, such as `team/app:1.2` or `backups/a.bin`; the first ones. */
  readonly usedBy: readonly string[];
}

/** What was done with bytes. */
export interface MigratedBytes {
  /** Contents that this run copied, or would copy. */
  readonly contents: number;
  readonly bytes: number;
  /** Open uploads, which their clients have to start again. */
  readonly openUploads: number;
  readonly lost: readonly LostContent[];
}

/** How it ended: `copied` while the old store stays the store, `switched` when the new one is, `done` when it was before. */
export type MigrateEnd = "looked" | "copied" | "switched" | "done";

/** What was done. */
export interface MigrateReport {
  readonly end: MigrateEnd;
  /** Empty when rows were not copied, because bytes are lost or the database stays the same. */
  readonly tables: readonly MigratedTable[];
  /** null: they stay where they are. */
  readonly bytes: MigratedBytes | null;
}

/** Why a migration cannot go on, in words for the operator. */
export class MigrateError extends Error {
  override readonly name = "MigrateError";
}
