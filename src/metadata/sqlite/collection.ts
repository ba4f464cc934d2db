// The collection's part of the port on SQLite.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Locator } from "../../model/locator.ts";
import type { StoredName } from "../../storage/content.ts";
import type { AgeLimits, CollectionMetadata, Discarded, Hold } from "../collection.ts";
import { type CollectionStatements, prepareCollectionStatements } from "./collectionStatements.ts";
import type { Connection } from "./connection.ts";
import { findContradiction } from "./contradictions.ts";
import { clockMethods, isHeld, type LockStatements, lockMethods, prepareLocks } from "./locks.ts";
import { gatherPushes } from "./pushes.ts";

/** Builds the collection's part of the port over one connection. */
export function collectionMetadata(
  connection: Connection,
  db: BunSQLiteDatabase,
): CollectionMetadata {
  const statements = prepareCollectionStatements(db);
  const locks = prepareLocks(db);
  return {
    ...lockMethods(connection, locks),
    ...clockMethods(connection, db),
    ...marking(connection, db, statements),
    ...sweeping(connection, db, { statements, locks }),
    findContradiction: () =>
      connection.read(() => findContradiction(connection.client, statements)),
  };
}

function marking(
  connection: Connection,
  db: BunSQLiteDatabase,
  statements: CollectionStatements,
): Pick<CollectionMetadata, "countContents" | "markWindow" | "findStrays" | "listTrash"> {
  return {
    countContents: () =>
      connection.read(() => statements.countContents.get() ?? { blobs: 0, bytes: 0 }),
    markWindow: (after, limit, limits) =>
      connection.read(() => {
        const from = after ?? "";
        const { total = 0, last = null } = statements.window.get({ after: from, limit }) ?? {};
        if (last === null) return { next: null, total: 0, unreferenced: [], links: [] };
        gatherPushes(db, limits);
        const stretch = { after: from, last, ...limits };
        const unreferenced = statements.unreferenced.all(stretch);
        const links = statements.links.all(stretch);
        return { next: total < limit ? null : last, total, unreferenced, links };
      }),
    findStrays: (found) => connection.read(() => strays(statements, found)),
    listTrash: (limit, after = null) =>
      connection.read(() => statements.listTrash.all({ limit, after: after ?? "" })),
  };
}

/**
 * Those that no row names, and which of them a request may be about to name. The claims are asked before the names: a claim ends with
 * the transaction that names its file, so who is found neither to hold one nor to have named a file will not name it any more.
 */
function strays<T extends StoredName>(statements: CollectionStatements, found: readonly T[]) {
  const unnamed = leaveOutNamed(statements, found);
  if (unnamed.length === 0) return [];
  const owners = JSON.stringify(unnamed.map(({ owner }) => owner));
  const holders = new Set(statements.holders.all({ owners }).map(({ owner }) => owner));
  return leaveOutNamed(statements, unnamed).map((stray) => ({
    ...stray,
    awaited: holders.has(stray.owner),
  }));
}

function leaveOutNamed<T extends StoredName>(
  statements: CollectionStatements,
  found: readonly T[],
) {
  const digests = JSON.stringify(found.map(({ digest }) => digest));
  const locators = JSON.stringify(found.map(({ locator }) => locator));
  const named = new Set<Locator>();
  for (const { locator } of statements.namedContents.all({ digests })) named.add(locator);
  for (const { locator } of statements.namedTrash.all({ locators })) named.add(locator);
  return found.filter(({ locator }) => !named.has(locator));
}

function sweeping(
  connection: Connection,
  db: BunSQLiteDatabase,
  {
    statements,
    locks,
  }: { readonly statements: CollectionStatements; readonly locks: LockStatements },
): Pick<CollectionMetadata, "discardContents" | "discardStrays" | "discardLinks" | "emptyTrash"> {
  /** One transaction of who holds the lock: who lost it changes nothing. */
  const asHolder = <T>(hold: Hold, body: () => T): Promise<T | null> =>
    connection.writeDurably(
      () => (isHeld(locks, hold) ? body() : null),
      (outcome) => outcome !== null,
    );
  const empty = (done: readonly Locator[]): void => {
    if (done.length > 0) statements.emptyTrash.run({ locators: JSON.stringify(done) });
  };
  return {
    discardContents: (hold, digests, limits, done) =>
      asHolder(hold, () => {
        empty(done);
        const now = limits();
        gatherPushes(db, now);
        return discardContents(statements, JSON.stringify(digests), now);
      }),
    discardStrays: (hold, found, now) =>
      asHolder(hold, () => {
        const going = strays(statements, found).filter(({ awaited }) => !awaited);
        return discard(statements, going, now);
      }),
    discardLinks: (hold, links, limits) =>
      asHolder(hold, () => {
        const now = limits();
        gatherPushes(db, now);
        return links.filter((link) => statements.unlink.get({ ...link, ...now }) !== undefined)
          .length;
      }),
    emptyTrash: (hold, done) =>
      asHolder(hold, () => {
        empty(done);
        return true;
      }),
  };
}

/** Everything is asked again: a manifest or a lease may have come since. */
function discardContents(statements: CollectionStatements, digests: string, limits: AgeLimits) {
  const orphaned = statements.orphaned.all({ digests, ...limits });
  const going = JSON.stringify(orphaned.map(({ digest }) => digest));
  const links = statements.unlinkAll.all({ digests: going }).length;
  statements.deleteContents.run({ digests: going });
  return { discarded: discard(statements, orphaned, limits.now), links };
}

function discard(
  statements: CollectionStatements,
  going: readonly Discarded[],
  now: number,
): readonly Discarded[] {
  return going.map(({ locator, size }) => {
    statements.discard.run({ locator, size, now });
    return { locator, size };
  });
}
