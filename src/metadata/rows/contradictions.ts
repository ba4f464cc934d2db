// What must be true of the rows that decide about life and death before any of them is believed.
import { sql } from "drizzle-orm";
import type { Rows } from "./rows.ts";
import { rawStatement } from "./statement.ts";

/** Manifests of these types always name a config: without a reference, what keeps their blobs is lost. */
const images = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

interface Found {
  readonly name: string;
}

/** An image that names nothing any more. */
const bereft = rawStatement<object, Found>(
  () => sql`SELECT m.repository || '@' || m.digest AS name FROM manifests AS m
  WHERE m.media_type IN (${sql.raw(images.map((type) => `'${type}'`).join(", "))}) AND NOT EXISTS (
    SELECT 1 FROM manifest_references AS r WHERE r.repository = m.repository AND r.manifest = m.digest
  ) LIMIT 1`,
);

/** An object whose content has no row: something is lost, and nobody knows how much. Both indexes are walked in one order. */
const bodiless = rawStatement<object, Found>(
  () => sql`SELECT b.name || '/' || o.name AS name FROM objects AS o INDEXED BY objects_by_digest
  LEFT JOIN buckets AS b ON b.id = o.bucket_id
  WHERE o.digest >= '' AND NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.digest = o.digest) LIMIT 1`,
);

/** A tag whose manifest has no row: nobody knows what it named. */
const headless = rawStatement<object, Found>(
  () => sql`SELECT t.repository || ':' || t.name AS name FROM tags AS t WHERE NOT EXISTS (
    SELECT 1 FROM manifests AS m WHERE m.repository = t.repository AND m.digest = t.digest
  ) LIMIT 1`,
);

/** A bucket that has lost rows of objects, and with them what keeps their content. */
const bereaved = rawStatement<object, Found>(
  () => sql`SELECT b.name FROM buckets AS b WHERE (
  SELECT b.object_count > count(*) OR b.object_bytes > coalesce(sum(o.size), 0)
  FROM objects AS o WHERE o.bucket_id = b.id) LIMIT 1`,
);

/** A stored name on its way out that a row of content has. Content is read once, and only if anything is on its way out. */
const trashInUse = rawStatement<object, Found>(
  () => sql`SELECT locator AS name FROM contents
  WHERE EXISTS (SELECT 1 FROM trash) AND locator IN (SELECT locator FROM trash) LIMIT 1`,
);

const all = [
  [bereft, (name: string) => `the references of the image ${name} are lost`],
  [headless, (name: string) => `the manifest of the tag ${name} is lost`],
  [bodiless, (name: string) => `the content of the object ${name} has no row`],
  [bereaved, (name: string) => `the bucket ${name} has lost objects that it counted`],
  [trashInUse, (name: string) => `${name} is on its way out, and a row names it`],
] as const;

/** @returns the first contradiction, in words; null when there is none. Reads what marking reads, once. */
export async function findContradiction(rows: Rows): Promise<string | null> {
  for (const [statement, words] of all) {
    const found = await rows.find(statement, {});
    if (found !== null) return words(found.name);
  }
  return null;
}
