// Settings → the two ports, open: one way for the server, its maintenance worker and the commands.
import { clock, newId } from "./ambient.ts";
import type { StoreConfig } from "./config/settings.ts";
import type { WriteLatch } from "./durability/writeLatch.ts";
import type { Metadata } from "./metadata/metadata.ts";
import { type CheckpointReport, checkpoint, logState } from "./metadata/sqlite/checkpoint.ts";
import { type OpenedSqlite, openSqlite } from "./metadata/sqlite/open.ts";
import {
  type FilesystemWorker,
  openFilesystem,
  type Serving,
} from "./storage/filesystem/filesystem.ts";
import type { Storage } from "./storage/storage.ts";

/** What opening needs, besides the settings. */
export interface PortsOptions {
  readonly latch: WriteLatch;
  /** A server holds the directory before it opens; a tool may work while a server runs. */
  readonly role: "server" | "tool";
  /** Absent in commands and maintenance, where nothing is received or sent. */
  readonly serving?: ServingPorts;
}

/** Options of a server only. */
export interface ServingPorts extends Omit<Serving, "spawn"> {
  readonly startWorker: (entry: URL) => Worker;
}

/** The write-ahead log: committed rows that are not in the database file yet. */
export interface DatabaseLog {
  /** Its size in bytes, and a version that differs after every write. */
  state(): { readonly bytes: number; readonly version: string };
  /** Moves it into the database. It syncs files: for the maintenance worker only. */
  move(): CheckpointReport;
}

/** Both ports, open. */
export interface Ports extends Pick<OpenedSqlite, "upgraded" | "voidDeadClaims"> {
  readonly latch: WriteLatch;
  readonly metadata: Metadata;
  readonly storage: Storage;
  /** The database's log. */
  readonly log: DatabaseLog;
  /** Closes the bytes, then the rows. */
  close(): Promise<void>;
}

/** Opens the rows, then the bytes. @throws as `openSqlite` and `openFilesystem`, with nothing left open. */
export async function openPorts(
  { data: directory }: StoreConfig,
  { latch, role, serving }: PortsOptions,
): Promise<Ports> {
  const opened = await openSqlite({ directory, latch, role, clock, newId });
  const { metadata, path, upgraded, voidDeadClaims } = opened;
  try {
    const storage = await openFilesystem({
      ...{ directory, latch, clock, newId },
      ...(serving === undefined ? {} : { serving: withWorkers(serving) }),
    });
    const close = async () => {
      await storage.close();
      await metadata.close();
    };
    const log = { state: () => logState(path), move: () => checkpoint(path) };
    return { latch, metadata, storage, log, upgraded, voidDeadClaims, close };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}

const entries: Readonly<Record<FilesystemWorker, URL>> = {
  hashing: new URL("./storage/filesystem/hashing/worker.ts", import.meta.url),
  assembly: new URL("./storage/filesystem/assembly/worker.ts", import.meta.url),
  reading: new URL("./storage/filesystem/reading/worker.ts", import.meta.url),
};

function withWorkers({ startWorker, ...serving }: ServingPorts): Serving {
  return { ...serving, spawn: (worker) => startWorker(entries[worker]) };
}
