// Contents as rows of a copy: what is read of them, and what they become where the bytes are elsewhere. Pure.
import type { Cell, CopiedTable, CopyNote, CopySource, Row } from "../metadata/copy.ts";
import { type Digest, parseDigest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";

/** A row of the table `contents`. */
export interface CopiedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly locator: Locator;
  /** True when its bytes were wrong or missing before. */
  readonly isDamaged: boolean;
}

/** The table of contents. */
export function contentsOf({ tables }: Pick<CopySource, "tables">): CopiedTable {
  const found = tables.find(({ name }) => name === "contents");
  if (found === undefined) throw new Error("the schema has no contents");
  return found;
}

/** Reads a row. */
export function readContent(table: CopiedTable, row: Row): CopiedContent {
  const cell = (name: string): Cell => row[placeOf(table, name)] ?? null;
  return {
    digest: parseDigest(String(cell("digest"))),
    size: Number(cell("size")),
    locator: String(cell("locator")) as Locator,
    isDamaged: cell("damaged_at") !== null,
  };
}

/** The row as the new database has it. @param now Unix ms. */
export function movedContent(table: CopiedTable, row: Row, note: CopyNote, now: number): Row {
  const changed = [...row];
  changed[placeOf(table, "locator")] = note.locator;
  const damagedAt = placeOf(table, "damaged_at");
  changed[damagedAt] = note.isDamaged ? (row[damagedAt] ?? now) : null;
  return changed;
}

function placeOf({ columns }: CopiedTable, column: string): number {
  const place = columns.findIndex(({ name }) => name === column);
  if (place < 0) throw new Error(`contents have no column ${column}`);
  return place;
}

/** Rows that name staged bytes, or bytes to be deleted: where bytes move, they stay behind. */
export const staysBehind: ReadonlySet<string> = new Set([
  "upload_sessions",
  "upload_chunks",
  "multipart_uploads",
  "multipart_parts",
  "trash",
]);
