// Backups that earlier versions have made: a database of an older schema is restored, brought to this version's, and served whole.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { sha256 } from "../support/bytes.ts";
import { expectStatus, pullAll } from "../support/images.ts";
import { problemsOf } from "../support/inspect.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { bucket, object, unpack, versions } from "./contents.ts";

/** What the Breadbox of that time left out of a snapshot as well. */
const staged = [
  "upload_chunks",
  "upload_sessions",
  "multipart_parts",
  "multipart_uploads",
  "trash",
];

const migrationsIn = (path: string): number => {
  const rows = new Database(path, { readonly: true });
  try {
    return rows.query("SELECT * FROM schema_migrations").all().length;
  } finally {
    rows.close();
  }
};

/** Puts the database as it was before this version changed its schema into the backup, as the version of that time would have. */
function makeOlder(target: string, database: string): string {
  const [id = ""] = readdirSync(join(target, "backups"));
  const folder = join(target, "backups", id);
  const path = join(folder, "breadbox.db");
  rmSync(path);
  const older = new Database(database);
  older.run("VACUUM INTO ?", [path]);
  const tables = older.query("SELECT name FROM sqlite_schema WHERE type = 'table'").values().flat();
  older.close();
  const copy = new Database(path);
  copy.run("PRAGMA journal_mode = OFF");
  for (const table of staged) if (tables.includes(table)) copy.run(`DELETE FROM ${table}`);
  copy.close();
  const manifest = JSON.parse(readFileSync(join(folder, "backup.json"), "utf8"));
  const row = manifest.files.find(({ name }: { name: string }) => name === "breadbox.db");
  Object.assign(row, { size: statSync(path).size, digest: sha256(readFileSync(path)) });
  writeFileSync(join(folder, "backup.json"), JSON.stringify(manifest));
  return path;
}

test.each(versions)(
  "a backup of %s is restored, and served whole with the schema of this version",
  async (name, { tags, mounted }) => {
    await using scope = new Scope();
    const folder = tempFolder(scope, "older");
    const [old, current] = [join(folder, "old"), join(folder, "current")];
    const [target, data] = [join(folder, "target"), join(folder, "restored")];
    for (const place of [old, current]) await unpack(name, place);
    const binary = await breadboxBinary();
    await run([binary, "backup", target, "--data", current]);
    const older = makeOlder(target, join(old, "breadbox.db"));

    await run([binary, "backup", "verify", target]);
    await run([binary, "restore", target, "--data", data, "--verify"]);
    const { url, stop } = await startBreadbox(scope, { data });

    const ours = migrationsIn(join(current, "breadbox.db"));
    expect(migrationsIn(older)).toBeLessThanOrEqual(ours);
    expect(migrationsIn(join(data, "breadbox.db"))).toBe(ours);
    for (const [tag, digest] of Object.entries(tags)) {
      expect((await pullAll(`${url}/v2/team/app`, tag)).digest).toBe(digest);
    }
    await expectStatus(await fetch(`${url}/v2/team/copy/blobs/${mounted}`), 200);
    const answer = await fetch(`${url}/v1/buckets/${bucket}/objects/${object.name}`);
    expect(Buffer.compare(await answer.bytes(), object.bytes)).toBe(0);
    await stop();
    expect(await problemsOf(data)).toEqual([]);
  },
  120_000,
);
