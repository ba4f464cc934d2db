// A store with as many of everything as asked for: tags, repositories, contents, upload sessions and objects.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { numbers, seeding, seedRepositories, seedTags } from "../seed.ts";

/** The repository that has all the tags, and the bucket that has all the objects. */
export const [tagged, bucket] = ["bench/tags", "growth"];

/**
 * Fills a data directory that no server has seen. Contents have rows and no files: nobody asks for these. Sessions have folders, or the
 * cleanup would end them.
 */
export async function seedAll(data: string, count: number): Promise<void> {
  await seedRepositories(data, count);
  await seedTags(data, { [tagged]: count });
  await seeding(data, (database) => {
    const now = Date.now();
    database.run(
      `INSERT INTO contents (digest, size, locator, created_at, kept_until)
       ${numbers(count)} SELECT 'sha256:' || printf('%064x', n), 1024, 'sha256/00/' || n, ?1, ?1 FROM numbers`,
      [now],
    );
    database.run(
      "INSERT INTO repository_contents (repository, digest, linked_at) SELECT ?, digest, ? FROM contents",
      [tagged, now],
    );
    database.run(
      `INSERT INTO upload_sessions (id, repository, "offset", staging, started_at, updated_at)
       ${numbers(count)} SELECT printf('00000000-0000-7000-8000-%012x', n), ?1, 0, '', ?2, ?2 FROM numbers`,
      [tagged, now],
    );
    for (let n = 0; n < count; n += 1) {
      mkdirSync(join(data, "uploads", sessionId(n)), { recursive: true });
    }
    database.run(
      "INSERT INTO buckets (id, name, created_at, object_count, object_bytes) VALUES (1, ?, ?, ?, ?)",
      [bucket, now, count, 1024 * count],
    );
    database.run(
      `INSERT INTO objects (bucket_id, name, digest, size, content_type, created_at)
       ${numbers(count)} SELECT 1, printf('seeded/o%07d', n), 'sha256:' || printf('%064x', n), 1024, 'text/plain', ? FROM numbers`,
      [now],
    );
  });
}

const sessionId = (n: number): string =>
  `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
