// A store becomes another one: everything is copied and compared, then the new one takes over. The old one is only read.
import type {
  CopiedTable,
  CopyNotes,
  CopySource,
  CopyTarget,
  Row,
  StoreRow,
} from "../metadata/copy.ts";
import type { Digest } from "../model/digest.ts";
import { contentsOf, movedContent, readContent, staysBehind } from "./contents.ts";
import type { BytesRun, Problems } from "./copyBytes.ts";
import {
  type LostContent,
  type MigratedBytes,
  type MigratedTable,
  MigrateError,
  type MigrateProgress,
  type MigrateReport,
  type MigrateRequest,
} from "./report.ts";
import { type Amount, countUploads, review, settleBytes } from "./settleBytes.ts";
import { asIs, type Shape, type SyncedTable, sumOf, syncRows, type TableSum } from "./syncRows.ts";

/** A migration. */
export interface Migration {
  readonly request: MigrateRequest;
  /** The old database as it is when this is called. */
  readonly openSource: () => Promise<CopySource>;
  /** The new database. */
  readonly openTarget: (store: StoreRow) => Promise<CopyTarget>;
  /** True when it is the old one, with other stored names: then it is written only to take over. */
  readonly isInPlace: boolean;
  /** null: they stay where they are. */
  readonly bytes: Omit<BytesRun, "onBytes"> | null;
  /** What needs a content, in words. */
  readonly usersOf: (digest: Digest) => Promise<readonly string[]>;
  /** The new store takes over, durably. Called when it is complete. */
  readonly takeOver: (store: StoreRow) => Promise<void>;
  readonly onProgress: (progress: MigrateProgress) => void;
}

const copiesAll: Pick<CopyNotes, "find"> = { find: () => null };

/** Counts what a migration would copy. */
export async function look(
  run: Pick<Migration, "openSource" | "isInPlace" | "onProgress">,
  movesBytes: boolean,
): Promise<MigrateReport> {
  const moment = await run.openSource();
  try {
    const shape: Shape = (table) =>
      movesBytes && staysBehind.has(table.name) ? null : asIs(table);
    const sums = await sumsOf(run, moment, shape, "rows");
    const { missing } = await review(moment, copiesAll, new Map());
    const openUploads = await countUploads(moment);
    return {
      end: "looked",
      tables: run.isInPlace ? [] : sums.map((sum) => ({ ...sum, changed: 0 })),
      bytes: movesBytes ? { ...missing, openUploads, lost: [] } : null,
    };
  } finally {
    await moment.close();
  }
}

/** Copies bytes, then rows, compares both databases, and lets the new one take over if that is asked for. @throws MigrateError */
export async function migrate(run: Migration): Promise<MigrateReport> {
  const { takesOver, acceptsDamage } = run.request;
  const { moment, problems, copied } = await copyBytes(run);
  try {
    const bytes = copied && (await tellBytes(run, moment, copied, problems));
    const isStopped = problems.size > 0 && !acceptsDamage;
    if (isStopped || (run.isInPlace && !takesOver)) return { end: "copied", tables: [], bytes };
    const target = await run.openTarget(moment.store);
    try {
      const tables = await copyRows(run, moment, target);
      if (!takesOver) return { end: "copied", tables, bytes };
      await target.finish();
      await run.takeOver(moment.store);
      return { end: "switched", tables, bytes };
    } finally {
      await target.close();
    }
  } finally {
    await moment.close();
  }
}

/** What `copyBytes` leaves: a moment whose bytes are there, but for those with a problem. */
interface Copied {
  readonly moment: CopySource;
  readonly problems: Problems;
  /** By this run; null where bytes stay. */
  readonly copied: Amount | null;
}

async function copyBytes({ bytes, openSource, request, onProgress }: Migration): Promise<Copied> {
  if (bytes === null) return { moment: await openSource(), problems: new Map(), copied: null };
  const before = await openSource();
  const { missing } = await review(before, bytes.notes, new Map());
  await before.close();
  let [contents, done] = [0, 0];
  const add = bytes.notes.add.bind(bytes.notes);
  const notes: CopyNotes = {
    ...bytes.notes,
    add(note) {
      contents += 1;
      add(note);
    },
  };
  const onBytes = (count: number): void => {
    done += count;
    onProgress({ label: "bytes", unit: "bytes", done, total: Math.max(done, missing.bytes) });
  };
  const settled = await settleBytes({ ...bytes, notes, onBytes }, openSource, request);
  return { ...settled, copied: { contents, bytes: done } };
}

async function tellBytes(
  { usersOf }: Migration,
  moment: CopySource,
  copied: Amount,
  problems: Problems,
): Promise<MigratedBytes> {
  const lost: LostContent[] = [];
  for (const [digest, { reason }] of problems) {
    lost.push({ digest, reason, usedBy: await usersOf(digest) });
  }
  return { ...copied, openUploads: await countUploads(moment), lost };
}

async function copyRows(
  run: Migration,
  moment: CopySource,
  target: CopyTarget,
): Promise<readonly MigratedTable[]> {
  const shape = shapeOf(run, contentsOf(moment));
  const onTable = (name: string, done: number): void =>
    run.onProgress({ label: `rows: ${name}`, unit: "things", done, total: 0 });
  const synced = target.isFinished ? [] : await syncRows(moment, target, shape, onTable);
  return compare(run, { moment, target, shape, synced });
}

/** Where bytes move, contents get the stored names that they have there, and what is staged stays behind. */
function shapeOf({ bytes }: Migration, contents: CopiedTable): Shape {
  if (bytes === null) return asIs;
  const now = bytes.clock();
  const moved = (row: Row): Row => {
    const { digest } = readContent(contents, row);
    const note = bytes.notes.find(digest);
    if (note === null) throw new Error(`${digest} was not copied`);
    return movedContent(contents, row, note, now);
  };
  return (table) => {
    if (staysBehind.has(table.name)) return null;
    return table === contents ? moved : asIs(table);
  };
}

interface Compared {
  readonly moment: CopySource;
  readonly target: CopyTarget;
  readonly shape: Shape;
  readonly synced: readonly SyncedTable[];
}

async function compare(
  run: Migration,
  { moment, target, shape, synced }: Compared,
): Promise<readonly MigratedTable[]> {
  const wanted = await sumsOf(run, moment, shape, "comparing");
  const found = await sumsOf(run, { ...target, tables: moment.tables }, asIs, "comparing");
  return wanted.map((sum, place) => {
    const there = found[place];
    if (there?.rows !== sum.rows || there.sha256 !== sum.sha256) throw differs(target, sum.name);
    const { written = 0, removed = 0 } = synced[place] ?? {};
    return { ...sum, changed: written + removed };
  });
}

const differs = ({ isFinished }: CopyTarget, table: string): MigrateError =>
  new MigrateError(
    isFinished
      ? `the new database was in use: its table ${table} is no longer that of the old one. Start the server with the new database, or empty it and run the command again`
      : `the table ${table} of the new database is not that of the old one, although it was copied. Nothing was switched; empty the new database and run the command again`,
  );

async function sumsOf(
  { onProgress }: Pick<Migration, "onProgress">,
  end: Pick<CopySource, "page" | "tables">,
  shape: Shape,
  label: string,
): Promise<readonly TableSum[]> {
  const sums: TableSum[] = [];
  for (const [done, table] of end.tables.entries()) {
    onProgress({ label, unit: "things", done, total: end.tables.length });
    sums.push(await sumOf(end, table, shape));
  }
  return sums;
}
