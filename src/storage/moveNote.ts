// Where a session's bytes are about to be moved, noted beside them: a crash between the move and the row can then be undone.
// A link, because it is made in one step, with its text or not at all. It names no real place and is never followed.
import { readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./failures.ts";
import type { Locator } from "./storage.ts";

const noteName = "publishing";
/** What a file system answers that has no links: there a crash right here costs the client a new upload. */
const withoutLinks: ReadonlySet<string | null> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP"]);

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

/** @returns what the note says; null when there is none, or when what stands there is no link. */
export function readMoveNote(folder: string): Promise<string | null> {
  return readlink(join(folder, noteName)).catch(() => null);
}

/** Removes the note, or whatever stands in its place. */
export function dropMoveNote(folder: string): Promise<void> {
  return rm(join(folder, noteName), { recursive: true, force: true });
}
