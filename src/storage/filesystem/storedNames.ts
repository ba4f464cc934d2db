// Names under blobs/: the content each belongs to, its claim and its time. Read from the folders alone, without rows.
import { type Dirent, lstatSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, readDigest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { StoredName } from "../content.ts";
import { isAbsent } from "./failures.ts";
import { type Look, lookOf } from "./reading/lately.ts";

const algorithms = ["sha256", "sha512"] as const;
const prefix = /^[0-9a-f]{2}$/;
const fileName =
  /^([0-9a-f]{64}|[0-9a-f]{128})\.([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** One folder of names at a time. Other names are no content, and are left out. @throws when a folder cannot be read. */
export async function* listStoredNames(blobs: string): AsyncGenerator<readonly StoredName[]> {
  for (const algorithm of algorithms) {
    const folders = await entriesOf(join(blobs, algorithm));
    for (const { name } of folders.filter((entry) => prefix.test(entry.name))) {
      const files = await entriesOf(join(blobs, algorithm, name));
      const found = files.map((file) => readStoredName(`${algorithm}/${name}/${file.name}`));
      yield found.filter((each) => each !== null);
    }
  }
}

/** The entry at a path, without following a link; null when there is none. Only a regular file has a content's size. */
export async function lookAt(path: string): Promise<Look | null> {
  try {
    return lookOf(await lstat(path));
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** The same on this thread: for what the system has in memory. */
export function lookAtOnce(path: string): Look | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : lookOf(found);
}

/** @param path relative to `blobs/`. @returns null when nothing that is published has such a name. */
export function readStoredName(path: string): StoredName | null {
  const [algorithm = "", folder = "", file = "", ...rest] = path.split("/");
  const [, hex = "", owner = ""] = fileName.exec(file) ?? [];
  const digest: Digest | null = readDigest(`${algorithm}:${hex}`);
  if (digest === null || rest.length > 0 || folder !== hex.slice(0, 2)) return null;
  // The first 48 bits of a UUIDv7 are the time (RFC 9562, 5.7).
  const publishedAt = Number.parseInt(owner.replace("-", "").slice(0, 12), 16);
  return { locator: path as Locator, digest, owner, publishedAt };
}

/** A folder's entries, in the order of their names; none when the folder is absent: those of sessions come and go. */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
