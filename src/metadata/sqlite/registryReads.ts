// The registry's questions, prepared once: building a statement costs more than running it.
import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Reference, RepositoryName } from "../../model/names.ts";
import type { ManifestSummary, RegistryMetadata, StoredManifest } from "../metadata.ts";
import type { Connection } from "./connection.ts";
import { LargeBodies } from "./largeBodies.ts";
import { CommitCount, RowCache } from "./rowCache.ts";
import { contents, manifests, repositories, repositoryContents, tags } from "./schema.ts";

const repository = sql.placeholder("repository");
const digest = sql.placeholder("digest");
const tag = sql.placeholder("tag");
const after = sql.placeholder("after");
const limit = sql.placeholder("limit");

const summary = {
  digest: manifests.digest,
  mediaType: manifests.mediaType,
  size: manifests.size,
};

/** What is larger is read on its own, so that many who ask for it at a time share it. Bytes. */
const smallBytes = 64 * 1024;
const smallBody = sql<Uint8Array | null>`CASE WHEN ${manifests.size} <= ${sql.raw(String(smallBytes))} THEN ${manifests.body} END`;

/** Statements of the registry's reads. */
export type RegistryReads = ReturnType<typeof prepareRegistryReads>;

/** Prepares the registry's reads. */
export function prepareRegistryReads(db: BunSQLiteDatabase) {
  const byDigest = and(eq(manifests.repository, repository), eq(manifests.digest, digest));
  const byTag = and(eq(tags.repository, repository), eq(tags.name, tag));
  const tagged = and(eq(manifests.repository, tags.repository), eq(manifests.digest, tags.digest));
  return {
    blob: db
      .select({ size: contents.size, locator: contents.locator })
      .from(repositoryContents)
      .innerJoin(contents, eq(contents.digest, repositoryContents.digest))
      .where(
        and(
          eq(repositoryContents.repository, repository),
          eq(repositoryContents.digest, digest),
          // Damaged content counts as absent: whoever has it pushes it again.
          isNull(contents.damagedAt),
        ),
      )
      .prepare(),
    manifestByDigest: db
      .select({ ...summary, body: smallBody })
      .from(manifests)
      .where(byDigest)
      .prepare(),
    manifestByTag: db
      .select({ ...summary, body: smallBody })
      .from(tags)
      .innerJoin(manifests, tagged)
      .where(byTag)
      .prepare(),
    manifestBody: db.select({ body: manifests.body }).from(manifests).where(byDigest).prepare(),
    summaryByDigest: db.select(summary).from(manifests).where(byDigest).prepare(),
    summaryByTag: db.select(summary).from(tags).innerJoin(manifests, tagged).where(byTag).prepare(),
    repository: db
      .select({ name: repositories.name })
      .from(repositories)
      .where(eq(repositories.name, repository))
      .prepare(),
    lease: db
      .select({ keptUntil: contents.keptUntil })
      .from(contents)
      .where(eq(contents.digest, digest))
      .prepare(),
    ...prepareLists(db),
  };
}

/** Both walk an index in key order from `after` on: the thousandth page costs what the first one costs. */
function prepareLists(db: BunSQLiteDatabase) {
  return {
    tagPage: db
      .select({ name: tags.name })
      .from(tags)
      .where(and(eq(tags.repository, repository), gt(tags.name, after)))
      .orderBy(asc(tags.name))
      .limit(limit)
      .prepare(),
    repositoryPage: db
      .select({ name: sql<RepositoryName>`name` })
      .from(repositoriesWithManifests)
      .limit(limit)
      .prepare(),
  };
}

/**
 * Steps from each repository of the manifests' index to the next one: neither its many manifests cost anything, nor the
 * repositories in between that hold none.
 */
const repositoriesWithManifests = sql`(
  WITH RECURSIVE found(name) AS (
    SELECT min(${manifests.repository}) FROM ${manifests} WHERE ${manifests.repository} > ${after}
    UNION ALL
    SELECT (SELECT min(${manifests.repository}) FROM ${manifests} WHERE ${manifests.repository} > found.name)
    FROM found WHERE found.name IS NOT NULL
  )
  SELECT name FROM found WHERE name IS NOT NULL
)`;

/** A manifest's row; of a large one without its body. */
interface FoundManifest extends ManifestSummary {
  readonly body: Uint8Array | null;
}

/** The reading half of the registry's port. */
export function registryReads(
  connection: Connection,
  reads: RegistryReads,
): Pick<
  RegistryMetadata,
  "findBlob" | "findManifest" | "findManifestSummary" | "listTags" | "listRepositories"
> {
  const commits = new CommitCount(connection);
  const pulled = new RowCache<FoundManifest>(commits, ({ body }) => body?.byteLength ?? 0);
  const large = new LargeBodies();
  const withBody = (repository: RepositoryName, found: FoundManifest): StoredManifest | null => {
    const { digest } = found;
    const body =
      found.body ??
      large.get(digest, () => reads.manifestBody.get({ repository, digest })?.body ?? null);
    return body === null ? null : { ...found, body };
  };
  const asked = new RowCache<ManifestSummary>(commits, () => 0);
  return {
    findBlob: (repository, digest) =>
      connection.read(() => reads.blob.get({ repository, digest }) ?? null),
    findManifest: (repository, reference) =>
      connection.read(() => {
        const found = pulled.get(keyOf(repository, reference), () =>
          "tag" in reference
            ? reads.manifestByTag.get({ repository, tag: reference.tag })
            : reads.manifestByDigest.get({ repository, digest: reference.digest }),
        );
        return found === null ? null : withBody(repository, found);
      }),
    findManifestSummary: (repository, reference) =>
      connection.read(() =>
        asked.get(keyOf(repository, reference), () =>
          "tag" in reference
            ? reads.summaryByTag.get({ repository, tag: reference.tag })
            : reads.summaryByDigest.get({ repository, digest: reference.digest }),
        ),
      ),
    listTags: (repository, { after, limit }) =>
      connection.read(() => {
        const rows = reads.tagPage.all({ repository, after: after ?? "", limit: limit + 1 });
        if (rows.length === 0 && reads.repository.get({ repository }) === undefined) return null;
        return cut(rows, limit);
      }),
    listRepositories: ({ after, limit }) =>
      connection.read(() =>
        cut(reads.repositoryPage.all({ after: after ?? "", limit: limit + 1 }), limit),
      ),
  };
}

/** Names hold no space, tags no colon. */
function keyOf(repository: RepositoryName, reference: Reference): string {
  return `${repository} ${"tag" in reference ? reference.tag : reference.digest}`;
}

/** One row more was asked for, to know whether any follow. Nothing follows an empty page: it has no last name to go on from. */
function cut<T>(rows: readonly { readonly name: T }[], limit: number) {
  const names = rows.slice(0, limit).map(({ name }) => name);
  return { names, more: limit > 0 && rows.length > limit };
}
