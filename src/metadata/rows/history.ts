// Pushes that were: written in the transaction of the push, and deleted with their manifest.
import { and, desc, eq, getTableColumns, lte, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import { mostPushes } from "../../model/pushes.ts";
import type { HistoryMetadata, StoredPush } from "../history.ts";
import type { ManifestPut } from "../metadata.ts";
import { notePulls } from "./pulls.ts";
import type { Rows, Tx } from "./rows.ts";
import { pushHistory } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

/** A row of it. */
export type PushRow = typeof pushHistory.$inferSelect;
type Row = PushRow;
type TagKey = Params<{ repository: RepositoryName; tag: Tag | "" }>;
type DigestKey = Params<{ digest: Digest; repository: RepositoryName }>;

const isTag = ({ repository, tag }: TagKey) =>
  and(eq(pushHistory.repository, repository), eq(pushHistory.tag, tag));
const isUntagged = ({ digest, repository }: DigestKey) =>
  and(
    eq(pushHistory.digest, digest),
    eq(pushHistory.repository, repository),
    eq(pushHistory.tag, ""),
  );

const insert = command((db, given: Params<Omit<Row, "id">>) => {
  const { repository, digest, tag, pushedAt, pushedBy } = given;
  const { issuer, source, ref, commit, run, actor } = given;
  return db.insert(pushHistory).values({
    repository,
    digest,
    tag,
    pushedAt,
    pushedBy,
    issuer,
    source,
    ref,
    commit,
    run,
    actor,
  });
});
/** Those of a tag, or untagged ones of a digest, up to one that is too old. */
const forgetOfTag = command((db, given: TagKey & Params<{ surplus: number }>) =>
  db.delete(pushHistory).where(and(isTag(given), lte(pushHistory.id, given.surplus))),
);
const forgetOfDigest = command((db, given: DigestKey & Params<{ surplus: number }>) =>
  db.delete(pushHistory).where(and(isUntagged(given), lte(pushHistory.id, given.surplus))),
);

const surplusOf = (which: SQL): SQL => sql`(
  SELECT h.id FROM ${pushHistory} AS h WHERE ${which} ORDER BY h.id DESC LIMIT 1 OFFSET ${sql.raw(String(mostPushes - 1))}
)`;
/** The latest push of a tag that is too old when another one is noted; NULL while there is room. */
export const surplusOfTag = ({ repository, tag }: TagKey): SQL =>
  surplusOf(sql`h.repository = ${repository} AND h.tag = ${tag}`);
/** The same of the pushes of a digest without a tag. */
export const surplusOfDigest = ({ repository, digest }: DigestKey): SQL =>
  surplusOf(sql`h.digest = ${digest} AND h.repository = ${repository} AND h.tag = ''`);

const ofTag = statement((db, given: TagKey & Params<{ limit: number }>) =>
  db
    .select(getTableColumns(pushHistory))
    .from(pushHistory)
    .where(isTag(given))
    .orderBy(desc(pushHistory.id))
    .limit(given.limit),
);
const ofDigest = statement((db, given: DigestKey & Params<{ limit: number }>) =>
  db
    .select(getTableColumns(pushHistory))
    .from(pushHistory)
    .where(and(eq(pushHistory.digest, given.digest), eq(pushHistory.repository, given.repository)))
    .orderBy(desc(pushHistory.id))
    .limit(given.limit),
);

type Noted = Pick<ManifestPut, "repository" | "digest" | "now" | "by" | "origin">;

/** A part of the transaction that stores a manifest. @param surplus as `surplusOfTag` or `surplusOfDigest` found it. */
export function notePush(tx: Tx, put: Noted, tag: Tag | "", surplus: number | null): void {
  // Imports are not written down.
  if (put.by === null) return;
  insertPush(tx, put, tag, put.by.who);
  if (surplus === null) return;
  const { repository, digest } = put;
  if (tag === "") tx.run(forgetOfDigest, { repository, digest, surplus });
  else tx.run(forgetOfTag, { repository, tag, surplus });
}

function insertPush(
  tx: Tx,
  { repository, digest, now, origin }: Noted,
  tag: Tag | "",
  pushedBy: string | null,
): void {
  tx.note(insert, {
    ...{ repository, digest, tag, pushedAt: now, pushedBy },
    issuer: origin?.issuer ?? null,
    source: origin?.repository ?? null,
    ref: origin?.ref ?? null,
    commit: origin?.commit ?? null,
    run: origin?.run ?? null,
    actor: origin?.actor ?? null,
  });
}

/** Builds the group. */
export function historyMetadata(rows: Rows): HistoryMetadata {
  return {
    listTagPushes: async (repository, tag, limit) =>
      (await rows.list(ofTag, { repository, tag, limit })).map(toPush),
    listDigestPushes: async (repository, digest, limit) =>
      (await rows.list(ofDigest, { repository, digest, limit })).map(toPush),
    notePulls: (pulls) => rows.writeLazily((tx) => notePulls(tx, pulls)),
  };
}

/** As callers see it. */
export function toPush(row: Row): StoredPush {
  const { repository, digest, tag, pushedAt, pushedBy } = row;
  const { issuer, source, ref, commit, run, actor } = row;
  return {
    ...{ repository, digest, tag: tag === "" ? null : tag, pushedAt, pushedBy },
    origin: issuer === null ? null : { issuer, repository: source, ref, commit, run, actor },
  };
}
