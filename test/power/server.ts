// The executable on a disk that can lose its power, and what must hold of that disk before the executable starts and after it.
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import { damagedFiles } from "../support/dataFolder.ts";
import { problemsOf } from "../support/inspect.ts";
import type { Disk } from "../support/powerLoss/powerLoss.ts";
import {
  answers200,
  type RunningProcess,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { BrokenPromise } from "./promise.ts";

/** In the disk's folder. The server makes it, with the folder above it. */
export const data = "srv/data";

/** The data directory of a mounted disk. */
export const dataOn = (disk: Disk): string => join(disk.folder, data);

/** A server that was started, or that met the end of the power first. */
export interface StartedServer {
  readonly process: RunningProcess;
  /** False when the power failed first. */
  readonly isReady: boolean;
}

/** Starts it. @throws BrokenPromise with its log when it ends by itself. */
export async function startServer(scope: Scope, disk: Disk, port: number): Promise<StartedServer> {
  const url = `http://127.0.0.1:${port}`;
  const log = join(tempFolder(scope, "server"), "log");
  const command = ["serve", "--data", dataOn(disk), "--listen", `127.0.0.1:${port}`];
  const process = startProcess(scope, [await breadboxBinary(), ...command], {
    log,
    // Sweeping all the time: it must not take what belongs to somebody.
    env: {
      BREADBOX_STORAGE_CLEANUP_INTERVAL: "1s",
      BREADBOX_JOBS_CLEANUP_SWEEP_INTERVAL_SECONDS: "1",
      BREADBOX_JOBS_CLEANUP_GRACE_PERIOD_SECONDS: "0",
    },
  });
  let isReady = false;
  await waitFor(
    "the server",
    async () => {
      isReady = await answers200(`${url}/readyz`);
      if (process.hasExited() && disk.hasPower()) throw new BrokenPromise(process.logs());
      return isReady || !disk.hasPower();
    },
    { everyMs: 5, explain: process.logs },
  );
  return { process, isReady };
}

/** By the words of fsck: database, rows, files, sessions. @throws BrokenPromise. */
export async function assertClean(disk: Disk): Promise<void> {
  const [first, ...others] = await problemsOf(dataOn(disk));
  if (first !== undefined) throw new BrokenPromise(`fsck: ${first}, and ${others.length} more`);
}

/** Every stored file has the hash of its name. @throws BrokenPromise. */
export async function assertUndamaged(disk: Disk): Promise<void> {
  const [first, ...others] = await damagedFiles(dataOn(disk));
  if (first !== undefined) throw new BrokenPromise(`${first}, and ${others.length} more`);
}
