// A store becomes another one: everything is copied and compared, then the new one takes over. The old one is only read.
import type { CopySource, CopyTarget } from "../metadata/copy.ts";
import {
  type MigratedTable,
  MigrateError,
  type MigrateProgress,
  type MigrateReport,
} from "./report.ts";
import { type Shape, type SyncedTable, sumOf, syncRows, type TableSum } from "./syncRows.ts";

/** A migration, both stores open. */
export interface Migration {
  readonly source: CopySource;
  /** null: nothing is changed. */
  readonly target: CopyTarget | null;
  /** True while a server works with the old store: then it stays the store. */
  readonly isServed: boolean;
  readonly shape: Shape;
  /** The new store takes over, durably. Called when its rows are complete. */
  readonly takeOver: () => Promise<void>;
  readonly onProgress: (progress: MigrateProgress) => void;
}

/** Copies all rows, compares both databases, and lets the new one take over. @throws MigrateError */
export async function migrate(run: Migration): Promise<MigrateReport> {
  const { target, source } = run;
  if (target === null) {
    const sums = await sumsOf(run, source, run.shape, "rows");
    return { end: "looked", tables: sums.map((sum) => ({ ...sum, changed: 0 })) };
  }
  const synced = target.isFinished ? [] : await copyRows(run, target);
  const tables = await compare(run, target, synced);
  if (run.isServed) return { end: "copied", tables };
  await target.finish();
  await run.takeOver();
  return { end: "switched", tables };
}

function copyRows({ source, shape, onProgress }: Migration, target: CopyTarget) {
  return syncRows(source, target, shape, (name, done) => {
    onProgress({ label: `rows: ${name}`, unit: "things", done, total: 0 });
  });
}

async function compare(
  run: Migration,
  target: CopyTarget,
  synced: readonly SyncedTable[],
): Promise<readonly MigratedTable[]> {
  const wanted = await sumsOf(run, run.source, run.shape, "comparing");
  const found = await sumsOf(run, target, (_, row) => row, "comparing");
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
  { source, onProgress }: Migration,
  end: Pick<CopySource, "page">,
  shape: Shape,
  label: string,
): Promise<readonly TableSum[]> {
  const sums: TableSum[] = [];
  for (const [done, table] of source.tables.entries()) {
    onProgress({ label, unit: "things", done, total: source.tables.length });
    sums.push(await sumOf(end, table, shape));
  }
  return sums;
}
