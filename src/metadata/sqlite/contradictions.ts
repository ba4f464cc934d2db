// What must be true of digests and indexes before the rows that decide about life and death are believed (rows/contradictions.ts).
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

/** @returns the first malformed digest or incomplete index, in words; null when there is none. */
export function findMalformed(client: Database): string | null {
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
  return null;
}
