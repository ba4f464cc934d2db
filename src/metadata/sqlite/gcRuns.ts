// The history of the garbage collection on SQLite.
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  lt,
  lte,
  max,
  notInArray,
  sql,
} from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import {
  brokenOff,
  type GcCounts,
  type GcRun,
  type GcRunsMetadata,
  noCounts,
  rememberedRuns,
} from "../gcRuns.ts";
import { gcRuns, locks, store } from "../rows/schema.ts";
import type { Connection } from "./connection.ts";

type Row = typeof gcRuns.$inferSelect;

/** Builds the history's part of the port over one connection. */
export function gcRunsMetadata(connection: Connection, db: BunSQLiteDatabase): GcRunsMetadata {
  const statements = prepare(db);
  return {
    beginRun: ({ dryRun, ...beginning }) =>
      connection.writeDurably(() => {
        const row = {
          ...beginning,
          ...noCounts,
          dryRun: dryRun ? 1 : 0,
          state: "running",
        } as const;
        const begun = db.insert(gcRuns).values(row).returning().get();
        statements.forget.run({ kept: rememberedRuns });
        return toRun(begun);
      }),
    endRun: (id, { counts, ...ending }) =>
      connection.writeDurably(() => {
        const change = db.update(gcRuns).set({ ...countsOf(counts), ...ending });
        const ended = change.where(eq(gcRuns.id, id)).returning().get();
        return ended === undefined ? null : toRun(ended);
      }),
    breakOffRuns: (alive) =>
      connection.writeDurably(
        () =>
          db
            .update(gcRuns)
            .set({ state: "failed", reason: brokenOff })
            .where(and(eq(gcRuns.state, "running"), notInArray(gcRuns.id, [...alive])))
            .returning({ id: gcRuns.id })
            .all().length,
        (count) => count > 0,
      ),
    findHolder: (now) => connection.read(() => statements.holder.get({ now })?.owner ?? null),
    findRun: (id) =>
      connection.read(() => {
        const row = statements.find.get({ id });
        return row === undefined ? null : toRun(row);
      }),
    listRuns: ({ after, limit }) =>
      connection.read(() => statements.list.all({ before: after ?? last, limit }).map(toRun)),
    lastSuccess: () => connection.read(() => statements.lastSuccess.get()?.finishedAt ?? null),
    findRefusals: () =>
      connection.read(() => {
        const after = statements.lastSuccess.get()?.finishedAt ?? 0;
        const refused = statements.refused.all({ after });
        const [first, latest] = [refused[0], refused.at(-1)];
        if (first === undefined || latest === undefined) return null;
        return { since: first.at ?? 0, reason: latest.reason ?? "" };
      }),
    lastBeginning: ({ now, dry }) =>
      connection.read(() => {
        const begun = statements.lastBegun.get({ now, dry: dry ? 1 : 0 })?.at ?? null;
        const made = statements.made.get({ now })?.at ?? null;
        return begun === null || made === null ? (begun ?? made) : Math.max(begun, made);
      }),
  };
}

/** Ids are hexadecimal: all of them come before it. */
const last = "~";

function prepare(db: BunSQLiteDatabase) {
  const columns = getTableColumns(gcRuns);
  const succeeded = and(eq(gcRuns.state, "done"), eq(gcRuns.dryRun, 0));
  return {
    find: db
      .select(columns)
      .from(gcRuns)
      .where(eq(gcRuns.id, sql.placeholder("id")))
      .prepare(),
    list: db
      .select(columns)
      .from(gcRuns)
      .where(lt(gcRuns.id, sql.placeholder("before")))
      .orderBy(desc(gcRuns.id))
      .limit(sql.placeholder("limit"))
      .prepare(),
    lastSuccess: db
      .select({ finishedAt: max(gcRuns.finishedAt) })
      .from(gcRuns)
      .where(succeeded)
      .prepare(),
    refused: db
      .select({ at: gcRuns.finishedAt, reason: gcRuns.reason })
      .from(gcRuns)
      .where(
        and(
          eq(gcRuns.state, "refused"),
          eq(gcRuns.trigger, "schedule"),
          gt(gcRuns.finishedAt, sql.placeholder("after")),
        ),
      )
      .orderBy(asc(gcRuns.finishedAt))
      .prepare(),
    lastBegun: db
      .select({ at: max(gcRuns.startedAt) })
      .from(gcRuns)
      .where(
        and(
          lte(gcRuns.startedAt, sql.placeholder("now")),
          lte(gcRuns.dryRun, sql.placeholder("dry")),
        ),
      )
      .prepare(),
    made: db
      .select({ at: max(store.createdAt) })
      .from(store)
      .where(lte(store.createdAt, sql.placeholder("now")))
      .prepare(),
    holder: db
      .select({ owner: locks.owner })
      .from(locks)
      .where(and(eq(locks.name, "gc"), gt(locks.expiresAt, sql.placeholder("now"))))
      .prepare(),
    forget: db
      .delete(gcRuns)
      .where(
        sql`${gcRuns.id} <= (SELECT id FROM ${gcRuns} ORDER BY id DESC LIMIT 1 OFFSET ${sql.placeholder("kept")})`,
      )
      .prepare(),
  };
}

/** Only what the table knows: callers may hand over more. */
function countsOf(counts: GcCounts): GcCounts {
  const { totalBlobs, referencedBlobs, orphanedBlobs, orphanedBytes } = counts;
  const { deletedBlobs, deletedBytes, deletedManifests, deletedLinks } = counts;
  const found = { totalBlobs, referencedBlobs, orphanedBlobs, orphanedBytes };
  return { ...found, deletedBlobs, deletedBytes, deletedManifests, deletedLinks };
}

function toRun(row: Row): GcRun {
  const { id, trigger, dryRun, state, startedAt, finishedAt, reason } = row;
  const counts = countsOf(row);
  return { id, trigger, dryRun: dryRun === 1, state, startedAt, finishedAt, reason, counts };
}
