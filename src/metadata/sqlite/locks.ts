// Locks and the clock's anchor on SQLite: what tells one run of a job from the next, and true time from a clock that was set.
import { and, eq, gt, lte, or, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type {
  ClockAnchor,
  CollectionMetadata,
  Hold,
  LockOutcome,
  LockRequest,
  Postponement,
} from "../collection.ts";
import { clockAnchor, contents, locks } from "../rows/schema.ts";
import type { Connection } from "./connection.ts";

const placeholder = sql.placeholder;

/** Statements of locks. */
export type LockStatements = ReturnType<typeof prepareLocks>;

/** Prepares the statements of locks. */
export function prepareLocks(db: BunSQLiteDatabase) {
  const held = and(
    eq(locks.name, placeholder("name")),
    eq(locks.owner, placeholder("owner")),
    eq(locks.epoch, placeholder("epoch")),
  );
  const columns = { owner: locks.owner, epoch: locks.epoch, expiresAt: locks.expiresAt };
  return {
    find: db
      .select(columns)
      .from(locks)
      .where(eq(locks.name, placeholder("name")))
      .prepare(),
    held: db.select({ name: locks.name }).from(locks).where(held).prepare(),
    take: db
      .insert(locks)
      .values({
        name: placeholder("name"),
        owner: placeholder("owner"),
        epoch: placeholder("epoch"),
        expiresAt: placeholder("until"),
      })
      .onConflictDoUpdate({
        target: locks.name,
        set: {
          owner: sql`excluded.owner`,
          epoch: sql`excluded.epoch`,
          expiresAt: sql`excluded.expires_at`,
        },
      })
      .prepare(),
    renew: db
      .update(locks)
      .set({ expiresAt: sql`${placeholder("until")}` })
      .where(held)
      .returning({ name: locks.name })
      .prepare(),
    // The row stays: the next holder's epoch has to be greater.
    release: db.update(locks).set({ expiresAt: 0 }).where(held).prepare(),
  };
}

/** Asked in every transaction that only the holder may make. */
export function isHeld(statements: LockStatements, { name, owner, epoch }: Hold): boolean {
  return statements.held.get({ name, owner, epoch }) !== undefined;
}

/** Locks of the port. */
export function lockMethods(
  connection: Connection,
  statements: LockStatements,
): Pick<CollectionMetadata, "acquireLock" | "renewLock" | "releaseLock"> {
  return {
    acquireLock: (request) =>
      connection.writeDurably(
        () => acquire(statements, request),
        ({ kind }) => kind === "acquired",
      ),
    renewLock: (hold, until) =>
      connection.write(() => statements.renew.get({ ...hold, until }) !== undefined),
    releaseLock: (hold) =>
      connection.write(() => {
        statements.release.run({ ...hold });
      }),
  };
}

function acquire(statements: LockStatements, request: LockRequest): LockOutcome {
  const { name, owner, now, lastsMs } = request;
  const found = statements.find.get({ name });
  if (found !== undefined && isTaken(found, request)) return { kind: "held", owner: found.owner };
  const epoch = (found?.epoch ?? 0) + 1;
  statements.take.run({ name, owner, epoch, until: now + lastsMs });
  return { kind: "acquired", hold: { name, owner, epoch } };
}

/** Nobody takes it for longer than `lastsMs`: what a clock says that was set back must not keep it for a day. */
function isTaken(
  { owner, expiresAt }: { readonly owner: string; readonly expiresAt: number },
  { now, lastsMs, dead }: LockRequest,
): boolean {
  return owner !== dead && expiresAt > now && expiresAt <= now + lastsMs;
}

/** The clock's anchor of the port: one row. */
export function clockMethods(
  connection: Connection,
  db: BunSQLiteDatabase,
): Pick<CollectionMetadata, "findClockAnchor" | "replaceClockAnchor"> {
  const columns = {
    boot: clockAnchor.boot,
    uptime: clockAnchor.uptime,
    wall: clockAnchor.wall,
    distrustUntil: clockAnchor.distrustUntil,
  };
  const find = db.select(columns).from(clockAnchor).where(eq(clockAnchor.id, 1)).prepare();
  return {
    findClockAnchor: () => connection.read(() => find.get() ?? null),
    replaceClockAnchor: (expected, next, postponed = null) =>
      connection.writeDurably(
        () => {
          if (!isSame(find.get() ?? null, expected)) return false;
          const row = { id: 1, ...next };
          db.insert(clockAnchor)
            .values(row)
            .onConflictDoUpdate({ target: clockAnchor.id, set: row })
            .run();
          if (postponed !== null) postpone(db, postponed);
          return true;
        },
        (replaced) => replaced,
      ),
  };
}

/** All content is looked at: clocks are seldom set. */
function postpone(db: BunSQLiteDatabase, { endingAfter, given, byMs }: Postponement): void {
  db.update(contents)
    .set({ keptUntil: sql`${contents.keptUntil} + ${byMs}` })
    .where(
      and(
        gt(contents.keptUntil, endingAfter),
        or(lte(contents.keptUntil, given.after), gt(contents.keptUntil, given.until)),
      ),
    )
    .run();
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
