// Makes the rows of one database those of another, table by table in pages by key. Only what differs is written, so that a run that was
// broken off is continued, and a second run after some changes is short.
import type { Cell, CopiedTable, CopySource, CopyTarget, Row, Span } from "../metadata/copy.ts";

/** What becomes of a table's rows, with the same keys; null for a table whose rows stay behind. */
export type Shape = (table: CopiedTable) => ((row: Row) => Row) | null;

/** Everything arrives as it is. */
export const asIs: Shape = () => (row) => row;

/** What was done with a table. */
export interface SyncedTable {
  readonly name: string;
  /** Rows that were added or replaced. */
  readonly written: number;
  readonly removed: number;
}

/** Called as the rows of a table are read. */
export type OnTable = (name: string, rows: number) => void;

/** Pages of rows with bytes are shorter: a manifest may have 4 MiB. */
const pageRows = { keys: 5_000, plain: 2_000, blobs: 64 };

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
  const isCarried = shape(table) !== null;
  let removed = 0;
  for await (const { rows: keys, after } of pages(target, table, true)) {
    const span = { after, upTo: keys.at(-1) ?? null, limit: pageRows.keys, keysOnly: true };
    const kept = new Set(isCarried ? (await wholeSpan(source, table, span)).map(textOf) : []);
    const surplus = keys.filter((key) => !kept.has(textOf(key)));
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
  const become = shape(table);
  if (become === null) return 0;
  let [seen, written] = [0, 0];
  onTable(table.name, seen);
  for await (const { rows, after, last } of pages(source, table)) {
    const span = { after, upTo: last, limit: pageOf(table) };
    const there = byKey(table, await wholeSpan(target, table, span));
    const missing = rows
      .map(become)
      .filter((row) => !isSame(row, there.get(textOf(keyOf(table, row)))));
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
  shape: Shape = asIs,
): Promise<TableSum> {
  const hasher = new Bun.CryptoHasher("sha256");
  const become = shape(table);
  let count = 0;
  if (become !== null) {
    for await (const rows of rowsOf(end, table)) {
      for (const row of rows) hasher.update(`${textOf(become(row))}\n`);
      count += rows.length;
    }
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
  /** The key of its last row. */
  readonly last: Row;
}

async function* pages(
  end: Pick<CopySource, "page">,
  table: CopiedTable,
  keysOnly = false,
): AsyncGenerator<Page> {
  const limit = keysOnly ? pageRows.keys : pageOf(table);
  for (let after: Row | null = null; ; ) {
    const rows: readonly Row[] = await end.page(table, { after, upTo: null, limit, keysOnly });
    const bottom = rows.at(-1);
    if (bottom === undefined) return;
    const last = keysOnly ? bottom : keyOf(table, bottom);
    yield { rows, after, last };
    after = last;
  }
}

/** The rows of another database between the same keys. There may be more than in the page. */
async function wholeSpan(
  end: Pick<CopySource, "page">,
  table: CopiedTable,
  span: Span,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (let { after } = span; ; ) {
    const rows = await end.page(table, { ...span, after });
    found.push(...rows);
    const bottom = rows.at(-1);
    if (rows.length < span.limit || bottom === undefined) return found;
    after = span.keysOnly === true ? bottom : keyOf(table, bottom);
  }
}

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
