// Staged bytes and stored content are one file under two names for a moment, so that no crash can lose both.
import { constants } from "node:fs";
import { copyFile, link, open, rename, rm, writeFile } from "node:fs/promises";
import { errnoOf } from "../../durability/errno.ts";

/** Errors of a file system without hard links: there a crash at this moment costs the client a new upload. */
const withoutLinks: ReadonlySet<string | null> = new Set([
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EMLINK",
]);

/** Gives the file at `from` the name `to` as well; where that cannot be, instead. @throws errno errors. */
export async function giveName(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!withoutLinks.has(errnoOf(error))) throw error;
    await rename(from, to);
  }
}

/**
 * Replaces the name `path` by a copy of its file's first `size` bytes, durably but for the folder: the file itself has another name,
 * under which its bytes must never change.
 */
export async function copyOut(path: string, size: number): Promise<void> {
  const copy = `${path}.copy`;
  try {
    // A closing request that brought everything starts over: nothing of it counts, however much it is.
    if (size === 0) await writeFile(copy, "", { mode: 0o600 });
    else await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await cut(copy, size);
    await rename(copy, path);
  } catch (error) {
    // On a full disk above all.
    await rm(copy, { force: true });
    throw error;
  }
}

async function cut(path: string, size: number): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    await file.truncate(size);
    await file.sync();
  } finally {
    await file.close();
  }
}
