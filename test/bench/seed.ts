// Data that would take an hour to push: rows written by the million into a database of our own making, before a server sees it.
import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { openSqlite } from "../../src/metadata/sqlite/open.ts";
import { digestOf } from "../../src/model/digest.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const dayMs = 86_400_000;

/** Old enough for no lease and no age to keep it. */
const longAgo = (): number => Date.now() - 2 * dayMs;

/** Runs `work` in one transaction on a database with our schema. */
export async function seeding(data: string, work: (database: Database) => void): Promise<void> {
  const { metadata, path } = await openSqlite({
    directory: data,
    latch: new WriteLatch(() => {}),
    role: "tool",
    clock: Date.now,
    newId: () => Bun.randomUUIDv7(),
  });
  await metadata.close();
  const database = new Database(path);
  database.transaction(() => work(database))();
  database.close(true);
}

/** The whole numbers from 0 to below `count`. */
export const numbers = (count: number): string =>
  `WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${count})`;

/** SQL of a digest that is different for each `n`, in no order. */
const scattered = (n: string): string =>
  `'sha256:' || printf('%016x%016x%016x%016x', ${n} * -7046029254386353131, ${n}, ${n} * 3935559000370003845, ${n})`;

function addRepository(database: Database, name: string): void {
  database.run("INSERT OR IGNORE INTO repositories (name, created_at) VALUES (?, ?)", [
    name,
    longAgo(),
  ]);
}

/** An index of nothing. @returns its digest. */
function addEmptyIndex(database: Database, repository: string): string {
  addRepository(database, repository);
  const body = Buffer.from(`{"schemaVersion":2,"mediaType":"${indexType}","manifests":[]}`);
  const digest = digestOf(body);
  database.run(
    "INSERT INTO manifests (repository, digest, media_type, size, pushed_at, body) VALUES (?, ?, ?, ?, ?, ?)",
    [repository, digest, indexType, body.length, longAgo(), body],
  );
  return digest;
}

/** Repositories by name with as many tags, `t0000000` and so on. */
export const seedTags = (data: string, counts: Readonly<Record<string, number>>): Promise<void> =>
  seeding(data, (database) => {
    for (const [repository, count] of Object.entries(counts)) {
      const digest = addEmptyIndex(database, repository);
      database.run(
        `INSERT INTO tags (repository, name, digest, updated_at)
         ${numbers(count)} SELECT ?, printf('t%07d', n), ?, ? FROM numbers`,
        [repository, digest, longAgo()],
      );
    }
  });

/** `count` repositories with a manifest each, `bench/r0000000` and so on. */
export const seedRepositories = (data: string, count: number): Promise<void> =>
  seeding(data, (database) => {
    addEmptyIndex(database, "bench/r0000000");
    database.run(
      `INSERT OR IGNORE INTO repositories (name, created_at)
       ${numbers(count)} SELECT printf('bench/r%07d', n), ? FROM numbers`,
      [longAgo()],
    );
    database.run(
      `INSERT INTO manifests (repository, digest, media_type, size, pushed_at, body)
       SELECT r.name, m.digest, m.media_type, m.size, m.pushed_at, m.body
       FROM repositories r, (SELECT * FROM manifests LIMIT 1) m WHERE r.name <> m.repository`,
    );
  });

/** A subject that nobody pushed, by a name that stands in no way. */
export const subjectOf = (name: string): string => digestOf(Buffer.from(name));

/** Subjects by name with as many referrers, in one repository. */
export const seedReferrers = (
  data: string,
  repository: string,
  counts: Readonly<Record<string, number>>,
): Promise<void> =>
  seeding(data, (database) => {
    addRepository(database, repository);
    let before = 0;
    for (const [name, count] of Object.entries(counts)) {
      const digest = scattered(`(n + 1 + ${before})`);
      database.run(
        `INSERT INTO manifests (repository, digest, media_type, artifact_type, subject, size, pushed_at, body)
         ${numbers(count)} SELECT ?, ${digest}, '${indexType}', 'application/vnd.bench.signature', ?, 2, ?, x'7b7d' FROM numbers`,
        [repository, subjectOf(name), longAgo()],
      );
      before += count;
    }
    database.run(
      `INSERT INTO referrers (repository, subject, digest, artifact_type, annotations)
       SELECT repository, subject, digest, artifact_type, '{"bench":"referrer"}' FROM manifests WHERE subject IS NOT NULL`,
    );
  });

/** What a collection finds: stored files of 4 KiB, the first half of which manifests name. */
export interface GarbageSeed {
  readonly blobs: number;
  readonly orphans: number;
  readonly manifests: number;
  /** Of each manifest. */
  readonly references: number;
}

/** Fills one repository with content, linked, and with manifests under a tag each that name what is no orphan. */
export const seedGarbage = (data: string, repository: string, seed: GarbageSeed): Promise<void> =>
  seeding(data, (database) => {
    addRepository(database, repository);
    database.run("CREATE TEMP TABLE stored (n integer PRIMARY KEY, digest text NOT NULL)");
    const contents = database.prepare(
      "INSERT INTO contents (digest, size, locator, created_at, kept_until) VALUES (?, ?, ?, ?, ?)",
    );
    const stored = database.prepare("INSERT INTO stored VALUES (?, ?)");
    for (let n = 0; n < seed.blobs; n += 1) {
      const { digest, locator, size } = storeFile(data);
      contents.run(digest, size, locator, longAgo(), longAgo());
      stored.run(n, digest);
    }
    database.run(
      "INSERT INTO repository_contents (repository, digest, linked_at) SELECT ?, digest, ? FROM stored",
      [repository, longAgo()],
    );
    addManifests(database, repository, seed);
  });

function storeFile(data: string) {
  const bytes = randomBytes(4096);
  const digest = digestOf(bytes);
  const hex = digest.slice("sha256:".length);
  const locator = `sha256/${hex.slice(0, 2)}/${hex}.${Bun.randomUUIDv7()}`;
  const path = join(data, "blobs", locator);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return { digest, locator, size: bytes.length };
}

function addManifests(
  database: Database,
  repository: string,
  { blobs, orphans, manifests, references }: GarbageSeed,
): void {
  database.run(
    `INSERT INTO manifests (repository, digest, media_type, size, pushed_at, body)
     ${numbers(manifests)} SELECT ?, ${scattered("(n + 1)")}, '${indexType}', 2, ?, x'7b7d' FROM numbers`,
    [repository, longAgo()],
  );
  database.run(
    `INSERT INTO tags (repository, name, digest, updated_at)
     SELECT repository, 'm' || rowid, digest, pushed_at FROM manifests`,
  );
  database.run(
    `INSERT INTO manifest_references (repository, manifest, digest, kind, size, required)
     ${numbers(references)} SELECT m.repository, m.digest, s.digest, 'blob', 4096, 1
     FROM manifests m, numbers JOIN stored s ON s.n = (m.rowid * ${references} + numbers.n) % ${blobs - orphans}`,
  );
}
