// Rows by the million in a database of PostgreSQL, for the bench.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import postgres from "postgres";

const dayMs = 86_400_000;
const bytes = 4096;
const repositories = 100;
const perManifest = 10;

/** SQL: the hexadecimal digits of a digest that is different for each text. */
const hexOf = (text: string): string => `encode(sha256((${text})::text::bytea), 'hex')`;
const digestOf = (text: string): string => `'sha256:' || ${hexOf(text)}`;
const locatorOf = (n: string): string =>
  `'sha256/' || left(${hexOf(n)}, 2) || '/' || ${hexOf(n)} || '.01890000-0000-7000-8000-' || lpad((${n})::text, 12, '0')`;

/** What a collection finds. */
export interface PostgresGarbage {
  readonly blobs: number;
  /** Linked, and named by no manifest. Only they have files. */
  readonly orphans: number;
}

/** Fills an empty store with content that manifests of a hundred repositories name, and with some that none does; all of it is old. */
export async function seedPostgresGarbage(
  url: string,
  data: string,
  { blobs, orphans }: PostgresGarbage,
): Promise<void> {
  const at = Date.now() - 3 * dayMs;
  const repositoryOf = (n: string) => `'bench/r' || (${n}) % ${repositories}`;
  const manifestOf = (n: string) => digestOf(`'m' || ${n}`);
  const blob = `generate_series(1, ${blobs}) AS n`;
  const manifest = `generate_series(0, ${blobs / perManifest}) AS n`;
  await using sql = connect(url);
  for (const text of [
    `insert into repositories (name, created_at) select ${repositoryOf("n")}, ${at} from generate_series(0, ${repositories - 1}) AS n`,
    `insert into contents (digest, size, locator, created_at, kept_until)
      select ${digestOf("n")}, ${bytes}, ${locatorOf("n")}, ${at}, ${at} from ${blob}`,
    `insert into repository_contents (repository, digest, linked_at)
      select ${repositoryOf(`n / ${perManifest}`)}, ${digestOf("n")}, ${at} from ${blob}`,
    `insert into manifests (repository, digest, media_type, size, pushed_at, body)
      select ${repositoryOf("n")}, ${manifestOf("n")}, 'application/vnd.oci.image.index.v1+json', 2, ${at}, '{}' from ${manifest}`,
    `insert into tags (repository, name, digest, updated_at)
      select ${repositoryOf("n")}, 't' || n, ${manifestOf("n")}, ${at} from ${manifest}`,
    `insert into manifest_references (repository, manifest, digest, kind, size, required)
      select ${repositoryOf(`n / ${perManifest}`)}, ${manifestOf(`(n / ${perManifest})`)}, ${digestOf("n")}, 'blob', ${bytes}, 1
      from ${blob} where n > ${orphans}`,
    // As the database itself does within minutes: without it, no index answers alone.
    "vacuum analyze",
  ]) {
    await sql.unsafe(text);
  }
  const found = await sql.unsafe(
    `select ${locatorOf("n")} as locator from generate_series(1, ${orphans}) AS n`,
  );
  for (const { locator } of found) {
    const path = join(data, "blobs", String(locator));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.alloc(bytes));
  }
}

function connect(url: string) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) });
}
