// The claim of one writer, a part of the row of what it writes: whose it is, and when another may take it over.
import { eq, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { multipartUploads } from "./objectsSchema.ts";
import type { uploadSessions } from "./schema.ts";
import { databaseNow } from "./spelling.ts";
import type { Given } from "./statement.ts";

/** Rows with a claim. */
type Claimed = typeof uploadSessions | typeof multipartUploads;

/**
 * How long a claim lasts without a sign of life, in ms. null: until it is released. Then a lock proves that one server writes, and that
 * claims of the server before it are void.
 */
export type ClaimLease = number | null;

/** As a claim's, of work that goes on for long: it may be busy for a while. */
export const longLease = (lease: ClaimLease): ClaimLease => (lease === null ? null : 3 * lease);

/** The end of a lease that begins now. No sum with null is a time. */
export const leaseEnd = (lease: Given<ClaimLease>): SQL<number> =>
  sql<number>`${databaseNow} + CAST(${lease} AS bigint)`;

/** A claim that may be taken. */
export interface Claiming {
  /** Unique to one request, and never used again: what an earlier owner still says changes nothing. */
  readonly owner: string;
  readonly lease: ClaimLease;
}

/** Columns of a claim that is given to `owner`, or prolonged. */
export const claimedBy = (
  owner: Given<string> | Given<string | null>,
  lease: Given<ClaimLease>,
) => ({
  claimOwner: owner,
  claimUntil: leaseEnd(lease),
});

/** Columns without a claim. */
export const unclaimed = { claimOwner: null, claimUntil: null };

/** Nobody writes: there is no claim, or its owner has given no sign of life for too long. */
export const isFree = (table: Claimed): SQL | undefined =>
  or(isNull(table.claimOwner), lt(table.claimUntil, databaseNow));

/** `owner` may write: it has the claim, also an overdue one that nobody has taken over. */
export const isOwnedBy = (table: Claimed, owner: Given<string>): SQL => eq(table.claimOwner, owner);

/** The owner that writes; null: nobody does. */
export const writerOf = (table: Claimed): SQL<string | null> =>
  sql<
    string | null
  >`CASE WHEN ${table.claimUntil} < ${databaseNow} THEN NULL ELSE ${table.claimOwner} END`;
