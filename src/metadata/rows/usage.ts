// What keeps content and manifests. Asked by people, one digest at a time.
import { and, asc, count, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { AgeLimits } from "../collection.ts";
import type { GoingPush, HeldManifests, MadeObjects, Some, UsageMetadata } from "../usage.ts";
import { buckets, objects } from "./objectsSchema.ts";
import { findAwaiting, gatherPushes } from "./pushes.ts";
import { isUnnamed, never } from "./releases.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import {
  contents,
  manifestReferences,
  manifests,
  repositories,
  repositoryContents,
  tags,
} from "./schema.ts";
import { by } from "./spelling.ts";
import { type Params, rawStatement, statement } from "./statement.ts";

interface OfDigest {
  readonly digest: Digest;
}
interface OfRepository {
  readonly repository: RepositoryName;
}
interface Limit {
  readonly limit: number;
}

/** For rows of `manifests`, which are found by their repository: a look into each of them instead of one at every manifest. */
const inAnyRepository = sql`${manifests.repository} IN (SELECT name FROM ${repositories})`;

const findBeginning = [contents, manifests, manifestReferences, objects].map((table) =>
  statement((db, given: Params<{ from: string; until: string } & Limit>) => {
    const { digest } = table;
    const begins = and(gte(digest, given.from), lt(digest, given.until));
    return db
      .selectDistinct({ digest })
      .from(table)
      .where(and(begins, table === manifests ? inAnyRepository : undefined))
      .limit(given.limit);
  }),
);
const findAges = statement((db, given: Params<OfDigest>) => {
  const { digest, size, createdAt, keptUntil, releasedAt, damagedAt } = contents;
  return db
    .select({ size, createdAt, keptUntil, releasedAt, damagedAt })
    .from(contents)
    .where(eq(digest, given.digest));
});
/** Repositories that link to the content, by name. */
export const listLinks = statement((db, given: Params<OfDigest & Limit>) => {
  const { repository, digest } = repositoryContents;
  return db
    .select({ repository })
    .from(repositoryContents)
    .where(eq(digest, given.digest))
    .orderBy(asc(repository))
    .limit(given.limit);
});
const findTagged = statement((db, given: Params<OfRepository & { tag: Tag }>) => {
  const { repository, name, digest } = tags;
  return db
    .select({ digest })
    .from(tags)
    .where(and(eq(repository, given.repository), eq(name, given.tag)));
});
const listTags = statement((db, given: Params<OfRepository & Limit>) => {
  const { repository, name } = tags;
  return db
    .select({ name })
    .from(tags)
    .where(eq(repository, given.repository))
    .orderBy(asc(name))
    .limit(given.limit);
});
const listUntagged = rawStatement<
  OfRepository & Limit,
  { readonly digest: Digest; readonly pushedAt: number }
>(
  ({ repository, limit }) => sql`
    SELECT m.digest, m.pushed_at AS "pushedAt" FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND ${isUnnamed(never)}
    ORDER BY m.pushed_at DESC, m.digest LIMIT ${limit}`,
);
const findManifestIn = statement((db, { repository }: Params<OfRepository>) =>
  db
    .select({ digest: manifests.digest })
    .from(manifests)
    .where(eq(manifests.repository, repository))
    .limit(1),
);

/** Objects that are made of the content, by name. */
const listObjects = statement((db, given: Params<OfDigest & Limit>) =>
  db
    .select({ bucket: buckets.name, object: objects.name })
    .from(objects)
    .innerJoin(buckets, eq(buckets.id, objects.bucketId))
    .where(eq(objects.digest, given.digest))
    .orderBy(asc(buckets.name), asc(objects.name))
    .limit(given.limit),
);
const countObjects = statement((db, { digest }: Params<OfDigest>) =>
  db.select({ total: count() }).from(objects).where(eq(objects.digest, digest)),
);

const manifest = {
  repository: manifests.repository,
  digest: manifests.digest,
  mediaType: manifests.mediaType,
  subject: manifests.subject,
};
const listManifests = statement((db, { digest, limit }: Params<OfDigest & Limit>) =>
  db
    .select(manifest)
    .from(manifests)
    .where(and(inAnyRepository, eq(manifests.digest, digest)))
    .limit(limit),
);
const naming = <P extends OfDigest & Limit>(also: (given: Params<P>) => SQL | undefined) =>
  statement((db, given: Params<P>) => {
    const { repository, digest } = manifestReferences;
    const named = and(
      eq(manifests.repository, repository),
      eq(manifests.digest, manifestReferences.manifest),
    );
    return db
      .selectDistinct(manifest)
      .from(by(manifestReferences, "manifest_references_by_digest"))
      .innerJoin(manifests, named)
      .where(and(eq(digest, given.digest), also(given)))
      .limit(given.limit);
  });
