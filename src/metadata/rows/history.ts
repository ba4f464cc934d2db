// Pushes that were: written in the transaction of the push, and deleted with their manifest.
import { and, desc, eq, getTableColumns, lte, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import { mostPushes } from "../../model/pushes.ts";
import type { HistoryMetadata, StoredPush } from "../history.ts";
import type { ManifestPut } from "../metadata.ts";
import type { Rows, Tx } from "./rows.ts";
import { pushHistory } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

type Row = typeof pushHistory.$inferSelect;
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
const forgetOfTag = command((db, given: TagKey) =>
  db
    .delete(pushHistory)
    .where(
      and(
        isTag(given),
        lte(
          pushHistory.id,
          sql`(SELECT h.id FROM ${pushHistory} AS h WHERE h.repository = ${given.repository} AND h.tag = ${given.tag} ORDER BY h.id DESC LIMIT 1 OFFSET ${sql.raw(String(mostPushes))})`,
        ),
      ),
    ),
);
const forgetOfDigest = command((db, given: DigestKey) =>
  db
    .delete(pushHistory)
    .where(
      and(
        isUntagged(given),
        lte(
          pushHistory.id,
          sql`(SELECT h.id FROM ${pushHistory} AS h WHERE h.digest = ${given.digest} AND h.repository = ${given.repository} AND h.tag = '' ORDER BY h.id DESC LIMIT 1 OFFSET ${sql.raw(String(mostPushes))})`,
        ),
      ),
    ),
);
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
/** A part of the transaction that stores a manifest. */
export function notePush(
  tx: Tx,
  put: Pick<ManifestPut, "repository" | "digest" | "tags" | "now" | "by" | "origin">,
): void {
  const { repository, digest, tags, now, by, origin } = put;
  // Imports are not written down.
  if (by === null) return;
  for (const tag of tags.length === 0 ? ([""] as const) : tags) {
    tx.run(insert, {
      ...{ repository, digest, tag, pushedAt: now, pushedBy: by.who },
      issuer: origin?.issuer ?? null,
      source: origin?.repository ?? null,
      ref: origin?.ref ?? null,
      commit: origin?.commit ?? null,
      run: origin?.run ?? null,
      actor: origin?.actor ?? null,
    });
    if (tag === "") tx.run(forgetOfDigest, { digest, repository });
    else tx.run(forgetOfTag, { repository, tag });
  }
}

/** Builds the group. */
export function historyMetadata(rows: Rows): HistoryMetadata {
  return {
    listTagPushes: async (repository, tag, limit) =>
      (await rows.list(ofTag, { repository, tag, limit })).map(toPush),
    listDigestPushes: async (repository, digest, limit) =>
      (await rows.list(ofDigest, { repository, digest, limit })).map(toPush),
  };
}

function toPush(row: Row): StoredPush {
  const { repository, digest, tag, pushedAt, pushedBy } = row;
  const { issuer, source, ref, commit, run, actor } = row;
  return {
    ...{ repository, digest, tag: tag === "" ? null : tag, pushedAt, pushedBy },
    origin: issuer === null ? null : { issuer, repository: source, ref, commit, run, actor },
  };
}
