// The history of backups, and the database's generation.
import { and, desc, eq, gt, lt, min } from "drizzle-orm";
import { isoTime } from "../../amounts.ts";
import { type BackupRun, type BackupsMetadata, rememberedBackups } from "../backups.ts";
import { announce } from "./outbox.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { store } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";
import { backupRuns } from "./tendingSchema.ts";

const add = command((db, given: Params<BackupRun>) => {
  const { id, trigger, target, state, startedAt, finishedAt } = given;
  const { contents, bytes, addedBytes, reason } = given;
  const times = { startedAt, finishedAt };
  return db
    .insert(backupRuns)
    .values({ id, trigger, target, state, ...times, contents, bytes, addedBytes, reason });
});
/** Ids are hexadecimal: all of them come before it. */
const last = "~";
/** The latest one behind so many later ones. */
const latest = statement((db, { skipped }: Params<{ skipped: number }>) =>
  db
    .select()
    .from(backupRuns)
    .where(lt(backupRuns.id, last))
    .orderBy(desc(backupRuns.id))
    .limit(1)
    .offset(skipped),
);
const forget = command((db, { before }: Params<{ before: string }>) =>
  db.delete(backupRuns).where(lt(backupRuns.id, before)),
);
const complete = statement((db) =>
  db
    .select({ id: backupRuns.id, at: backupRuns.finishedAt })
    .from(backupRuns)
    .where(and(eq(backupRuns.state, "done"), lt(backupRuns.id, last)))
    .orderBy(desc(backupRuns.id))
    .limit(1),
);
const completeTo = statement((db, { target }: Params<{ target: string }>) =>
  db
    .select({ id: backupRuns.id })
    .from(backupRuns)
    .where(and(eq(backupRuns.state, "done"), eq(backupRuns.target, target)))
    .limit(1),
);
const firstEnd = statement((db, { after }: Params<{ after: string }>) =>
  db
    .select({ at: min(backupRuns.finishedAt) })
    .from(backupRuns)
    .where(gt(backupRuns.id, after)),
);
const findStore = statement((db) =>
  db
    .select({ id: store.id, generation: store.generation, restoredAt: store.restoredAt })
    .from(store)
    .limit(1),
);
interface Generation {
  readonly id: string;
  readonly generation: number;
  readonly restoredAt: number | null;
}
const setGeneration = command((db, { id, generation, restoredAt }: Params<Generation>) =>
  db.update(store).set({ generation, restoredAt }).where(eq(store.id, id)),
);

/** This part of the port. */
export function backupsMetadata(rows: Rows): BackupsMetadata {
  return {
    recordBackup: (run) =>
      rows.write(function* (tx) {
        tx.run(add, run);
        const happened = run.state === "done" ? "backup.succeeded" : "backup.failed";
        announce(tx, { happened, resource: "", at: run.finishedAt }, () => newsOf(run));
        const oldest = yield* tx.get(latest, { skipped: rememberedBackups - 1 });
        if (oldest !== undefined) tx.run(forget, { before: oldest.id });
      }),
    lastBackup: () => rows.find(latest, { skipped: 0 }),
    hasTarget: async (target) => (await rows.find(completeTo, { target })) !== null,
    lastComplete: () =>
      rows.read(function* (tx) {
        const found = yield* tx.get(complete, {});
        if (found === undefined) return null;
        // Those that were recorded later ended later.
        const next = yield* tx.get(firstEnd, { after: found.id });
        return Math.min(found.at, next?.at ?? found.at);
      }),
    advanceGeneration: (noted, now) => rows.write((tx) => advance(tx, noted, now)),
    findRestored: async () => (await rows.find(findStore, {}))?.restoredAt ?? null,
  };
}

/** What webhooks are told of a backup. Sizes in bytes. */
function newsOf({ id, state, trigger, target, reason, ...run }: BackupRun) {
  const { startedAt, finishedAt, contents, bytes, addedBytes } = run;
  return {
    run_id: id,
    ...{ state, trigger, target, reason, contents, bytes, added_bytes: addedBytes },
    ...{ started_at: isoTime(startedAt), finished_at: isoTime(finishedAt) },
  };
}

function* advance(tx: Tx, noted: number, now: number): Body<number> {
  const found = yield* tx.get(findStore, {});
  if (found === undefined) throw new Error("the database has lost its id");
  const isOlder = found.generation < noted;
  const generation = Math.max(found.generation, noted) + 1;
  tx.run(setGeneration, {
    ...{ id: found.id, generation },
    restoredAt: isOlder ? now : found.restoredAt,
  });
  return generation;
}
