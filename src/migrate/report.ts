// What a migration does, and what it says about it.

/** What is asked for. */
export interface MigrateRequest {
  /** Looks at both stores, and changes nothing. */
  readonly dryRun: boolean;
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

/** How it ended: `copied` while a server still works with the old store, `switched` when the new one is the store, `done` when it was before. */
export type MigrateEnd = "looked" | "copied" | "switched" | "done";

/** What was done. */
export interface MigrateReport {
  readonly end: MigrateEnd;
  readonly tables: readonly MigratedTable[];
}

/** Why a migration cannot go on, in words for the operator. */
export class MigrateError extends Error {
  override readonly name = "MigrateError";
}
