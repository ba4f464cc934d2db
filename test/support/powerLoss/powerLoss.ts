// Builds and mounts the file system that forgets what was not synced (powerLoss.c says what it models).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../binary.ts";
import { run, startProcess, tempFolder, unmountUnder, waitFor } from "../processes.ts";
import { type Scope, signal } from "../scope.ts";

/** What is synced: SQLite's logs, staged bytes, parts, what is put together from them, folders. */
export type SyncKind = (typeof syncKinds)[number];

/** Every one. */
export const syncKinds = ["wal", "data", "parts", "whole", "folders"] as const;

/** How a disk loses its power. */
export interface DiskOptions {
  /** Holds the disk's content between two mounts; empty at first. */
  readonly backing: string;
  readonly seed: number;
  /** Share of what was not synced that survives all the same, 0 to 100. */
  readonly keepPercent: number;
  /** The power fails before the operation after this many that write or sync; absent: only on `cut`. */
  readonly cutAfter?: number;
  /** Then not before the next sync: the moment at which most depends on what was answered too early. */
  readonly cutAtSync?: boolean;
  /** How long each sync takes, µs. */
  readonly syncTimeUs?: number;
  /** Syncs that it only pretends to do. */
  readonly ignore?: SyncKind;
  /** Syncs that are answered with EIO from `failSyncs` on. */
  readonly fail?: SyncKind;
  /** No file may be opened past the page cache, as on some file systems. */
  readonly refusesDirect?: boolean;
}

/** A mounted disk. */
export interface Disk {
  /** Where it is mounted. */
  readonly folder: string;
  hasPower(): boolean;
  /** Syncs of the kind that was named fail from here on. */
  failSyncs(): void;
  /** Stored content that is not in memory cannot be read from here on: who reads it waits for ever. */
  holdReads(): void;
  /** The power fails now: every call answers EIO from here on. */
  cut(): Promise<void>;
  /** Unmounts; the backing folder then holds what survived. Nobody may have a file open.
   *  @returns what it was asked to do. */
  unmount(): Promise<DiskFigures>;
}

/** What a disk was asked to do. */
export interface DiskFigures {
  /** Operations that wrote or synced. */
  readonly operations: number;
  /** Of these, writes past the page cache. */
  readonly directWrites: number;
}

/** What the file system is built with. */
export const powerLossNeeds = { commands: ["gcc", "pkg-config", "umount"], root: true };

/** Why it cannot be built or mounted here, or null. */
export async function powerLossMissing(): Promise<string | null> {
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  const { code } = await run(["pkg-config", "--exists", "fuse3"], { mayFail: true });
  return code === 0 ? null : "libfuse3-dev is not installed";
}

/** Compiles when the sources have changed. @returns the path of the program. */
export async function buildPowerLoss(): Promise<string> {
  const sources = readdirSync(import.meta.dir).filter((name) => /\.[ch]$/.test(name));
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(join(import.meta.dir, name)));
  const folder = join(projectRoot, ".dev", "cache");
  const program = join(folder, `powerLoss-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const flags = (await run(["pkg-config", "--cflags", "--libs", "fuse3"])).stdout.trim().split(" ");
  const files = sources.filter((name) => name.endsWith(".c"));
  const compile = ["gcc", "-std=gnu17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program];
  await run([...compile, ...files, ...flags], { cwd: import.meta.dir });
  return program;
}

/** Mounts a disk; it is unmounted at the latest when the scope closes. */
export async function mountDisk(scope: Scope, options: DiskOptions): Promise<Disk> {
  const program = await buildPowerLoss();
  const folder = tempFolder(scope, "disk");
  const log = join(tempFolder(scope, "disk-log"), "log");
  const words: (string | number)[] = ["--seed", options.seed, "--keep", options.keepPercent];
  if (options.cutAfter !== undefined) {
    words.push(options.cutAtSync ? "--cut-at-sync-after" : "--cut-after", options.cutAfter);
  }
  words.push("--sync-time", options.syncTimeUs ?? 0);
  words.push("--direct", options.refusesDirect ? "no" : "yes");
  if (options.ignore !== undefined) words.push("--ignore", options.ignore);
  if (options.fail !== undefined) words.push("--fail", options.fail);
  const command = [program, options.backing, folder, ...words.map(String)];
  const daemon = startProcess(scope, command, { log });
  scope.defer(() => unmountUnder(folder));
  const said = (text: string): boolean => daemon.logs().includes(text);
  await waitFor("the disk", () => said("mounted\n"), { everyMs: 2, explain: daemon.logs });
  return {
    folder,
    hasPower: () => !said("the power failed"),
    failSyncs: () => signal(daemon.pid, "SIGUSR2"),
    holdReads: () => signal(daemon.pid, "SIGHUP"),
    async cut() {
      signal(daemon.pid, "SIGUSR1");
      // It notices at the next call.
      await waitFor("the power failure", () => !canList(folder) || said("the power failed"));
    },
    async unmount() {
      await run(["umount", folder]);
      const code = await daemon.exited;
      const stored = /stored after (\d+) operations, (\d+) of them direct\n$/.exec(daemon.logs());
      if (code === 0 && stored !== null) {
        return { operations: Number(stored[1]), directWrites: Number(stored[2]) };
      }
      throw new Error(`the disk ended with ${code}\n${daemon.logs()}`);
    },
  };
}

/** What was asked before is not remembered for this. */
function canList(folder: string): boolean {
  try {
    readdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
