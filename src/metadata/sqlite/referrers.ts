// The list of a subject's referrers, by page. Apart from the other reads because annotations may be large: how many fit is
// found out before any is read.
import { and, asc, eq, gt, type SQL, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { Referrer, ReferrerRequest } from "../metadata.ts";
import { manifests, referrers } from "./schema.ts";

const placeholder = sql.placeholder;

/** Statements of `listReferrers`. */
export type ReferrerReads = ReturnType<typeof prepareReferrerReads>;

/** All walk an index in the order of digests from `after` on: the thousandth page costs what the first one costs. */
export function prepareReferrerReads(db: BunSQLiteDatabase) {
  const all = and(
    eq(referrers.repository, placeholder("repository")),
    eq(referrers.subject, placeholder("subject")),
    gt(referrers.digest, placeholder("after")),
  );
  const ofType = and(all, eq(referrers.artifactType, placeholder("artifactType")));
  return {
    sizes: prepareSizes(db, all),
    sizesOfType: prepareSizes(db, ofType),
    page: preparePage(db, all),
    pageOfType: preparePage(db, ofType),
  };
}

function prepareSizes(db: BunSQLiteDatabase, which: SQL | undefined) {
  return db
    .select({ annotations: sql<number>`coalesce(octet_length(${referrers.annotations}), 0)` })
    .from(referrers)
    .where(which)
    .orderBy(asc(referrers.digest))
    .limit(placeholder("limit"))
    .prepare();
}

function preparePage(db: BunSQLiteDatabase, which: SQL | undefined) {
  return db
    .select({
      digest: referrers.digest,
      mediaType: manifests.mediaType,
      size: manifests.size,
      artifactType: referrers.artifactType,
      annotations: referrers.annotations,
    })
    .from(referrers)
    .innerJoin(
      manifests,
      and(eq(manifests.repository, referrers.repository), eq(manifests.digest, referrers.digest)),
    )
    .where(which)
    .orderBy(asc(referrers.digest))
    .limit(placeholder("limit"))
    .prepare();
}

interface ReferrerQuery extends ReferrerRequest {
  readonly repository: RepositoryName;
  readonly subject: Digest;
}

/** One page. Both of its statements have to run without a pause in between. */
export function listReferrers(
  reads: ReferrerReads,
  { repository, subject, artifactType, after, limit, annotationBytes }: ReferrerQuery,
): { referrers: readonly Referrer[]; more: boolean } {
  const key = { repository, subject, after: after ?? "", artifactType };
  const sizes = artifactType === null ? reads.sizes : reads.sizesOfType;
  const page = artifactType === null ? reads.page : reads.pageOfType;
  // One row more is asked for, to know whether any follow.
  const rows = sizes.all({ ...key, limit: limit + 1 });
  const fitting = countFitting(rows, annotationBytes);
  const count = Math.min(fitting, limit);
  return {
    referrers: page.all({ ...key, limit: count }),
    more: count > 0 && rows.length > count,
  };
}

function countFitting(rows: readonly { readonly annotations: number }[], budget: number): number {
  let sum = 0;
  for (const [position, { annotations }] of rows.entries()) {
    sum += annotations;
    if (sum > budget && position > 0) return position;
  }
  return rows.length;
}
