// A disk with 64 MiB, for what happens when it is full. Needs root, `mount` and `umount`.
import { statfsSync } from "node:fs";
import { run, tempFolder, unmountUnder } from "./processes.ts";
import type { Scope } from "./scope.ts";

/** Mounts one in memory until the scope closes. @returns its folder. */
export async function mountSmallDisk(scope: Scope): Promise<string> {
  const folder = tempFolder(scope, "disk");
  await run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  scope.defer(() => unmountUnder(folder));
  return folder;
}

/** Bytes that may still be written on the disk of `folder`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
