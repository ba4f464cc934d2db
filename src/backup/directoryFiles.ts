// File calls of a target in a directory.
import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { errnoOf } from "../durability/errno.ts";
import type { StoredReader } from "../storage/repair.ts";
import type { TargetFile } from "./target.ts";
import { portionsOf } from "./transfer.ts";

const isAbsent = (error: unknown): boolean => errnoOf(error) === "ENOENT";

/** Names in a folder, ascending; none when it is absent. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Opens a regular file. @returns null when it is absent, or something else. */
export async function openReader(path: string): Promise<StoredReader | null> {
  const file = await openFile(path);
  if (file === null) return null;
  const { handle } = file;
  return {
    read: async (offset, into) => (await handle.read(into, 0, into.byteLength, offset)).bytesRead,
    close: () => handle.close(),
  };
}

/** A regular file as a file of a target. @returns null when it is absent, or something else. */
export async function targetFile(path: string): Promise<TargetFile | null> {
  const found = await openFile(path);
  if (found === null) return null;
  await found.handle.close();
  async function* read(offset: number): AsyncGenerator<Uint8Array> {
    const reader = await openReader(path);
    if (reader === null) throw new Error(`${path} is gone`);
    try {
      yield* portionsOf(reader, offset);
    } finally {
      await reader.close();
    }
  }
  return { size: found.size, read: async (offset) => read(offset) };
}

const onlyFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openFile(path: string) {
  try {
    const handle = await open(path, onlyFile);
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, size: stats.size };
    await handle.close();
    return null;
  } catch (error) {
    if (isAbsent(error) || errnoOf(error) === "ELOOP") return null;
    throw error;
  }
}

/** Writes all of it at the file's position: one call may write less. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    at += (await file.write(bytes, at, bytes.byteLength - at)).bytesWritten;
  }
}

/** True for a folder in a directory, or that directory, wherever links lead. */
export async function isBelow(folder: string, directory: string): Promise<boolean> {
  return `${await realPlace(resolve(folder))}/`.startsWith(
    `${await realPlace(resolve(directory))}/`,
  );
}

/** Where a path is, or would be made. */
async function realPlace(path: string): Promise<string> {
  const parent = dirname(path);
  const real = await realpath(path).catch(() => null);
  return real ?? (parent === path ? path : join(await realPlace(parent), basename(path)));
}

/** What a target's disk answers, in words. */
export function refusalOf(name: string, errno: string, error: unknown): string {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return `there is no space left in ${name}: free some, or keep fewer backups, and run the backup again; it goes on where it ended`;
    case "EROFS":
      return `${name} is on a read-only file system`;
    case "EACCES":
    case "EPERM":
      return `this user may not read and write ${name}; run by root, a backup works as the owner of the data directory`;
    case "ENOTDIR":
    case "EEXIST":
      return `${name} is not a directory`;
    default:
      return `${name} cannot be used: ${error instanceof Error ? error.message : errno}`;
  }
}
