// The history of the garbage collection.
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  isNull,
  lt,
  lte,
  max,
  ne,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
import {
  brokenOff,
  type GcBeginning,
  type GcCounts,
  type GcEnding,
  type GcRun,
  type GcRunsMetadata,
  noCounts,
  rememberedRuns,
} from "../gcRuns.ts";
import { type ClaimLease, leaseEnd, longLease } from "./claims.ts";
import { announce } from "./outbox.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { store } from "./schema.ts";
import { databaseNow, listed } from "./spelling.ts";
import { command, type Params, statement } from "./statement.ts";
import { gcRuns, locks } from "./tendingSchema.ts";

type Row = typeof gcRuns.$inferSelect;
/** Unix ms. */
interface Now {
  readonly now: number;
}

const columns = getTableColumns(gcRuns);

interface Leased {
  readonly lease: ClaimLease;
}
type Beginning = Omit<GcBeginning, "dryRun"> & { readonly dryRun: 0 | 1 } & Leased;

const begin = statement((db, given: Params<Beginning>) => {
  const { id, trigger, dryRun, startedAt, lease } = given;
  const row = { ...noCounts, id, trigger, dryRun, startedAt, state: "running" } as const;
  return db
    .insert(gcRuns)
    .values({ ...row, aliveUntil: leaseEnd(lease) })
    .returning();
});
const renew = command((db, { id, lease }: Params<{ id: string } & Leased>) =>
  db
    .update(gcRuns)
    .set({ aliveUntil: leaseEnd(lease) })
    .where(and(eq(gcRuns.id, id), eq(gcRuns.state, "running"))),
);
const end = statement((db, given: Params<GcCounts & Omit<GcEnding, "counts"> & { id: string }>) => {
  const { state, finishedAt, reason, id } = given;
  return db
    .update(gcRuns)
    .set({ ...countsOf(given), state, finishedAt, reason })
    .where(eq(gcRuns.id, id))
    .returning();
});
interface Breaking {
  readonly alive: readonly string[];
  readonly over: string;
}
const breakOff = statement((db, { alive, over }: Params<Breaking>) => {
  const isOver = or(
    isNull(gcRuns.aliveUntil),
    lt(gcRuns.aliveUntil, databaseNow),
    eq(gcRuns.id, over),
  );
  return db
    .update(gcRuns)
    .set({ state: "failed", reason: brokenOff })
    .where(and(eq(gcRuns.state, "running"), notInArray(gcRuns.id, listed(alive)), isOver))
    .returning({ id: gcRuns.id });
});
// One that is running stays: where the clock was set back, it looks older than those that ended before it.
const forget = command((db, { kept }: Params<{ kept: number }>) =>
  db
    .delete(gcRuns)
    .where(
      and(
        sql`${gcRuns.id} <= (SELECT id FROM ${gcRuns} ORDER BY id DESC LIMIT 1 OFFSET ${kept})`,
        ne(gcRuns.state, "running"),
      ),
    ),
);
const find = statement((db, { id }: Params<{ id: string }>) =>
  db.select(columns).from(gcRuns).where(eq(gcRuns.id, id)),
);
const list = statement((db, { before, limit }: Params<{ before: string; limit: number }>) =>
  db
    .select(columns)
    .from(gcRuns)
    .where(lt(gcRuns.id, before))
    .orderBy(desc(gcRuns.id))
    .limit(limit),
);
const lastSuccess = statement((db) =>
  db
    .select({ finishedAt: max(gcRuns.finishedAt) })
    .from(gcRuns)
    .where(and(eq(gcRuns.state, "done"), eq(gcRuns.dryRun, 0))),
);
const refused = statement((db, { after }: Params<{ after: number }>) =>
  db
    .select({ at: gcRuns.finishedAt, reason: gcRuns.reason })
    .from(gcRuns)
    .where(
      and(
        eq(gcRuns.state, "refused"),
        eq(gcRuns.trigger, "schedule"),
        gt(gcRuns.finishedAt, after),
      ),
    )
    .orderBy(asc(gcRuns.finishedAt)),
);
const lastBegun = statement((db, { now, dry }: Params<Now & { dry: 0 | 1 }>) =>
  db
    .select({ at: max(gcRuns.startedAt) })
    .from(gcRuns)
    .where(and(lte(gcRuns.startedAt, now), lte(gcRuns.dryRun, dry))),
);
const made = statement((db, { now }: Params<Now>) =>
  db
    .select({ at: max(store.createdAt) })
    .from(store)
    .where(lte(store.createdAt, now)),
);
const holder = statement((db, { now }: Params<Now>) =>
  db
    .select({ owner: locks.owner })
    .from(locks)
    .where(and(eq(locks.name, "gc"), gt(locks.expiresAt, now))),
);

