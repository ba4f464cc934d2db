// The collection's part of the port.
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { StoredName } from "../../storage/content.ts";
import type { AgeLimits, CollectionMetadata, Discarded, LimitsNow } from "../collection.ts";
import * as ask from "./collectionStatements.ts";
import { findContradiction } from "./contradictions.ts";
import { asHolder } from "./locks.ts";
import { gatherPushes } from "./pushes.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { toldFrom } from "./untold.ts";

/**
 * Builds the collection's part of the port.
 * @param findMalformed is different for each database: it is about its indexes as well.
 */
export function collectionMetadata(
  rows: Rows,
  findMalformed: CollectionMetadata["findContradiction"],
): CollectionMetadata {
  return {
    ...marking(rows),
    ...sweeping(rows),
    findContradiction: async () => (await findMalformed()) ?? (await findContradiction(rows)),
  };
}

function marking(
  rows: Rows,
): Pick<CollectionMetadata, "countContents" | "markWindow" | "findStrays" | "listTrash"> {
  return {
    countContents: async () => (await rows.find(ask.countContents, {})) ?? { blobs: 0, bytes: 0 },
    markWindow: (after, limit, limits) =>
      rows.read((tx) => markWindow(tx, after, limit ?? rows.windowRows, limits)),
    findStrays: (found) => rows.read((tx) => strays(tx, found)),
    listTrash: (limit, after = null) => rows.list(ask.listTrash, { limit, after: after ?? "" }),
  };
}

function* markWindow(
  tx: Tx,
  from: Digest | null,
  limit: number,
  limits: AgeLimits,
): Body<Awaited<ReturnType<CollectionMetadata["markWindow"]>>> {
  const after: Digest | "" = from ?? "";
  const { total = 0, last = null } = (yield* tx.get(ask.findWindow, { after, limit })) ?? {};
  if (last === null) return { next: null, total: 0, unreferenced: [], links: [] };
  gatherPushes(tx, limits);
  const stretch = { after, last, ...limits };
  const unreferenced = yield* tx.all(ask.listUnreferenced, stretch);
  const links = yield* tx.all(ask.listLoose, stretch);
  return { next: total < limit ? null : last, total, unreferenced, links };
}

/**
 * Those that no row names, and which of them a request may be about to name: a claim ends with the transaction that names its file, so
 * the owner of a file that has no claim and named none will not name it any more.
 */
function* strays<T extends StoredName>(
  tx: Tx,
  found: readonly T[],
): Body<readonly (T & { readonly awaited: boolean })[]> {
  const unnamed = yield* leaveOutNamed(tx, found);
  if (unnamed.length === 0) return [];
  const owners = unnamed.map(({ owner }) => owner);
  const claims = yield* tx.all(ask.listHolders, { owners });
  const uploads = yield* tx.all(ask.listOpenOwners, { owners });
  const holders = new Set([...claims, ...uploads].map(({ owner }) => owner));
  return unnamed.map((stray) => ({ ...stray, awaited: holders.has(stray.owner) }));
}

function* leaveOutNamed<T extends StoredName>(tx: Tx, found: readonly T[]): Body<readonly T[]> {
  const named = new Set<Locator>();
  const digests = found.flatMap(({ digest }) => (digest === null ? [] : [digest]));
  for (const { locator } of yield* tx.all(ask.listNamedContents, { digests })) named.add(locator);
  const untold = found.filter(({ digest }) => digest === null).map(({ locator }) => locator);
  if (untold.some((locator) => locator >= toldFrom))
    throw new Error("a stored name of no known kind");
  const at = untold.length === 0 ? [] : yield* tx.all(ask.listContentsAt, { locators: untold });
  for (const { locator } of at) named.add(locator);
  const locators = found.map(({ locator }) => locator);
  for (const { locator } of yield* tx.all(ask.listNamedTrash, { locators })) named.add(locator);
  return found.filter(({ locator }) => !named.has(locator));
}

function sweeping(
  rows: Rows,
): Pick<CollectionMetadata, "discardContents" | "discardStrays" | "discardLinks" | "emptyTrash"> {
  return {
    discardContents: (hold, digests, limits, done) =>
      asHolder(rows, hold, (tx) => discardContents(tx, digests, limits, done)),
    discardStrays: (hold, found, now) =>
      asHolder(rows, hold, function* (tx) {
        const going = (yield* strays(tx, found)).filter(({ awaited }) => !awaited);
        return discard(tx, going, now);
      }),
    discardLinks: (hold, links, limits) =>
      asHolder(rows, hold, (tx) => discardLinks(tx, links, limits)),
    emptyTrash: (hold, done) =>
      asHolder(rows, hold, function* (tx) {
        yield* empty(tx, done);
        return true;
      }),
  };
}

/** Everything is asked again: a manifest or a lease may have come since. */
function* discardContents(
  tx: Tx,
  digests: Parameters<CollectionMetadata["discardContents"]>[1],
  limits: LimitsNow,
  done: readonly Locator[],
): Body<{ readonly discarded: readonly Discarded[]; readonly links: number }> {
  yield* empty(tx, done);
  const now = limits();
  gatherPushes(tx, now);
  const orphaned = yield* tx.all(ask.listOrphaned, { digests, ...now });
  const going = { digests: orphaned.map(({ digest }) => digest) };
  const links = (yield* tx.all(ask.unlinkAll, going)).length;
  tx.run(ask.deleteContents, going);
  return { discarded: discard(tx, orphaned, now.now), links };
}

function* discardLinks(
  tx: Tx,
  links: Parameters<CollectionMetadata["discardLinks"]>[1],
  limits: LimitsNow,
): Body<number> {
  const now = limits();
  gatherPushes(tx, now);
  let gone = 0;
  for (const link of links) {
    if ((yield* tx.get(ask.unlink, { ...link, ...now })) === undefined) continue;
    // Who raises the lease at this moment relies on the link, and changes nothing but the lease.
    tx.run(ask.touchContent, { digest: link.digest });
    gone += 1;
  }
  return gone;
}

function discard(tx: Tx, going: readonly Discarded[], now: number): readonly Discarded[] {
  const discarded = going.map(({ locator, size }) => ({ locator, size }));
  tx.runEach(
    ask.addTrash,
    discarded.map((each) => ({ ...each, now })),
  );
  return discarded;
}

function* empty(tx: Tx, locators: readonly Locator[]): Body<void> {
  if (locators.length > 0) yield* tx.all(ask.emptyTrash, { locators });
}
