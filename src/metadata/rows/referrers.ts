// The list of a subject's referrers, by page. Apart from the other reads because annotations may be large: how many fit is
// found out before any is read.
import { and, asc, eq, gt, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { ReferrerRequest, RegistryMetadata } from "../metadata.ts";
import type { Body, Tx } from "./rows.ts";
import { manifests, referrers } from "./schema.ts";
import { type Builder, type Params, statement } from "./statement.ts";

interface Stretch {
  readonly repository: RepositoryName;
  readonly subject: Digest;
  readonly after: string;
  readonly limit: number;
}

type StretchOfType = Stretch & { readonly artifactType: string };

/** All walk an index in the order of digests from `after` on: the thousandth page costs what the first one costs. */
const within = ({ repository, subject, after }: Params<Stretch>) =>
  and(
    eq(referrers.repository, repository),
    eq(referrers.subject, subject),
    gt(referrers.digest, after),
  );
const ofType = (given: Params<StretchOfType>) =>
  and(within(given), eq(referrers.artifactType, given.artifactType));

const selectSizes = (db: Builder, which: SQL | undefined, { limit }: Params<Stretch>) =>
  db
    .select({ annotations: sql<number>`coalesce(octet_length(${referrers.annotations}), 0)` })
    .from(referrers)
    .where(which)
    .orderBy(asc(referrers.digest))
    .limit(limit);
const selectPage = (db: Builder, which: SQL | undefined, { limit }: Params<Stretch>) =>
  db
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
    .limit(limit);

export const sizes = statement((db, given: Params<Stretch>) =>
  selectSizes(db, within(given), given),
);
export const sizesOfType = statement((db, given: Params<StretchOfType>) =>
  selectSizes(db, ofType(given), given),
);
export const page = statement((db, given: Params<Stretch>) => selectPage(db, within(given), given));
export const pageOfType = statement((db, given: Params<StretchOfType>) =>
  selectPage(db, ofType(given), given),
);

interface ReferrerQuery extends ReferrerRequest {
  readonly repository: RepositoryName;
  readonly subject: Digest;
}

/** One page: how many of the rows fit, and then those. */
export function* listReferrers(
  tx: Tx,
  { repository, subject, artifactType, after, limit, annotationBytes }: ReferrerQuery,
): Body<Awaited<ReturnType<RegistryMetadata["listReferrers"]>>> {
  const key = { repository, subject, after: after ?? "" };
  // One row more is asked for, to know whether any follow.
  const more = { ...key, limit: limit + 1 };
  const rows =
    artifactType === null
      ? yield* tx.all(sizes, more)
      : yield* tx.all(sizesOfType, { ...more, artifactType });
  const count = Math.min(countFitting(rows, annotationBytes), limit);
  const fitting = { ...key, limit: count };
  const found =
    artifactType === null
      ? yield* tx.all(page, fitting)
      : yield* tx.all(pageOfType, { ...fitting, artifactType });
  return { referrers: found, more: count > 0 && rows.length > count };
}

function countFitting(rows: readonly { readonly annotations: number }[], budget: number): number {
  let sum = 0;
  for (const [position, { annotations }] of rows.entries()) {
    sum += annotations;
    if (sum > budget && position > 0) return position;
  }
  return rows.length;
}
