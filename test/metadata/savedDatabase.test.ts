// What protects a database from its own changes: a copy before a migration, and a number that shows an older one.
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { noteGeneration } from "../../src/metadata/generation.ts";
import { migrations } from "../../src/metadata/sqlite/migrations.ts";
import { type OpenedSqlite, openSqlite } from "../../src/metadata/sqlite/open.ts";
import { parseBucketName } from "../../src/model/objectNames.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { freeBytes, mountSmallDisk } from "../support/smallDisk.ts";

const scope = new Scope();
afterAll(() => scope.close());

const latest = migrations.at(-1)?.tag ?? "";
const open = (directory: string): Promise<OpenedSqlite> =>
  openSqlite({
    ...{ directory, role: "server", clock: Date.now, newId: () => Bun.randomUUIDv7() },
    latch: new WriteLatch(() => {}),
  });
const savedIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.includes(".before-"));

/** A database as the version before the latest migration left it, as far as the list of migrations goes. */
async function olderIn(directory: string): Promise<void> {
  const { metadata } = await open(directory);
  await metadata.close();
  const rows = new Database(join(directory, "breadbox.db"));
  rows.run("DELETE FROM schema_migrations WHERE tag = ?", [latest]);
  rows.run("DROP TABLE backup_runs");
  rows.run("ALTER TABLE store DROP COLUMN generation");
  rows.run("ALTER TABLE store DROP COLUMN restored_at");
  rows.close(true);
}

describe("before a migration", () => {
  test("the database is saved beside itself, and an earlier one is removed", async () => {
    const directory = tempFolder(scope, "saved");
    await olderIn(directory);
    writeFileSync(join(directory, "breadbox.db.before-0001_uploads"), "earlier");

    const { metadata, upgraded } = await open(directory);

    await metadata.close();
    expect(upgraded).toBe(true);
    expect(savedIn(directory)).toEqual([`breadbox.db.before-${latest}`]);
    const rows = new Database(join(directory, savedIn(directory)[0] ?? ""), { readonly: true });
    expect(rows.query("SELECT count(*) AS n FROM schema_migrations").get()).toEqual({
      n: migrations.length - 1,
    });
    rows.close(true);
  });

  test("a new database, and one that needs none, is not saved", async () => {
    const directory = tempFolder(scope, "saved");
    for (let round = 0; round < 2; round += 1) {
      const { metadata } = await open(directory);
      await metadata.close();
    }

    expect(savedIn(directory)).toEqual([]);
  });

  clientTest(
    "a disk without room for it refuses the start, and the database stays as it is",
    { commands: ["mount", "umount"], root: true },
    async (own) => {
      const directory = join(await mountSmallDisk(own), "data");
      await olderIn(directory);
      const before = readFileSync(join(directory, "breadbox.db"));
      // The file that holds the log's index is made first.
      const left = 100_000;
      writeFileSync(join(directory, "filler"), Buffer.alloc(freeBytes(directory) - left));

      const refused = await open(directory).catch(String);

      expect(refused).toContain("cannot be saved beside itself before that");
      expect(savedIn(directory)).toEqual([]);
      expect(readFileSync(join(directory, "breadbox.db")).equals(before)).toBe(true);
    },
  );
});

test("a database that is older than its data directory counts as restored from then on", async () => {
  const directory = tempFolder(scope, "older");
  const note = async (): Promise<number | null> => {
    const { metadata } = await open(directory);
    const restoredAt = await noteGeneration(directory, metadata.backups, 5);
    await metadata.close();
    return restoredAt;
  };
  expect(await note()).toBeNull();
  copyFileSync(join(directory, "breadbox.db"), join(directory, "copy"));
  expect(await note()).toBeNull();

  copyFileSync(join(directory, "copy"), join(directory, "breadbox.db"));

  expect(await note()).toBe(5);
  expect(readFileSync(join(directory, "generation"), "utf8")).toBe("3\n");
});

test("a database whose pages contradict each other is refused at the start, with what to do", async () => {
  const directory = tempFolder(scope, "damaged");
  const { metadata } = await open(directory);
  for (let at = 0; at < 200; at += 1) {
    await metadata.objects.createBucket(parseBucketName(`bucket-${at}`), at);
  }
  await metadata.close();
  const rows = new Database(join(directory, "breadbox.db"));
  const root = "SELECT rootpage FROM sqlite_schema WHERE name = 'buckets'";
  const page = Number(rows.query(root).values()[0]?.[0]);
  const size = Number(rows.query("PRAGMA page_size").values()[0]?.[0]);
  rows.close(true);
  const file = readFileSync(join(directory, "breadbox.db"));
  file.fill(0xff, (page - 1) * size + 100, page * size);
  writeFileSync(join(directory, "breadbox.db"), file);

  const refused = await open(directory).catch(String);

  expect(refused).toContain("breadbox fsck shows what is wrong");
  expect(refused).toContain("breadbox restore TARGET --data NEWDIR");
});
