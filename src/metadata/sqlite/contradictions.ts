// What must be true of the rows that decide about life and death before any of them is believed.
import type { Database } from "bun:sqlite";

/** A digest in any other spelling names nothing: what it should name would look like garbage. */
const isMalformed = (column: string) => `(${column} = lower(${column}) AND (
  substr(${column}, 1, 7) = 'sha256:' AND length(unhex(substr(${column}, 8))) = 32
  OR substr(${column}, 1, 7) = 'sha512:' AND length(unhex(substr(${column}, 8))) = 64)) IS NOT TRUE`;

/** Indexes that marking believes; an entry that is missing there would be a reference that is not seen. */
const believed = [
  ["manifest_references", "manifest_references_by_digest"],
  ["objects", "objects_by_digest"],
  ["repository_contents", "repository_contents_by_digest"],
  ["contents", "sqlite_autoindex_contents_1"],
] as const;

/** Manifests of these types always name a config: without a reference, what keeps their blobs is lost. */
const images = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** An image that names nothing any more. */
const bereft = `SELECT m.repository || '@' || m.digest FROM manifests AS m
  WHERE m.media_type IN (${images.map((type) => `'${type}'`).join(", ")}) AND NOT EXISTS (
    SELECT 1 FROM manifest_references AS r WHERE r.repository = m.repository AND r.manifest = m.digest
  ) LIMIT 1`;

/** An object whose content has no row: something is lost, and nobody knows how much. Both indexes are walked in one order. */
const bodiless = `SELECT b.name || '/' || o.name FROM objects AS o INDEXED BY objects_by_digest
  LEFT JOIN buckets AS b ON b.id = o.bucket_id
  WHERE o.digest >= '' AND NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.digest = o.digest) LIMIT 1`;

/** A tag whose manifest has no row: nobody knows what it named. */
const headless = `SELECT t.repository || ':' || t.name FROM tags AS t WHERE NOT EXISTS (
    SELECT 1 FROM manifests AS m WHERE m.repository = t.repository AND m.digest = t.digest
  ) LIMIT 1`;

/** A bucket that has lost rows of objects, and with them what keeps their content. */
const bereaved = `SELECT b.name FROM buckets AS b WHERE (
  SELECT b.object_count > count(*) OR b.object_bytes > coalesce(sum(o.size), 0)
  FROM objects AS o WHERE o.bucket_id = b.id) LIMIT 1`;

/** A stored name on its way out that a row of content has. Content is read once, and only if anything is on its way out. */
const trashInUse = `SELECT locator FROM contents
  WHERE EXISTS (SELECT 1 FROM trash) AND locator IN (SELECT locator FROM trash) LIMIT 1`;

/** @returns the first contradiction, in words; null when there is none. Reads what marking reads, once. */
export function findContradiction(client: Database): string | null {
  const value = (text: string): unknown => client.query(text).values()[0]?.[0];
  for (const table of ["manifest_references", "objects", "contents"]) {
    const malformed = value(`SELECT digest FROM ${table} WHERE ${isMalformed("digest")} LIMIT 1`);
    if (malformed !== undefined) return `${table} holds a malformed digest, ${String(malformed)}`;
  }
  for (const [table, index] of believed) {
    // One statement sees one moment.
    const [rows, entries] =
      client
        .query(
          `SELECT (SELECT count(*) FROM ${table} NOT INDEXED),
          (SELECT count(*) FROM ${table} INDEXED BY ${index} WHERE digest >= '')`,
        )
        .values()[0] ?? [];
    if (rows !== entries) return `${table} has ${rows} rows and its index has ${entries}`;
  }
  const lost = value(bereft);
  if (lost !== undefined) return `the references of the image ${String(lost)} are lost`;
  const tag = value(headless);
  if (tag !== undefined) return `the manifest of the tag ${String(tag)} is lost`;
  const alone = value(bodiless);
  if (alone !== undefined) return `the content of the object ${String(alone)} has no row`;
  const bucket = value(bereaved);
  if (bucket !== undefined) return `the bucket ${String(bucket)} has lost objects that it counted`;
  const used = value(trashInUse);
  return used === undefined ? null : `${String(used)} is on its way out, and a row names it`;
}
