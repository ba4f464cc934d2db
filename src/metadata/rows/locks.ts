// Locks and the clock's anchor: what tells one run of a job from the next, and true time from a clock that was set.
import { and, eq, gt, lte, or, sql } from "drizzle-orm";
import type { ClockAnchor, ClockMetadata, Postponement } from "../clockAnchor.ts";
import type { Hold, LockOutcome, LockRequest, LocksMetadata } from "../locks.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";
import { clockAnchor, locks } from "./tendingSchema.ts";

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

const findAnchor = statement((db) => {
  const { boot, uptime, wall, distrustUntil } = clockAnchor;
  return db
    .select({ boot, uptime, wall, distrustUntil })
    .from(clockAnchor)
    .where(eq(clockAnchor.id, 1));
});
const setAnchor = command((db, given: Params<ClockAnchor>) => {
  const { boot, uptime, wall, distrustUntil } = given;
  const row = { boot, uptime, wall, distrustUntil };
  return db
    .insert(clockAnchor)
    .values({ id: 1, ...row })
    .onConflictDoUpdate({ target: clockAnchor.id, set: row });
});

type Stay = Pick<Postponement, "endingAfter" | "byMs"> & Postponement["given"];

/** All content is looked at: clocks are seldom set. */
const postpone = command((db, { endingAfter, byMs, after, until }: Params<Stay>) =>
  db
    .update(contents)
    .set({ keptUntil: sql`${contents.keptUntil} + ${byMs}` })
    .where(
      and(
        gt(contents.keptUntil, endingAfter),
        or(lte(contents.keptUntil, after), gt(contents.keptUntil, until)),
      ),
    ),
);

/** The clock's anchor of the port: one row. */
export function clockMetadata(rows: Rows): ClockMetadata {
  return {
    findClockAnchor: () => rows.find(findAnchor, {}),
    replaceClockAnchor: (expected, next, postponed = null) =>
      rows.write(
        function* (tx) {
          if (!isSame((yield* tx.get(findAnchor, {})) ?? null, expected)) return false;
          tx.run(setAnchor, next);
          if (postponed !== null) tx.run(postpone, { ...postponed, ...postponed.given });
          return true;
        },
        (replaced) => replaced,
      ),
  };
}

function isSame(found: ClockAnchor | null, expected: ClockAnchor | null): boolean {
  if (found === null || expected === null) return found === expected;
  return (
    found.boot === expected.boot &&
    found.uptime === expected.uptime &&
    found.wall === expected.wall &&
    found.distrustUntil === expected.distrustUntil
  );
}
