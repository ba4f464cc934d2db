// What a data directory must hold when nobody writes to it: rows and files that agree.
import { Database } from "bun:sqlite";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "../../../src/model/digest.ts";

const storedName = /^(sha256|sha512)\/([0-9a-f]{2})\/(\2[0-9a-f]+)\.[0-9a-f-]{36}$/;

interface ContentRow {
  readonly locator: string;
  readonly size: number;
}

interface SessionRow {
  readonly id: string;
  readonly offset: number;
}

/** Stored files that no row names: a crash may leave some, nothing else may. */
export interface Audit {
  readonly wrong: readonly string[];
  readonly orphans: readonly string[];
}

/** Compares rows with files, and every stored file's bytes with its name. */
export async function audit(directory: string): Promise<Audit> {
  using database = new Database(join(directory, "breadbox.db"), { readonly: true });
  const contents = database.query<ContentRow, []>("SELECT locator, size FROM contents").all();
  const sessions = database.query<SessionRow, []>("SELECT id, offset FROM upload_sessions").all();
  const files = await storedFiles(directory);
  const named = new Set(contents.map(({ locator }) => locator));
  const wrong = [
    ...contents
      .filter(({ locator, size }) => files.get(locator) !== size)
      .map(({ locator }) => `${locator}: a row without its file`),
    ...(await misnamed(directory, [...files.keys()])),
    ...(await strayFolders(directory, sessions)),
    ...(await shortSessions(directory, sessions)),
  ];
  return { wrong, orphans: [...files.keys()].filter((file) => !named.has(file)) };
}

/** Name under `blobs/` → size. */
async function storedFiles(directory: string): Promise<Map<string, number>> {
  const root = join(directory, "blobs");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = new Map<string, number>();
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(root.length + 1), (await stat(path)).size);
  }
  return files;
}

async function misnamed(directory: string, files: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const file of files) {
    const [, algorithm, , hex] = storedName.exec(file) ?? [];
    const bytes = await Bun.file(join(directory, "blobs", file)).bytes();
    const digest = digestOf(bytes, algorithm === "sha512" ? "sha512" : "sha256");
    if (digest !== `${algorithm}:${hex}`) wrong.push(`${file}: its bytes are ${digest}`);
  }
  return wrong;
}

async function strayFolders(directory: string, sessions: readonly SessionRow[]): Promise<string[]> {
  const known = new Set(sessions.map(({ id }) => id));
  const folders = await readdir(join(directory, "uploads"));
  return folders.filter((id) => !known.has(id)).map((id) => `${id}: a folder without a row`);
}

async function shortSessions(
  directory: string,
  sessions: readonly SessionRow[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { id, offset } of sessions) {
    const found = await stat(join(directory, "uploads", id, "data")).catch(() => null);
    if ((found?.size ?? 0) < offset) wrong.push(`${id}: ${found?.size} of ${offset} bytes`);
  }
  return wrong;
}
