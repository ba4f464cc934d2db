// What a migration has copied so far: a small database of its own next to the old one. A note that is lost costs one copy.
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { CopyNote, CopyNotes } from "../copy.ts";

interface NoteRow {
  readonly digest: Digest;
  readonly size: number;
  readonly locator: Locator;
  readonly damaged: number;
}

const path = (directory: string): string => join(directory, "migration.db");
const endings = ["", "-wal", "-shm"] as const;

/** Opens the notes of a data directory. @param place names the new storage: those about another one are dropped. */
export function openCopyNotes(directory: string, place: string): CopyNotes {
  const found = openFor(path(directory), place);
  if (found !== null) return notesIn(found, directory);
  removeCopyNotes(directory);
  const made = openFor(path(directory), place);
  if (made === null) throw new Error("the notes of a migration cannot be written");
  return notesIn(made, directory);
}

/** Removes the notes of a data directory, if it has any. */
export function removeCopyNotes(directory: string): void {
  for (const ending of endings) rmSync(path(directory) + ending, { force: true });
}

/** @returns null for notes about another storage, and for a file that cannot be read. */
function openFor(file: string, place: string): Database | null {
  const client = new Database(file, { create: true, readwrite: true });
  try {
    client.run("PRAGMA busy_timeout = 10000");
    client.run("PRAGMA journal_mode = WAL");
    client.run("PRAGMA synchronous = NORMAL");
    client.run("CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY)");
    client.run(
      "CREATE TABLE IF NOT EXISTS notes (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, locator TEXT NOT NULL UNIQUE, damaged INTEGER NOT NULL) WITHOUT ROWID",
    );
    client.run("INSERT INTO place SELECT ? WHERE NOT EXISTS (SELECT 1 FROM place)", [place]);
    const known = client.query<{ name: string }, []>("SELECT name FROM place").get();
    if (known?.name === place) return client;
  } catch {
    // Whatever it is: without notes everything is copied again.
  }
  client.close();
  return null;
}

function notesIn(client: Database, directory: string): CopyNotes {
  const find = client.query<NoteRow, [string]>("SELECT * FROM notes WHERE digest = ?");
  const add = client.query("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)");
  return {
    find: (digest) => toNote(find.get(digest)),
    add: ({ digest, size, locator, isDamaged }) =>
      void add.run(digest, size, locator, isDamaged ? 1 : 0),
    keepOnly: async (names) => {
      client.run("CREATE TEMP TABLE seen (locator TEXT PRIMARY KEY) WITHOUT ROWID");
      const see = client.query("INSERT OR IGNORE INTO seen VALUES (?)");
      for await (const page of names) {
        client.transaction(() => page.forEach(({ locator }) => void see.run(locator)))();
      }
      client.run("DELETE FROM notes WHERE locator NOT IN (SELECT locator FROM seen)");
      client.run("DROP TABLE seen");
    },
    close: () => client.close(),
    remove: () => {
      client.close();
      removeCopyNotes(directory);
    },
  };
}

function toNote(row: NoteRow | null): CopyNote | null {
  if (row === null) return null;
  const { digest, size, locator, damaged } = row;
  return { digest, size, locator, isDamaged: damaged !== 0 };
}