const listNaming = naming<OfDigest & Limit>(() => undefined);
const listNamingIn = naming<OfDigest & OfRepository & Limit>(({ repository }) =>
  eq(manifestReferences.repository, repository),
);
const listTagsOf = statement((db, given: Params<OfRepository & OfDigest & Limit>) =>
  db
    .select({ name: sql<Tag>`${tags.name}` })
    .from(by(tags, "tags_by_manifest"))
    .where(and(eq(tags.repository, given.repository), eq(tags.digest, given.digest)))
    .orderBy(sql`name`)
    .limit(given.limit),
);

/** Greater than any hexadecimal digit. */
const afterHex = "~";

/** Builds this part of the port. */
export function usageMetadata(rows: Rows): UsageMetadata {
  return {
    ...manifestQuestions(rows),
    findDigests: (prefix, limit) => rows.read((tx) => findDigests(tx, prefix, limit)),
    findAges: (digest) => rows.find(findAges, { digest }),
    findPush: (digest, limits) => rows.read((tx) => findPush(tx, digest, limits)),
    async listLinks(digest, limit) {
      const links = await rows.list(listLinks, { digest, limit: limit + 1 });
      return cut(links, limit, ({ repository }) => repository);
    },
    findTagged: async (repository, tag) =>
      (await rows.find(findTagged, { repository, tag }))?.digest ?? null,
    describeRepository: (repository, limit) =>
      rows.read((tx) => describeRepository(tx, repository, limit)),
    listObjects: (digest, limit) => rows.read((tx) => listObjectsOf(tx, digest, limit)),
  };
}

function manifestQuestions(
  rows: Rows,
): Pick<UsageMetadata, "listManifests" | "listNaming" | "listTagsOf"> {
  return {
    listManifests: async (digest, limit) =>
      cut(await rows.list(listManifests, { digest, limit: limit + 1 }), limit),
    async listNaming(digest, repository, limit) {
      const given = { digest, limit: limit + 1 };
      return repository === null
        ? cut(await rows.list(listNaming, given), limit)
        : cut(await rows.list(listNamingIn, { ...given, repository }), limit);
    },
    async listTagsOf(repository, digest, limit) {
      const found = await rows.list(listTagsOf, { repository, digest, limit: limit + 1 });
      return cut(found, limit, ({ name }) => name);
    },
  };
}

function* findDigests(tx: Tx, prefix: string, limit: number): Body<readonly Digest[]> {
  const found = new Set<Digest>();
  for (const statement of findBeginning) {
    const rows = yield* tx.all(statement, { from: prefix, until: prefix + afterHex, limit });
    for (const { digest } of rows) found.add(digest);
  }
  return [...found].slice(0, limit);
}

function* findPush(tx: Tx, digest: Digest, limits: AgeLimits): Body<GoingPush | null> {
  gatherPushes(tx, limits);
  const { pushesSince } = limits;
  return (yield* tx.get(findAwaiting, { digest, pushesSince })) ?? null;
}

function* describeRepository(
  tx: Tx,
  repository: RepositoryName,
  limit: number,
): Body<HeldManifests | null> {
  if ((yield* tx.get(findManifestIn, { repository })) === undefined) return null;
  const given = { repository, limit: limit + 1 };
  return {
    tags: cut(yield* tx.all(listTags, given), limit, ({ name }) => name),
    untagged: cut(yield* tx.all(listUntagged, given), limit),
  };
}

/** Objects that are made of the content, by name, at most `limit`. */
export function* listObjectsOf(tx: Tx, digest: Digest, limit: number): Body<MadeObjects> {
  const some = yield* tx.all(listObjects, { digest, limit });
  if (some.length < limit) return { some, others: 0 };
  const all = yield* tx.get(countObjects, { digest });
  return { some, others: (all?.total ?? some.length) - some.length };
}

/** One row more was asked for, to know whether there is one. */
function cut<T>(rows: readonly T[], limit: number): Some<T>;
function cut<R, T>(rows: readonly R[], limit: number, pick: (row: R) => T): Some<T>;
function cut<R>(rows: readonly R[], limit: number, pick: (row: R) => unknown = (row) => row) {
  return { some: rows.slice(0, limit).map(pick), more: rows.length > limit };
}