/** Builds the history's part of the port. */
export function gcRunsMetadata(rows: Rows): GcRunsMetadata {
  const lease = longLease(rows.claimLease);
  return {
    beginRun: (beginning) => rows.write((tx) => beginRun(tx, { ...beginning, lease })),
    async renewRun(id) {
      if (lease !== null) await rows.runLazily(renew, { id, lease });
    },
    endRun: (id, ending) =>
      rows.write(
        (tx) => endRun(tx, id, ending),
        (ended) => ended !== null,
      ),
    breakOffRuns: (alive, over = null) =>
      rows.write(
        function* (tx) {
          return (yield* tx.all(breakOff, { alive, over: over ?? "" })).length;
        },
        (count) => count > 0,
      ),
    findHolder: async (now) => (await rows.find(holder, { now }))?.owner ?? null,
    async findRun(id) {
      const row = await rows.find(find, { id });
      return row === null ? null : toRun(row);
    },
    listRuns: async ({ after, limit }) =>
      (await rows.list(list, { before: after ?? last, limit })).map(toRun),
    lastSuccess: async () => (await rows.find(lastSuccess, {}))?.finishedAt ?? null,
    async findRefusals() {
      const after = (await rows.find(lastSuccess, {}))?.finishedAt ?? 0;
      const found = await rows.list(refused, { after });
      const [first, latest] = [found[0], found.at(-1)];
      if (first === undefined || latest === undefined) return null;
      return { since: first.at ?? 0, reason: latest.reason ?? "" };
    },
    async lastBeginning({ now, dry }) {
      const begun = (await rows.find(lastBegun, { now, dry: dry ? 1 : 0 }))?.at ?? null;
      const since = (await rows.find(made, { now }))?.at ?? null;
      return begun === null || since === null ? (begun ?? since) : Math.max(begun, since);
    },
  };
}

/** Ids are hexadecimal: all of them come before it. */
const last = "~";

function* beginRun(tx: Tx, beginning: GcBeginning & { readonly lease: ClaimLease }): Body<GcRun> {
  const begun = yield* tx.get(begin, { ...beginning, dryRun: beginning.dryRun ? 1 : 0 });
  if (begun === undefined) throw new Error("the run was not written");
  tx.run(forget, { kept: rememberedRuns });
  return toRun(begun);
}

function* endRun(tx: Tx, id: string, { counts, ...ending }: GcEnding): Body<GcRun | null> {
  const ended = yield* tx.get(end, { id, ...counts, ...ending });
  if (ended === undefined) return null;
  const run = toRun(ended);
  announce(tx, { happened: "collection", resource: "", at: ending.finishedAt }, () => newsOf(run));
  return run;
}

/** What webhooks are told of a run. Sizes in bytes. */
function newsOf({ id, trigger, dryRun, state, reason, counts }: GcRun) {
  return {
    run_id: id,
    ...{ state, trigger, dry_run: dryRun, reason },
    deleted_blobs: counts.deletedBlobs,
    deleted_bytes: counts.deletedBytes,
    deleted_manifests: counts.deletedManifests,
    orphaned_blobs: counts.orphanedBlobs,
    orphaned_bytes: counts.orphanedBytes,
    total_blobs: counts.totalBlobs,
  };
}

/** Only what the table knows: callers may hand over more. */
function countsOf<T>(counts: { readonly [K in keyof GcCounts]: T }) {
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
