// Makes the rows of one database those of another, table by table in pages by key. Only what differs is written, so that a run that was
// broken off is continued, and a second run after some changes is short.
import type { Cell, CopiedTable, CopySource, CopyTarget, Row } from "../metadata/copy.ts";

/** How rows become those of the target: null for one that is not carried over. */
export type Shape = (table: CopiedTable, row: Row) => Row | null;

/** What was done with a table. */
export interface SyncedTable {
  readonly name: string;
  /** Rows that were added or replaced. */
  readonly written: number;
  readonly removed: number;
}

/** Called as rows are read; `of` is how many passes there are over all tables. */
export type OnTable = (name: string, rows: number) => void;

/** Pages of rows with bytes are shorter: a manifest may have 4 MiB. */
const pageRows = { plain: 2_000, blobs: 64 };

const pageOf = ({ columns }: CopiedTable): number =>
  columns.some(({ kind }) => kind === "blob") ? pageRows.blobs : pageRows.plain;

/** Makes the target's rows the source's. */
export async function syncRows(
  source: CopySource,
  target: CopyTarget,
  shape: Shape,
  onTable: OnTable,
): Promise<readonly SyncedTable[]> {
  const removed = new Map<string, number>();
  // Children before their parents, and afterwards the other way round.
  for (const table of source.tables.toReversed()) {
    removed.set(table.name, await removeSurplus(source, target, table, shape));
  }
  const synced: SyncedTable[] = [];
  for (const table of source.tables) {
    const written = await writeMissing(source, target, table, { shape, onTable });
    synced.push({ name: table.name, written, removed: removed.get(table.name) ?? 0 });
  }
  return synced;
}

async function removeSurplus(
  source: CopySource,
  target: CopyTarget,
  table: CopiedTable,
  shape: Shape,
): Promise<number> {
  let removed = 0;
  for await (const { rows, after } of pages(target, table)) {
    const kept = byKey(table, shaped(table, await sameSpan(source, table, rows, after), shape));
    const surplus = rows.map((row) => keyOf(table, row)).filter((key) => !kept.has(textOf(key)));
    if (surplus.length > 0) await target.remove(table, surplus);
    removed += surplus.length;
  }
  return removed;
}

async function writeMissing(
  source: CopySource,
  target: CopyTarget,
  table: CopiedTable,
  { shape, onTable }: { readonly shape: Shape; readonly onTable: OnTable },
): Promise<number> {
  let [seen, written] = [0, 0];
  onTable(table.name, seen);
  for await (const { rows, after } of pages(source, table)) {
    const there = byKey(table, await sameSpan(target, table, rows, after));
    const missing = shaped(table, rows, shape).filter(
      (row) => !isSame(row, there.get(textOf(keyOf(table, row)))),
    );
    if (missing.length > 0) await target.put(table, missing);
    seen += rows.length;
    written += missing.length;
    onTable(table.name, seen);
  }
  return written;
}

/** Rows of a table, and their digest: equal for equal rows, whatever the database. */
export interface TableSum {
  readonly name: string;
  readonly rows: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/** Reads a table whole. */
export async function sumOf(
  end: Pick<CopySource, "page">,
  table: CopiedTable,
  shape: Shape = (_, row) => row,
): Promise<TableSum> {
  const hasher = new Bun.CryptoHasher("sha256");
  let count = 0;
  for await (const { rows } of pages(end, table)) {
    const found = shaped(table, rows, shape);
    for (const row of found) hasher.update(`${textOf(row)}\n`);
    count += found.length;
  }
  return { name: table.name, rows: count, sha256: hasher.digest("hex") };
}

/** All rows of a table, in pages. */
export async function* rowsOf(
  end: Pick<CopySource, "page">,
  table: CopiedTable,
): AsyncGenerator<readonly Row[]> {
  for await (const { rows } of pages(end, table)) yield rows;
}

interface Page {
  readonly rows: readonly Row[];
  /** The key before its first row. */
  readonly after: Row | null;
}

async function* pages(end: Pick<CopySource, "page">, table: CopiedTable): AsyncGenerator<Page> {
  const limit = pageOf(table);
  for (let after: Row | null = null; ; ) {
    const rows: readonly Row[] = await end.page(table, { after, upTo: null, limit });
    const last = rows.at(-1);
    if (last === undefined) return;
    yield { rows, after };
    after = keyOf(table, last);
  }
}

/** The rows of another database between the same keys. There may be more than in the page. */
async function sameSpan(
  end: Pick<CopySource, "page">,
  table: CopiedTable,
  rows: readonly Row[],
  start: Row | null,
): Promise<readonly Row[]> {
  const last = rows.at(-1);
  const upTo = last === undefined ? null : keyOf(table, last);
  const limit = pageOf(table);
  const found: Row[] = [];
  for (let after = start; ; ) {
    const page = await end.page(table, { after, upTo, limit });
    found.push(...page);
    const end_ = page.at(-1);
    if (page.length < limit || end_ === undefined) return found;
    after = keyOf(table, end_);
  }
}

const shaped = (table: CopiedTable, rows: readonly Row[], shape: Shape): readonly Row[] =>
  rows.map((row) => shape(table, row)).filter((row) => row !== null);

const keyOf = ({ key }: CopiedTable, row: Row): Row => key.map((place) => row[place] ?? null);

/** Different for different values. */
const textOf = (row: Row): string =>
  JSON.stringify(row.map((cell) => (cell instanceof Uint8Array ? [cell.toBase64()] : cell)));

const byKey = (table: CopiedTable, rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [textOf(keyOf(table, row)), row]));

const isSame = (row: Row, other: Row | undefined): boolean =>
  other !== undefined && row.every((cell, place) => isSameCell(cell, other[place]));

function isSameCell(one: Cell, other: Cell | undefined): boolean {
  if (!(one instanceof Uint8Array && other instanceof Uint8Array)) return one === other;
  return Buffer.compare(one, other) === 0;
}
