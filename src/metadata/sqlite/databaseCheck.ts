// What SQLite finds when it reads its own file: contradicting pages, and rows that name what is not there.
import type { Database } from "bun:sqlite";
import type { DanglingRow, DatabaseReport } from "../inspection.ts";
import { isDamaged } from "./failures.ts";

/** Faults that are told; one is reason enough to restore a backup. */
const mostFaults = 20;
/** Rows that are told, each with a look of its own. */
const mostRows = 1_000;

/** The columns that say what a row is about, by table. */
const telling = new Map([
  ["repository_contents", "repository || ' ' || digest"],
  ["manifests", "repository || ' ' || digest"],
  ["manifest_references", "repository || ' ' || manifest || ' ' || digest"],
  ["referrers", "repository || ' ' || digest"],
  ["tags", "repository || ':' || name"],
  ["upload_chunks", "session"],
  [
    "objects",
    "coalesce((SELECT b.name FROM buckets AS b WHERE b.id = bucket_id), bucket_id) || '/' || name || ' ' || digest",
  ],
  ["multipart_uploads", "upload_id || ' ' || object_name"],
  ["multipart_parts", "temp_path"],
]);

/** @param thorough compares indexes with tables as well, which takes about three times as long. */
export function checkDatabase(client: Database, thorough: boolean): DatabaseReport {
  const faults = findFaults(client, thorough);
  // A damaged database would contradict itself here as well, at length.
  return { faults, dangling: faults.length > 0 ? [] : findDangling(client) };
}

/** What SQLite finds wrong with its pages, in its words; the first ones. */
export function findFaults(client: Database, thorough: boolean): string[] {
  const check = thorough ? "integrity_check" : "quick_check";
  try {
    const found = client.query(`PRAGMA ${check}(${mostFaults})`).values().flat().map(String);
    return found.filter((line) => line !== "ok");
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return [String(error)];
  }
}

function findDangling(client: Database): DanglingRow[] {
  const found: DanglingRow[] = [];
  for (const row of client.query("PRAGMA foreign_key_check").iterate()) {
    const { table, rowid, parent } = readViolation(row);
    found.push({ table, row: describeRow(client, table, rowid), lacking: parent });
    if (found.length === mostRows) break;
  }
  return found;
}

function readViolation(row: unknown) {
  const { table, rowid, parent } = Object(row);
  return { table: String(table), rowid: Number(rowid), parent: String(parent) };
}

function describeRow(client: Database, table: string, rowid: number): string {
  const columns = telling.get(table);
  if (columns === undefined) return `row ${rowid}`;
  const found = client.query(`SELECT ${columns} FROM ${table} WHERE rowid = ?`).values(rowid);
  return String(found[0]?.[0] ?? `row ${rowid}`);
}
