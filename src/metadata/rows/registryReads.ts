// The registry's questions. Those that every pull asks are answered from memory while nobody writes.
import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import type { Reference, RepositoryName, Tag } from "../../model/names.ts";
import type {
  ManifestKey,
  ManifestSummary,
  Page,
  PageRequest,
  RegistryMetadata,
  StoredContent,
  StoredManifest,
} from "../metadata.ts";
import { LargeBodies } from "./largeBodies.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, manifests, repositories, repositoryContents, tags } from "./schema.ts";
import { type Params, statement } from "./statement.ts";

interface TagKey {
  readonly repository: RepositoryName;
  readonly tag: Tag;
}

interface After {
  readonly after: string;
  readonly limit: number;
}

const summary = {
  digest: manifests.digest,
  mediaType: manifests.mediaType,
  size: manifests.size,
};

/** What is larger is read on its own, so that many who ask for it at a time share it. Bytes. */
const smallBytes = 64 * 1024;
const smallBody = sql<Uint8Array | null>`CASE WHEN ${manifests.size} <= ${sql.raw(String(smallBytes))} THEN ${manifests.body} END`;
const pull = { ...summary, body: smallBody };

const byDigest = ({ repository, digest }: Params<ManifestKey>) =>
  and(eq(manifests.repository, repository), eq(manifests.digest, digest));
const byTag = ({ repository, tag }: Params<TagKey>) =>
  and(eq(tags.repository, repository), eq(tags.name, tag));
const tagged = and(eq(manifests.repository, tags.repository), eq(manifests.digest, tags.digest));

const blob = statement((db, { repository, digest }: Params<ManifestKey>) =>
  db
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
    ),
);
const manifestByDigest = statement((db, given: Params<ManifestKey>) =>
  db.select(pull).from(manifests).where(byDigest(given)),
);
const manifestByTag = statement((db, given: Params<TagKey>) =>
  db.select(pull).from(tags).innerJoin(manifests, tagged).where(byTag(given)),
);
const manifestBody = statement((db, given: Params<ManifestKey>) =>
  db.select({ body: manifests.body }).from(manifests).where(byDigest(given)),
);
const summaryByDigest = statement((db, given: Params<ManifestKey>) =>
  db.select(summary).from(manifests).where(byDigest(given)),
);
const summaryByTag = statement((db, given: Params<TagKey>) =>
  db.select(summary).from(tags).innerJoin(manifests, tagged).where(byTag(given)),
);
const anyRepository = statement((db, given: Params<{ repository: RepositoryName }>) =>
  db
    .select({ name: repositories.name })
    .from(repositories)
    .where(eq(repositories.name, given.repository)),
);

/** Walks an index in key order from `after` on, as the next one does: the thousandth page costs what the first one costs. */
export const tagPage = statement((db, given: Params<After & { repository: RepositoryName }>) =>
  db
    .select({ name: tags.name })
    .from(tags)
    .where(and(eq(tags.repository, given.repository), gt(tags.name, given.after)))
    .orderBy(asc(tags.name))
    .limit(given.limit),
);

/**
 * Steps from each repository of the manifests' index to the next one: neither its many manifests cost anything, nor the
 * repositories in between that hold none.
 */
export const repositoryPage = statement((db, { after, limit }: Params<After>) =>
  db
    .select({ name: sql<RepositoryName>`name` })
    .from(sql`(
      WITH RECURSIVE found(name) AS (
        SELECT min(${manifests.repository}) FROM ${manifests} WHERE ${manifests.repository} > ${after}
        UNION ALL
        SELECT (SELECT min(${manifests.repository}) FROM ${manifests} WHERE ${manifests.repository} > found.name)
        FROM found WHERE found.name IS NOT NULL
      )
      SELECT name FROM found WHERE name IS NOT NULL
    ) AS known`)
    .limit(limit),
);

/** A manifest's row; of a large one without its body. */
interface FoundManifest extends ManifestSummary {
  readonly body: Uint8Array | null;
}

/** The reading half of the registry's port. */
export function registryReads(
  rows: Rows,
): Pick<
  RegistryMetadata,
  "findBlob" | "findManifest" | "findManifestSummary" | "listTags" | "listRepositories"
> {
  const blobs = rows.cache<StoredContent>(() => 0);
  const pulled = rows.cache<FoundManifest>(({ body }) => body?.byteLength ?? 0);
  const asked = rows.cache<ManifestSummary>(() => 0);
  const large = new LargeBodies(async (key) => (await rows.find(manifestBody, key))?.body ?? null);
  return {
    findBlob: (repository, digest) =>
      blobs.find(keyOf(repository, { digest }), blob, { repository, digest }),
    async findManifest(repository, reference): Promise<StoredManifest | null> {
      const key = keyOf(repository, reference);
      const found =
        pulled.peek(key) ??
        ("tag" in reference
          ? await pulled.find(key, manifestByTag, { repository, tag: reference.tag })
          : await pulled.find(key, manifestByDigest, { repository, digest: reference.digest }));
      if (found === null) return null;
      const body = found.body ?? (await large.find({ repository, digest: found.digest }));
      return body === null ? null : { ...found, body };
    },
    findManifestSummary(repository, reference) {
      const key = keyOf(repository, reference);
      return "tag" in reference
        ? asked.find(key, summaryByTag, { repository, tag: reference.tag })
        : asked.find(key, summaryByDigest, { repository, digest: reference.digest });
    },
    listTags: (repository, page) => rows.read((tx) => listTags(tx, repository, page)),
    listRepositories: async ({ after, limit }) =>
      cut(await rows.list(repositoryPage, { after: after ?? "", limit: limit + 1 }), limit),
  };
}

function* listTags(
  tx: Tx,
  repository: RepositoryName,
  { after, limit }: PageRequest,
): Body<Page<Tag> | null> {
  const found = yield* tx.all(tagPage, { repository, after: after ?? "", limit: limit + 1 });
  if (found.length === 0 && (yield* tx.get(anyRepository, { repository })) === undefined) {
    return null;
  }
  return cut(found, limit);
}

/** Names hold no space, tags no colon. */
function keyOf(repository: RepositoryName, reference: Reference): string {
  return `${repository} ${"tag" in reference ? reference.tag : reference.digest}`;
}

/** One row more was asked for, to know whether any follow. Nothing follows an empty page: it has no last name to go on from. */
function cut<T>(rows: readonly { readonly name: T }[], limit: number): Page<T> {
  const names = rows.slice(0, limit).map(({ name }) => name);
  return { names, more: limit > 0 && rows.length > limit };
}
