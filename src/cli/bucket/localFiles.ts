// The files of a folder, for sync.
import { lstat, mkdir, readdir, rm, stat } from "node:fs/promises";
import { LocalFile } from "../../client/pieces.ts";
import { CommandError } from "../../client/problems.ts";
import { Pace, readThrough } from "../../client/reading.ts";
import type { SyncItem } from "./syncPlan.ts";

/** What an interrupted download leaves: it is no file of the folder's own. */
const partEnd = ".part";

/** A folder without the slash at its end. */
export const folderOf = (text: string): string => (text === "/" ? text : text.replace(/\/+$/, ""));

/**
 * Every regular file below a folder, by the path within it. Links are not followed.
 * @param mayMiss true: a folder that is not there is empty. @throws CommandError
 */
export async function listFiles(folder: string, mayMiss: boolean): Promise<readonly SyncItem[]> {
  const found = await stat(folder).catch(() => null);
  if (found === null && mayMiss) return [];
  if (found?.isDirectory() !== true) throw new CommandError(`There is no folder ${folder}.`);
  const items: SyncItem[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith(partEnd)) continue;
    const entry = await lstat(`${folder}/${name}`);
    if (entry.isFile()) items.push({ name, size: entry.size });
  }
  return items.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** True when a file's bytes have this digest. */
export async function hasDigest(path: string, digest: string, stop: AbortSignal): Promise<boolean> {
  if (!digest.startsWith("sha256:")) return false;
  const file = await LocalFile.open(path);
  try {
    const pace = new Pace();
    pace.release();
    const cut = { partBytes: Math.max(1, file.size), fileBytes: file.size };
    return (await readThrough(file, cut, { pace, stop, onBytes: () => {} })).digest === digest;
  } finally {
    await file.close();
  }
}

/** Makes the folder of a file. @throws CommandError */
export async function makeFolderOf(path: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  if (folder === "") return;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new CommandError(
      `${folder} cannot be made: ${error instanceof Error ? error.message : error}`,
    );
  });
}

/** Removes a file; one that is gone is no error. */
export const removeFile = (path: string): Promise<void> => rm(path, { force: true });
