// Where a session's bytes are about to be moved, noted beside them: a crash between the move and the row can then be undone.
// A link, because it is made in one step, with its text or not at all. It names no real place and is never followed.
import { lstat, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, isAbsent } from "./failures.ts";
import type { Locator } from "./storage.ts";

const noteName = "publishing";
const locatorGrammar = /^sha(?:256|512)\/[0-9a-f]{2}\/[0-9a-f]{64,128}\.[0-9a-f-]{36}$/;
/** What a file system answers that has no links: there a crash right here costs the client a new upload. */
const withoutLinks: ReadonlySet<string | null> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP"]);

/** @returns the stored name, or null when `text` is none: no other text may become a path. */
export function readLocator(text: string): Locator | null {
  return locatorGrammar.test(text) ? (text as Locator) : null;
}

/** Writes the note, over an earlier one. @throws errno errors, ENOENT when the session's folder is gone. */
export async function noteMove(folder: string, locator: Locator): Promise<void> {
  const link = join(folder, noteName);
  try {
    await symlink(locator, link);
  } catch (error) {
    if (withoutLinks.has(errnoOf(error))) return;
    if (errnoOf(error) !== "EEXIST") throw error;
    await dropMoveNote(folder);
    await symlink(locator, link);
  }
}

/**
 * Moves the bytes back from where the note says, unless others stand here by now: those came later, from the first one on.
 * @param pathOf a locator's place. @returns false when there is no note; what is no link, or names no stored name, counts as none.
 */
export async function undoMove(
  folder: string,
  pathOf: (locator: Locator) => string,
): Promise<boolean> {
  const locator = readLocator(await readlink(join(folder, noteName)).catch(() => ""));
  if (locator === null) return false;
  const data = join(folder, "data");
  if (await isThere(data)) return true;
  try {
    await rename(pathOf(locator), data);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return true;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Removes the note, or whatever stands in its place. */
export function dropMoveNote(folder: string): Promise<void> {
  return rm(join(folder, noteName), { recursive: true, force: true });
}
