// What must be left when everybody has stopped and the last lease is over: what manifests name and objects are made of, whole, and
// nothing else.
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BucketClient, type BucketOptions } from "../../src/storage/s3/client.ts";
import { Objects } from "../../src/storage/s3/objects.ts";
import { Uploads } from "../../src/storage/s3/uploads.ts";
import { breadboxBinary } from "../support/binary.ts";
import { damagedFiles, storedFiles } from "../support/dataFolder.ts";
import { run } from "../support/processes.ts";

/** What keeps content. */
export interface Keeper {
  readonly repository: string;
  readonly blobs: readonly { readonly digest: string }[];
}

/** A name in a bucket. */
export interface Kept {
  readonly bucket: string;
  readonly name: string;
  /** null when there is no object. */
  readonly content: { readonly digest: string } | null;
}

/** The rows of a database, asked in SQL that every database knows. */
export type Ask = (query: string) => Promise<readonly (readonly unknown[])[]>;

/** Those of the file in a data directory. */
const fileOf =
  (data: string): Ask =>
  async (query) => {
    const database = new Database(join(data, "breadbox.db"), { readonly: true });
    try {
      return database.query(query).values();
    } finally {
      database.close();
    }
  };

/** Compares the data directory, and the rows, with what is live. @returns what differs, in words. */
export async function differences(
  data: string,
  live: Iterable<Keeper>,
  objects: Iterable<Kept> = [],
  ask: Ask = fileOf(data),
  compareBytes: (digests: ReadonlySet<string>, ask: Ask) => Promise<readonly string[]> = (all) =>
    compareFiles(data, all),
): Promise<readonly string[]> {
  const links = new Set<string>();
  const digests = new Set<string>();
  for (const { repository, blobs } of live) {
    for (const { digest } of blobs) {
      links.add(`${repository} ${digest}`);
      digests.add(digest);
    }
  }
  const made = new Set<string>();
  for (const { bucket, name, content } of objects) {
    if (content === null) continue;
    made.add(`${bucket} ${name} ${content.digest}`);
    digests.add(content.digest);
  }
  const column = async (text: string): Promise<Set<string>> =>
    new Set((await ask(text)).map((row) => row.join(" ")));
  return [
    ...compare("rows of content", await column("SELECT digest FROM contents"), digests),
    ...compare("links", await column("SELECT repository, digest FROM repository_contents"), links),
    ...compare("objects", await column(objectRows), made),
    ...compare("trash", await column("SELECT locator FROM trash"), new Set()),
    ...(await compareBytes(digests, ask)),
  ];
}

/** The files of a data directory: one for each digest, whole, and nothing of uploads. */
async function compareFiles(data: string, digests: ReadonlySet<string>): Promise<string[]> {
  const files = (await storedFiles(data)).map((file) => file.split("/").at(-1)?.split(".")[0]);
  return [
    ...compare("folders of uploads", new Set(await multipartFolders(data)), new Set()),
    ...compare("stored files", new Set(files.map((hex) => `sha256:${hex}`)), digests),
    ...(files.length === digests.size ? [] : [`${files.length} files, ${digests.size} digests`]),
    ...(await damagedFiles(data)),
  ];
}

/** A bucket: the objects that rows name, and nothing of uploads. Their bytes are read by `fsck --full`. */
export async function compareBucket(bucket: BucketOptions, ask: Ask): Promise<string[]> {
  const client = new BucketClient(bucket);
  const keys = new Set<string>();
  for await (const page of new Objects(client).list("")) for (const { key } of page) keys.add(key);
  const uploads = new Set<string>();
  for await (const page of new Uploads(client).list(""))
    for (const { key } of page) uploads.add(key);
  client.close();
  const named = (await ask("SELECT locator FROM contents")).map(([locator]) => String(locator));
  return [
    ...compare("objects of the bucket", keys, new Set(["format", ...named])),
    ...compare("uploads of the bucket", uploads, new Set()),
  ];
}

/** Bucket, name and digest of each object. */
export const objectRows =
  "SELECT b.name, o.name, o.digest FROM objects o JOIN buckets b ON b.id = o.bucket_id";

/** Of uploads into buckets, whether they are open or were left. */
async function multipartFolders(data: string): Promise<readonly string[]> {
  const folder = join(data, "tmp", "multipart");
  return existsSync(folder) ? readdir(folder) : [];
}

/** What lives and is not there, whole, with its row and its links; a row of content without its file. @returns them, in words. */
export async function incomplete(
  data: string,
  live: Iterable<Keeper & { readonly manifest: { readonly digest: string } }>,
): Promise<readonly string[]> {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  const missing: string[] = [];
  const has = (query: string, values: readonly string[]): boolean =>
    database.query(query).get(...values) !== null;
  try {
    const files = new Set(await storedFiles(data));
    for (const [locator] of database.query("SELECT locator FROM contents").values()) {
      if (!files.has(String(locator))) missing.push(`the file ${locator}`);
    }
    for (const { repository, manifest, blobs } of live) {
      const query = "SELECT 1 FROM manifests WHERE repository = ? AND digest = ?";
      if (!has(query, [repository, manifest.digest])) missing.push(`manifest ${manifest.digest}`);
      for (const { digest } of blobs) {
        const link = "SELECT 1 FROM repository_contents WHERE repository = ? AND digest = ?";
        if (!has(link, [repository, digest])) missing.push(`the link to ${digest}`);
      }
    }
    return [...missing, ...(await damagedFiles(data)).filter((each) => !each.includes(strayHex))];
  } finally {
    database.close();
  }
}

/** The planted file without a row has a name of its own, and bytes of another. */
const strayHex = "e".repeat(64);

function compare(what: string, found: ReadonlySet<string>, expected: ReadonlySet<string>) {
  const missing = [...expected].filter((each) => !found.has(each));
  const surplus = [...found].filter((each) => !expected.has(each));
  return [
    ...(missing.length === 0 ? [] : [`${what}: ${missing.length} missing, ${missing[0]}`]),
    ...(surplus.length === 0 ? [] : [`${what}: ${surplus.length} too many, ${surplus[0]}`]),
  ];
}

/** Rows that a query finds. */
export function countRows(
  data: string,
  [query, ...values]: readonly [string, ...string[]],
): number {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    return database.query(query).values(...values).length;
  } finally {
    database.close();
  }
}

/** `breadbox fsck --full`. @returns what it prints when anything is wrong; null when nothing is. */
export async function fsckComplaint(
  data: string,
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 120_000,
): Promise<string | null> {
  const command = [await breadboxBinary(), "fsck", "--full", "--data", data];
  const { code, output } = await run(command, { env, timeoutMs, mayFail: true });
  return code === 0 ? null : `${code} ${output}`;
}
