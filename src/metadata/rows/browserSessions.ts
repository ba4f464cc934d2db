// Logins of browsers: statements and transactions.
import { and, asc, desc, eq, getTableColumns, inArray, lt, lte, notInArray } from "drizzle-orm";
import type { BrowserSessionsMetadata, StoredBrowserSession } from "../browserSessions.ts";
import { browserSessions } from "./accessSchema.ts";
import { record } from "./audit.ts";
import type { Rows } from "./rows.ts";
import { command, type Params, statement } from "./statement.ts";

/** Expired ones that a login removes. */
const mostSwept = 100;

const findSession = statement((db, { hash }: Params<{ hash: string }>) =>
  db
    .select(getTableColumns(browserSessions))
    .from(browserSessions)
    .where(eq(browserSessions.hash, hash)),
);
const insertSession = command((db, given: Params<StoredBrowserSession>) => {
  const { hash, who, stamp, createdAt, lastUsedAt, expiresAt } = given;
  return db.insert(browserSessions).values({ hash, who, stamp, createdAt, lastUsedAt, expiresAt });
});
const sweep = command((db, { now, limit }: Params<{ now: number; limit: number }>) =>
  db
    .delete(browserSessions)
    .where(
      inArray(
        browserSessions.hash,
        db
          .select({ hash: browserSessions.hash })
          .from(browserSessions)
          .where(lte(browserSessions.expiresAt, now))
          .orderBy(asc(browserSessions.expiresAt))
          .limit(limit),
      ),
    ),
);
const keepNewest = command((db, { who, kept }: Params<{ who: string; kept: number }>) =>
  db
    .delete(browserSessions)
    .where(
      and(
        eq(browserSessions.who, who),
        notInArray(
          browserSessions.hash,
          db
            .select({ hash: browserSessions.hash })
            .from(browserSessions)
            .where(eq(browserSessions.who, who))
            .orderBy(desc(browserSessions.createdAt))
            .limit(kept),
        ),
      ),
    ),
);
const noteUse = command((db, { hash, usedAt }: Params<{ hash: string; usedAt: number }>) =>
  db
    .update(browserSessions)
    .set({ lastUsedAt: usedAt })
    .where(and(eq(browserSessions.hash, hash), lt(browserSessions.lastUsedAt, usedAt))),
);
const deleteSession = statement((db, { hash }: Params<{ hash: string }>) =>
  db
    .delete(browserSessions)
    .where(eq(browserSessions.hash, hash))
    .returning({ who: browserSessions.who }),
);
const deleteSessionsOf = statement((db, { who }: Params<{ who: string }>) =>
  db
    .delete(browserSessions)
    .where(eq(browserSessions.who, who))
    .returning({ hash: browserSessions.hash }),
);

/** Builds the group. */
export function browserSessionsMetadata(rows: Rows): BrowserSessionsMetadata {
  return {
    addSession: (session, kept) =>
      // biome-ignore lint/correctness/useYield: it waits for nothing.
      rows.write(function* (tx) {
        tx.run(sweep, { now: session.createdAt, limit: mostSwept });
        // Before the new one is there: where the clock was set back, it looks older than the others.
        tx.run(keepNewest, { who: session.who, kept: kept - 1 });
        tx.run(insertSession, session);
      }),
    findSession: (hash) => rows.find(findSession, { hash }),
    noteSession: (hash, usedAt) => rows.runLazily(noteUse, { hash, usedAt }),
    endSession: (hash, by) =>
      rows.write(
        function* (tx) {
          const ended = yield* tx.get(deleteSession, { hash });
          if (ended === undefined) return false;
          record(tx, by, { event: "logout", resource: ended.who });
          return true;
        },
        (isEnded) => isEnded,
      ),
    endSessionsOf: (who, by) =>
      rows.write(
        function* (tx) {
          const { length } = yield* tx.all(deleteSessionsOf, { who });
          if (length > 0) record(tx, by, { event: "logout", resource: who, detail: "everywhere" });
          return length;
        },
        (count) => count > 0,
      ),
  };
}
