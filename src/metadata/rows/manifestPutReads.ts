// What storing a manifest asks before it writes anything: all of it at once, so that where answers travel, they travel once.
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type {
  ManifestKey,
  ManifestPut,
  ManifestPutOutcome,
  ManifestReference,
} from "../metadata.ts";
import { surplusOfDigest, surplusOfTag } from "./history.ts";
import type { Body, Tx } from "./rows.ts";
import { contents, manifests, referrers, repositoryContents, tags } from "./schema.ts";
import { listed } from "./spelling.ts";
import { type Params, rawStatement, statement } from "./statement.ts";

interface Named {
  readonly repository: RepositoryName;
  readonly digests: readonly Digest[];
}

const linkedContents = statement((db, { repository, digests }: Params<Named>) =>
  db
    .select({
      digest: repositoryContents.digest,
      size: contents.size,
      releasedAt: contents.releasedAt,
    })
    .from(repositoryContents)
    .innerJoin(contents, eq(contents.digest, repositoryContents.digest))
    .where(
      and(
        eq(repositoryContents.repository, repository),
        inArray(repositoryContents.digest, listed(digests)),
        // Damaged content has to be pushed again, so it is asked for.
        isNull(contents.damagedAt),
      ),
    ),
);
const storedManifests = statement((db, { repository, digests }: Params<Named>) =>
  db
    .select({ digest: manifests.digest, size: manifests.size })
    .from(manifests)
    .where(and(eq(manifests.repository, repository), inArray(manifests.digest, listed(digests)))),
);

/** What a tag names before the push. */
export interface TagBefore {
  /** null: there is no such tag. */
  readonly digest: Digest | null;
  /** The latest of its pushes that is forgotten when another one is noted; null while there is room. */
  readonly surplus: number | null;
}

const tagBefore = rawStatement<{ repository: RepositoryName; tag: Tag }, TagBefore>(
  ({ repository, tag }) => sql`
    SELECT
      (SELECT t.digest FROM ${tags} AS t WHERE t.repository = ${repository} AND t.name = ${tag}) AS digest,
      ${surplusOfTag({ repository, tag })} AS surplus`,
);

const untaggedBefore = rawStatement<ManifestKey, Pick<TagBefore, "surplus">>(
  (given) => sql`SELECT ${surplusOfDigest(given)} AS surplus`,
);

/** How the bytes that are stored under the digest were read. */
export interface ManifestBefore extends Pick<ManifestPut, "artifactType" | "subject"> {
  /** null: none are stored. */
  readonly mediaType: string | null;
  readonly isIntact: 0 | 1;
  /** Some manifest is about it. */
  readonly isSubject: 0 | 1;
}

const manifestBefore = rawStatement<ManifestKey & Pick<ManifestPut, "body">, ManifestBefore>(
  ({ repository, digest, body }) => sql`
    SELECT m.media_type AS "mediaType", m.artifact_type AS "artifactType", m.subject,
      CASE WHEN m.body = ${body} THEN 1 ELSE 0 END AS "isIntact",
      CASE WHEN EXISTS (
        SELECT 1 FROM ${referrers} AS f WHERE f.repository = ${repository} AND f.subject = ${digest}
      ) THEN 1 ELSE 0 END AS "isSubject"
    FROM (SELECT 1) AS one
    LEFT JOIN ${manifests} AS m ON m.repository = ${repository} AND m.digest = ${digest}`,
);

/** The answers. */
export interface Before {
  readonly manifest: ManifestBefore;
  readonly tags: readonly (TagBefore & { readonly tag: Tag })[];
  /** Of pushes without a tag, as `TagBefore` has it. */
  readonly surplus: number | null;
  readonly references: CheckedReferences;
}

/** Asks what is there. */
export function* askBefore(tx: Tx, put: ManifestPut): Body<Before> {
  const { repository, digest, body, references } = put;
  const linked = tx.all(linkedContents, { repository, digests: digestsOf(references) });
  const children = digestsOf(references.filter(({ kind }) => kind === "child"));
  const stored =
    children.length > 0 ? tx.all(storedManifests, { repository, digests: children }) : [];
  const named = put.tags.map((tag) => ({ tag, asked: tx.get(tagBefore, { repository, tag }) }));
  const untagged = named.length === 0 ? tx.get(untaggedBefore, { repository, digest }) : null;
  const manifest = tx.get(manifestBefore, { repository, digest, body });
  const contents = byDigest(yield* linked);
  const manifests = byDigest(Array.isArray(stored) ? stored : yield* stored);
  const found: (TagBefore & { readonly tag: Tag })[] = [];
  for (const { tag, asked } of named) found.push({ tag, ...theRow(yield* asked) });
  return {
    references: checkReferences(references, { contents, manifests }),
    tags: found,
    surplus: untagged === null ? null : theRow(yield* untagged).surplus,
    manifest: theRow(yield* manifest),
  };
}

const digestsOf = (references: readonly ManifestReference[]): Digest[] =>
  references.map(({ digest }) => digest);

const byDigest = <R extends { readonly digest: Digest }>(
  rows: readonly R[],
): ReadonlyMap<Digest, R> => new Map(rows.map((row) => [row.digest, row]));

/** Of a statement that always finds one. */
function theRow<R>(row: R | undefined): R {
  if (row === undefined) throw new Error("a statement found no row");
  return row;
}

/** What a look at the references found. */
export interface CheckedReferences {
  /** Why the manifest cannot be stored: everything that is missing, or else the first wrong size; null when all is well. */
  readonly refusal: ManifestPutOutcome | null;
  /** What other manifests, objects or rows do not name for certain. */
  readonly released: readonly Digest[];
  /** The repository holds something already. */
  readonly isRepositoryKnown: boolean;
}

interface Found {
  readonly contents: ReadonlyMap<
    Digest,
    { readonly size: number; readonly releasedAt: number | null }
  >;
  readonly manifests: ReadonlyMap<Digest, { readonly size: number }>;
}

function checkReferences(
  references: readonly ManifestReference[],
  found: Found,
): CheckedReferences {
  const missing = new Set<Digest>();
  const released: Digest[] = [];
  let sizeDiffers: ManifestPutOutcome | null = null;
  for (const { digest, kind, required, size } of references) {
    const manifest = kind === "child" ? found.manifests.get(digest) : undefined;
    const content = found.contents.get(digest);
    const stored = manifest ?? content;
    if (stored !== undefined && stored.size !== size) {
      sizeDiffers ??= { kind: "sizeDiffers", digest, declared: size, stored: stored.size };
    }
    if (stored === undefined && required) missing.add(digest);
    // A manifest that is stored here may be content as well, which this reference does not name.
    if (manifest !== undefined || content === undefined || content.releasedAt !== null) {
      released.push(digest);
    }
  }
  const lacking = missing.size > 0 ? ({ kind: "missing", digests: [...missing] } as const) : null;
  const isRepositoryKnown = found.contents.size + found.manifests.size > 0;
  return { refusal: lacking ?? sizeDiffers, released, isRepositoryKnown };
}
