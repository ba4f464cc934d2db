// Directories and small files of a source, read with care: they were written by somebody else. Calls block: for 100,000 small files
// handing each call to another thread costs more than the call.
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { SourceError } from "./source.ts";

/** @returns null when there is no such file, or it has more bytes than `most`. @throws SourceError when it cannot be read, or is a link. */
export function readSmall(path: string, most: number): Buffer | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    return absentOrRefused(error, path);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > most) return null;
    const bytes = Buffer.allocUnsafe(stats.size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, stats.size, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** What is in a folder; nothing when there is none. @throws SourceError when it cannot be read. */
export function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    return absentOrRefused(error, folder) ?? [];
  }
}

/** What cannot be read must not pass for absent: images would be left behind without a word. */
function absentOrRefused(error: unknown, path: string): null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  if (code === "ELOOP") {
    throw new SourceError(
      `${path} is a symbolic link, which is not followed: put the file itself there`,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    throw new SourceError(
      `this user may not read ${path}: run the command as a user who may read the whole directory and write the data directory, or as root`,
    );
  }
  throw error;
}
