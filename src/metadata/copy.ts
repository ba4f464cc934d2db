// All rows of a database, read and written in pages by key: for `breadbox migrate` only. Apart from the groups of the port because it
// knows tables and no outcomes.

import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";

/** What a column holds. */
export type CellKind = "text" | "integer" | "blob";

/** A value of a row. */
export type Cell = string | number | Uint8Array | null;

/** A row, its values in the order of the table's columns. */
export type Row = readonly Cell[];

/** A table that is copied. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly kind: CellKind }[];
  /** Places of the key's columns, in their order. */
  readonly key: readonly number[];
  /** True when the database numbers new rows. */
  readonly givesOutIds: boolean;
}

/** Keys in the order of their bytes. */
export interface Span {
  /** null: from the first one. */
  readonly after: Row | null;
  /** null: to the last one. */
  readonly upTo: Row | null;
  /** Most rows. */
  readonly limit: number;
  /** True: rows have the values of their keys only. */
  readonly keysOnly?: boolean;
}

/** One moment of a database: what is written meanwhile does not show. */
export interface CopySource {
  readonly store: StoreRow;
  /** Parents before children. */
  readonly tables: readonly CopiedTable[];
  page(table: CopiedTable, span: Span): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** Which database it is. */
export interface StoreRow {
  readonly id: string;
  /** Unix ms. */
  readonly createdAt: number;
}

/** A database that is filled. Nothing serves it before `finish`. */
export interface CopyTarget extends Omit<CopySource, "store"> {
  /** True when an earlier run has finished it. */
  readonly isFinished: boolean;
  /** Removes rows by their keys. */
  remove(table: CopiedTable, keys: readonly Row[]): Promise<void>;
  /** Adds rows, and replaces those with the same key. */
  put(table: CopiedTable, rows: readonly Row[]): Promise<void>;
  /** Everything is there: from now on it is the store's database, durably. */
  finish(): Promise<void>;
}

/** A content whose bytes were copied. */
export interface CopyNote {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Its stored name in the new storage. */
  readonly locator: Locator;
  /** True when its bytes are lost: there is nothing under that name. */
  readonly isDamaged: boolean;
}

/** What was copied to one storage. They are kept in the data directory while a migration lasts. */
export interface CopyNotes {
  find(digest: Digest): CopyNote | null;
  add(note: CopyNote): void;
  /** Forgets what is not under any of these stored names any more. */
  keepOnly(names: AsyncIterable<readonly { readonly locator: Locator }[]>): Promise<void>;
  close(): void;
  /** Removes them: the migration is over. */
  remove(): void;
}

/** The id of a database that is being filled begins so: no server and no other command opens it. */
const filling = "migrating:";

/** The id that a database has while it is filled for a store. */
export const fillingId = (storeId: string): string => filling + storeId;

/** True for the id of a database that is being filled. */
export const isFilling = (id: string): boolean => id.startsWith(filling);
