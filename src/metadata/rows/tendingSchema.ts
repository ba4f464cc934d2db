// The tables of scheduled work, in the terms of schema.ts: the same rules hold.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Who may do what only one may do at a time. `epoch` grows with each owner and outs the one before. */
export const locks = sqliteTable("locks", {
  name: text("name").primaryKey(),
  owner: text("owner").notNull(),
  epoch: integer("epoch").notNull(),
  expiresAt: integer("expires_at").notNull(), // Unix ms
});

/** Runs of the garbage collection, the latest ones. */
export const gcRuns = sqliteTable(
  "gc_runs",
  {
    id: text("id").primaryKey(),
    trigger: text("trigger").$type<"schedule" | "api" | "command">().notNull(),
    dryRun: integer("dry_run").notNull(), // 0 or 1
    state: text("state").$type<"running" | "done" | "refused" | "failed">().notNull(),
    startedAt: integer("started_at").notNull(), // Unix ms
    finishedAt: integer("finished_at"), // Unix ms; null while it runs, and when it was killed
    totalBlobs: integer("total_blobs").notNull(),
    referencedBlobs: integer("referenced_blobs").notNull(),
    orphanedBlobs: integer("orphaned_blobs").notNull(),
    orphanedBytes: integer("orphaned_bytes").notNull(),
    deletedBlobs: integer("deleted_blobs").notNull(),
    deletedBytes: integer("deleted_bytes").notNull(),
    deletedManifests: integer("deleted_manifests").notNull(),
    deletedLinks: integer("deleted_links").notNull(),
    reason: text("reason"), // why it was refused or failed
    aliveUntil: integer("alive_until"), // Unix ms by the database's clock: who runs it lives until then at least; null: ask the lock
  },
  (row) => [index("gc_runs_by_started_at").on(row.startedAt)],
);

/** Checks of the store, the latest ones: fsck, and passes of the scrub. */
export const checks = sqliteTable("checks", {
  id: text("id").primaryKey(),
  kind: text("kind").$type<"fsck" | "scrub">().notNull(),
  trigger: text("trigger").$type<"schedule" | "api" | "command">().notNull(),
  full: integer("full").notNull(), // 0 or 1
  repair: integer("repair").notNull(), // 0 or 1
  state: text("state").$type<"running" | "clean" | "problems" | "failed" | "stopped">().notNull(),
  startedAt: integer("started_at").notNull(), // Unix ms
  finishedAt: integer("finished_at"), // Unix ms; null while it runs, and when it was killed
  round: integer("round"), // Unix ms; which pass of the scrub it is; null: it is none
  phase: text("phase").notNull(), // what it looked at last
  done: integer("done").notNull(), // bytes where contents are read, things otherwise
  total: integer("total").notNull(), // 0: not known
  contents: integer("contents").notNull(), // that were looked at
  bytes: integer("bytes").notNull(), // that were read and hashed
  kinds: text("kinds").notNull(), // JSON: findings, counted by kind, severity and outcome
  reason: text("reason"), // why it failed or stopped, or nothing was repaired
  owner: text("owner").notNull(), // its process; empty for the scrub
  aliveUntil: integer("alive_until").notNull(), // Unix ms by the database's clock: who runs it lives until then at least
  findings: text("findings").notNull(), // JSON: the first findings; last, because lists do not read it
});

/** The wall clock beside a clock that nobody sets, as they were last read. A step between two looks shows. */
export const clockAnchor = sqliteTable("clock_anchor", {
  id: integer("id").primaryKey(), // 1; where several servers write, a number of `boot`
  boot: text("boot").notNull(), // which run of the machine `uptime` counts from
  uptime: integer("uptime").notNull(), // ms since boot
  wall: integer("wall").notNull(), // Unix ms
  distrustUntil: integer("distrust_until").notNull(), // ms since boot; until then ages prove nothing
});

/** Backups that have ended, the latest ones. */
export const backupRuns = sqliteTable(
  "backup_runs",
  {
    id: text("id").primaryKey(),
    trigger: text("trigger").$type<"schedule" | "command">().notNull(),
    target: text("target").notNull(), // without a password
    state: text("state").$type<"done" | "incomplete" | "failed">().notNull(),
    startedAt: integer("started_at").notNull(), // Unix ms
    finishedAt: integer("finished_at").notNull(), // Unix ms
    contents: integer("contents").notNull(),
    bytes: integer("bytes").notNull(),
    addedBytes: integer("added_bytes").notNull(),
    reason: text("reason"), // why it is not complete
  },
  (row) => [index("backup_runs_by_state").on(row.state, row.finishedAt)],
);
