// Locks: what tells one run of a job from the next.
import { and, eq, sql } from "drizzle-orm";
import type { Hold, LockOutcome, LockRequest, LocksMetadata } from "../locks.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { command, type Params, statement } from "./statement.ts";
import { locks } from "./tendingSchema.ts";

const holds = ({ name, owner, epoch }: Params<Hold>) =>
  and(eq(locks.name, name), eq(locks.owner, owner), eq(locks.epoch, epoch));

const findLock = statement((db, { name }: Params<Pick<Hold, "name">>) =>
  db
    .select({ owner: locks.owner, epoch: locks.epoch, expiresAt: locks.expiresAt })
    .from(locks)
    .where(eq(locks.name, name)),
);
const findHold = statement((db, given: Params<Hold>) =>
  db.select({ name: locks.name }).from(locks).where(holds(given)),
);
const take = command((db, { name, owner, epoch, until }: Params<Hold & { until: number }>) =>
  db
    .insert(locks)
    .values({ name, owner, epoch, expiresAt: until })
    .onConflictDoUpdate({
      target: locks.name,
      set: {
        owner: sql`excluded.owner`,
        epoch: sql`excluded.epoch`,
        expiresAt: sql`excluded.expires_at`,
      },
    }),
);
const renew = statement((db, given: Params<Hold & { until: number }>) =>
  db
    .update(locks)
    .set({ expiresAt: given.until })
    .where(holds(given))
    .returning({ name: locks.name }),
);
// The row stays: the next holder's epoch has to be greater.
const release = command((db, given: Params<Hold>) =>
  db.update(locks).set({ expiresAt: 0 }).where(holds(given)),
);

/** True when nobody has taken the lock over, whatever the time: asked in every transaction that only its holder may make. */
export function* stillHolds(tx: Tx, hold: Hold): Body<boolean> {
  return (yield* tx.get(findHold, hold)) !== undefined;
}

/** One durable transaction of the holder of a lock. @returns null when the lock is lost: nothing is changed then. */
export function asHolder<const T>(
  rows: Rows,
  hold: Hold,
  body: (tx: Tx) => Body<T>,
): Promise<T | null> {
  return rows.write(
    function* (tx) {
      return (yield* stillHolds(tx, hold)) ? yield* body(tx) : null;
    },
    (outcome) => outcome !== null,
  );
}

/** Locks of the port. */
export function locksMetadata(rows: Rows): LocksMetadata {
  return {
    acquireLock: (request) =>
      rows.write(
        (tx) => acquire(tx, request),
        ({ kind }) => kind === "acquired",
      ),
    renewLock: async (hold, until) => (await rows.changeLazily(renew, { ...hold, until })) !== null,
    releaseLock: (hold) => rows.runLazily(release, hold),
  };
}

function* acquire(tx: Tx, request: LockRequest): Body<LockOutcome> {
  const { name, owner, now, lastsMs } = request;
  const found = yield* tx.get(findLock, { name });
  if (found !== undefined && isTaken(found, request)) return { kind: "held", owner: found.owner };
  const epoch = (found?.epoch ?? 0) + 1;
  tx.run(take, { name, owner, epoch, until: now + lastsMs });
  return { kind: "acquired", hold: { name, owner, epoch } };
}

/** Nobody takes it for longer than `lastsMs`: what a clock says that was set back must not keep it for a day. */
function isTaken(
  { owner, expiresAt }: { readonly owner: string; readonly expiresAt: number },
  { now, lastsMs, dead }: LockRequest,
): boolean {
  return owner !== dead && expiresAt > now && expiresAt <= now + lastsMs;
}
