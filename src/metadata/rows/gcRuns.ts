// The history of the garbage collection.
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  max,
  ne,
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
/** How long a sign of life of a command lasts; ms. */
const commandSignMs = 30_000;
/** No sign of life lasts so long; ms. */
const longestSignMs = 10 * 60_000;
/** Ids are hexadecimal: all of them come before it. */
const last = "~";

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
    .where(and(eq(gcRuns.id, id), eq(gcRuns.state, "running"), isNotNull(gcRuns.aliveUntil))),
);
const end = statement((db, given: Params<GcCounts & Omit<GcEnding, "counts"> & { id: string }>) => {
  const { state, finishedAt, reason, id } = given;
  return db
    .update(gcRuns)
    .set({ ...countsOf(given), state, finishedAt, reason })
    .where(eq(gcRuns.id, id))
    .returning();
});
const running = statement((db) =>
  db.select({ id: gcRuns.id }).from(gcRuns).where(eq(gcRuns.state, "running")),
);
interface Breaking {
  readonly ids: readonly string[];
  readonly over: readonly string[];
}
const breakOff = statement((db, { ids, over }: Params<Breaking>) => {
  const isOver = or(
    isNull(gcRuns.aliveUntil),
    lt(gcRuns.aliveUntil, databaseNow),
    // Given by a clock that has been set back since.
    sql`${gcRuns.aliveUntil} > ${databaseNow} + ${sql.raw(String(longestSignMs))}`,
    inArray(gcRuns.id, listed(over)),
  );
  return db
    .update(gcRuns)
    .set({ state: "failed", reason: brokenOff })
    .where(and(eq(gcRuns.state, "running"), inArray(gcRuns.id, listed(ids)), isOver))
    .returning({ id: gcRuns.id });
});
// One that is running stays, however many have begun since.
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
    .select({ id: gcRuns.id, finishedAt: gcRuns.finishedAt })
    .from(gcRuns)
    .where(and(eq(gcRuns.state, "done"), eq(gcRuns.dryRun, 0), lt(gcRuns.id, last)))
    .orderBy(desc(gcRuns.id))
    .limit(1),
);
const refused = statement((db, { after }: Params<{ after: string }>) =>
  db
    .select({ at: gcRuns.finishedAt, reason: gcRuns.reason })
    .from(gcRuns)
    .where(and(eq(gcRuns.state, "refused"), eq(gcRuns.trigger, "schedule"), gt(gcRuns.id, after)))
    .orderBy(asc(gcRuns.id)),
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
  // Of its own runs a server with a database of its own knows without a sign, of a command's it does not.
  const leaseOf = (trigger: GcBeginning["trigger"]): ClaimLease =>
    lease ?? (trigger === "command" ? commandSignMs : null);
  return {
    beginRun: (beginning) =>
      rows.write((tx) => beginRun(tx, { ...beginning, lease: leaseOf(beginning.trigger) })),
    renewRun: (id) => rows.runLazily(renew, { id, lease: lease ?? commandSignMs }),
    endRun: (id, ending) =>
      rows.write(
        (tx) => endRun(tx, id, ending),
        (ended) => ended !== null,
      ),
    findActive: (now) =>
      rows.read(function* (tx) {
        const ids = (yield* tx.all(running, {})).map(({ id }) => id);
        return { running: ids, holder: (yield* tx.get(holder, { now }))?.owner ?? null };
      }),
    breakOffRuns: (ids, over = []) =>
      rows.write(
        function* (tx) {
          return (yield* tx.all(breakOff, { ids, over })).length;
        },
        (count) => count > 0,
      ),
    async findRun(id) {
      const row = await rows.find(find, { id });
      return row === null ? null : toRun(row);
    },
    listRuns: async ({ after, limit }) =>
      (await rows.list(list, { before: after ?? last, limit })).map(toRun),
    lastSuccess: async () => (await rows.find(lastSuccess, {}))?.finishedAt ?? null,
    async findRefusals() {
      const after = (await rows.find(lastSuccess, {}))?.id ?? "";
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
