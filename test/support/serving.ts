// The file system's workers for a store that a test opens.
import type { FilesystemWorker, Serving } from "../../src/storage/filesystem/filesystem.ts";

/** Starts a worker of the file system's, as a server does. */
export const spawnWorker = (worker: FilesystemWorker): Worker =>
  new Worker(new URL(`../../src/storage/filesystem/${worker}/worker.ts`, import.meta.url).href);

/** Small enough for tests to have sessions on both sides of the border. Bytes. */
export const inlineBytes = 256 * 1024;

/** What a server needs besides, with one hasher and nobody who is told anything. */
export function serving(other: Partial<Serving> = {}): Serving {
  const quiet = { onDamaged: () => {}, onWorkerLost: () => {}, onNotice: () => {} };
  return { spawn: spawnWorker, hashers: 1, inlineBytes, ...quiet, ...other };
}
