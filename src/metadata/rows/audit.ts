// The audit trail: entries of changes are written in their transactions, the others on their own.
import { and, asc, desc, eq, getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import type {
  AuditEntry,
  AuditEvent,
  AuditMetadata,
  AuditRequest,
  Signed,
  StoredAuditEntry,
} from "../audit.ts";
import { auditEntries } from "./auditSchema.ts";
import { announce, dataOf } from "./outbox.ts";
import type { Rows, Tx } from "./rows.ts";
import { command, type Params, statement } from "./statement.ts";

const insertEntry = command((db, given: Params<AuditEntry>) => {
  const { at, event, who, address, requestId, resource, detail, digest, previous, times } = given;
  return db
    .insert(auditEntries)
    .values({ at, event, who, address, requestId, resource, detail, digest, previous, times });
});

/** A page of what `which` selects. */
interface Page {
  readonly since: number;
  readonly at: number;
  readonly id: number;
  readonly limit: number;
}

const listing = <P extends object>(which: (given: Params<P & Page>) => SQL | undefined) =>
  statement((db, given: Params<P & Page>) => {
    const { since, at, id, limit } = given;
    const isAfter = sql`(${auditEntries.at}, ${auditEntries.id}) < (${at}, ${id})`;
    return db
      .select(getTableColumns(auditEntries))
      .from(auditEntries)
      .where(and(which(given), isAfter, sql`${auditEntries.at} >= ${since}`))
      .orderBy(desc(auditEntries.at), desc(auditEntries.id))
      .limit(limit);
  });

const listAll = listing(() => undefined);
const listByWho = listing<{ who: string }>(({ who }) => eq(auditEntries.who, who));
const listByResource = listing<{ resource: string; who: string | null }>(
  ({ resource, who }) =>
    sql`${auditEntries.resource} = ${resource} AND (CAST(${who} AS text) IS NULL OR ${auditEntries.who} = ${who})`,
);

const forgetOld = statement((db, { before, limit }: Params<{ before: number; limit: number }>) =>
  db
    .delete(auditEntries)
    .where(
      inArray(
        auditEntries.id,
        db
          .select({ id: auditEntries.id })
          .from(auditEntries)
          .where(sql`${auditEntries.at} < ${before}`)
          .orderBy(asc(auditEntries.at), asc(auditEntries.id))
          .limit(limit),
      ),
    )
    .returning({ id: auditEntries.id }),
);
const countEntries = statement((db) =>
  db.select({ count: sql<number>`count(*)` }).from(auditEntries),
);

/** Later than every entry. */
const newest = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

/** Builds this part of the port. */
export function auditMetadata(rows: Rows): AuditMetadata {
  return {
    addEntries: (entries) =>
      // biome-ignore lint/correctness/useYield: it waits for nothing.
      rows.writeLazily(function* (tx) {
        tx.runEach(insertEntry, entries);
      }),
    async listEntries(request) {
      const found = await list(rows, { ...request, limit: request.limit + 1 });
      return { entries: found.slice(0, request.limit), more: found.length > request.limit };
    },
    forgetEntries: async (before, limit) => (await forget(rows, before, limit)).length,
    async forgetBeyond(most, limit) {
      const count = (await rows.find(countEntries, {}))?.count ?? 0;
      if (count <= most) return 0;
      const over = Math.min(limit, count - most);
      return (await forget(rows, Number.MAX_SAFE_INTEGER, over)).length;
    },
  };
}

function forget(rows: Rows, before: number, limit: number) {
  return rows.writeLazily(function* (tx) {
    return yield* tx.all(forgetOld, { before, limit });
  });
}

function list(
  rows: Rows,
  { after, limit, since, who, resource }: AuditRequest,
): Promise<readonly StoredAuditEntry[]> {
  const page = { ...(after ?? newest), limit, since: since ?? 0 };
  if (resource !== null) return rows.list(listByResource, { ...page, resource, who });
  return who === null ? rows.list(listAll, page) : rows.list(listByWho, { ...page, who });
}

/** What an entry says besides who and when. */
export type Deed = { readonly event: AuditEvent; readonly resource: string } & Partial<
  Pick<AuditEntry, "detail" | "digest" | "previous">
> &
  Manifest;

/** For webhooks: of the manifest that was pushed. */
interface Manifest {
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Writes down what a transaction does, if its author is known, and tells webhooks. */
export function record(tx: Tx, by: Signed | undefined, deed: Deed): void {
  if (by === undefined) return;
  const { at, who, address, requestId } = by;
  const { event, resource, detail = null, digest = null, previous = null } = deed;
  tx.note(insertEntry, {
    ...{ at, who, address, requestId, event, resource },
    ...{ detail, digest, previous, times: 1 },
  });
  announce(tx, { happened: event, resource, at }, () =>
    dataOf(by, { ...deed, event, resource, detail, digest, previous }),
  );
}
