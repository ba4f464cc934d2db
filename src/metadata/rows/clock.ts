// Looks at the clock: what tells true time from a clock that was set. One server has one machine; of several each machine has a row.
import { and, desc, eq, gt, lt, lte, ne, or, sql } from "drizzle-orm";
import type { ClockAnchor, ClockMetadata, Postponement } from "../clockAnchor.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, store } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";
import { clockAnchor } from "./tendingSchema.ts";

interface ById {
  readonly id: number;
}

const anchor = {
  boot: clockAnchor.boot,
  uptime: clockAnchor.uptime,
  wall: clockAnchor.wall,
  distrustUntil: clockAnchor.distrustUntil,
};
const findOwn = statement((db, { id }: Params<ById>) =>
  db.select(anchor).from(clockAnchor).where(eq(clockAnchor.id, id)),
);
const findOther = statement((db, { id }: Params<ById>) =>
  db
    .select(anchor)
    .from(clockAnchor)
    .where(ne(clockAnchor.id, id))
    // One that doubts the clock counts for all.
    .orderBy(
      desc(sql`CASE WHEN ${clockAnchor.distrustUntil} > ${clockAnchor.uptime} THEN 1 ELSE 0 END`),
      desc(clockAnchor.wall),
    )
    .limit(1),
);
const setOwn = command((db, given: Params<ById & ClockAnchor>) => {
  const { id, boot, uptime, wall, distrustUntil } = given;
  const row = { boot, uptime, wall, distrustUntil };
  return db
    .insert(clockAnchor)
    .values({ id, ...row })
    .onConflictDoUpdate({ target: clockAnchor.id, set: row });
});
/** Of machines that are gone, and of a clock that was set back since. */
const forget = command((db, { before, after }: Params<{ before: number; after: number }>) =>
  db.delete(clockAnchor).where(or(lt(clockAnchor.wall, before), gt(clockAnchor.wall, after))),
);
/** A doubt of another machine that is not over. */
const findDoubt = statement((db, { id, wall }: Params<ById & { wall: number }>) =>
  db
    .select({ id: clockAnchor.id })
    .from(clockAnchor)
    .where(
      and(
        ne(clockAnchor.id, id),
        sql`${clockAnchor.wall} + ${clockAnchor.distrustUntil} - ${clockAnchor.uptime} > ${wall}`,
        gt(clockAnchor.distrustUntil, clockAnchor.uptime),
      ),
    )
    .limit(1),
);

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

/** For a while after a restore nothing is deleted: a step forward must not shorten it. */
const postponeRestore = command((db, { byMs, after }: Params<Pick<Stay, "byMs" | "after">>) =>
  db
    .update(store)
    .set({ restoredAt: sql`${store.restoredAt} + ${byMs}` })
    .where(lte(store.restoredAt, after)),
);
/** Nor may a clock that was ahead make it longer than it is from now on. */
const lowerRestore = command((db, { wall }: Params<{ wall: number }>) =>
  db.update(store).set({ restoredAt: wall }).where(gt(store.restoredAt, wall)),
);

/** The row of the one machine. */
const only = 1;
/** Looks of a machine that has been away for so long are of no use. Unit: ms. */
const rememberedMs = 30 * 24 * 3_600_000;
/** Two servers read the clock of their database with some difference. Unit: ms. */
const toleranceMs = 60_000;

/** Of the run of a machine: a whole number of 48 bits. */
function numberOf(boot: string): number {
  return Number.parseInt(
    new Bun.CryptoHasher("sha256").update(boot).digest("hex").slice(0, 12),
    16,
  );
}

/** Looks at the clock of the port. */
export function clockMetadata(rows: Rows): ClockMetadata {
  const isShared = rows.claimLease !== null;
  const idOf = (boot: string): number => (isShared ? numberOf(boot) : only);
  return {
    findClockAnchors: (boot) =>
      rows.read(function* (tx) {
        const id = idOf(boot);
        const own = (yield* tx.get(findOwn, { id })) ?? null;
        return { own, other: (yield* tx.get(findOther, { id })) ?? null };
      }),
    replaceClockAnchor: (expected, next, postponed = null) =>
      rows.write(
        (tx) => replace(tx, { id: idOf(next.boot), expected, next, postponed }),
        (replaced) => replaced,
      ),
  };
}

interface Replacement extends ById {
  readonly expected: ClockAnchor | null;
  readonly next: ClockAnchor;
  readonly postponed: Postponement | null;
}

function* replace(tx: Tx, { id, expected, next, postponed }: Replacement): Body<boolean> {
  if (!isSame((yield* tx.get(findOwn, { id })) ?? null, expected)) return false;
  const { wall } = next;
  // The clock is that of the database: another machine has seen the same step.
  const isPostponed = (yield* tx.get(findDoubt, { id, wall })) !== undefined;
  tx.run(setOwn, { id, ...next });
  tx.run(forget, { before: wall - rememberedMs, after: wall + toleranceMs });
  if (postponed !== null && !isPostponed) {
    const stay = { ...postponed, ...postponed.given };
    tx.run(postpone, stay);
    tx.run(postponeRestore, stay);
  }
  tx.run(lowerRestore, { wall });
  return true;
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
