// A data directory → its two ports, open: one way for the server, its maintenance worker and the commands.
import { clock, newId } from "./ambient.ts";
import type { WriteLatch } from "./durability/writeLatch.ts";
import type { Metadata } from "./metadata/metadata.ts";
import { type OpenedSqlite, openSqlite } from "./metadata/sqlite/open.ts";
import {
  type FilesystemWorker,
  openFilesystem,
  type Serving,
} from "./storage/filesystem/filesystem.ts";
import type { Storage } from "./storage/storage.ts";

/** What opening needs. */
export interface PortsOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  /** A server holds the directory before it opens; a tool may work while a server runs. */
  readonly role: "server" | "tool";
  /** Absent in commands and maintenance, where nothing is received or sent. */
  readonly serving?: ServingPorts;
}

/** What a server needs besides. */
export interface ServingPorts extends Omit<Serving, "spawn"> {
  readonly startWorker: (entry: URL) => Worker;
}

/** Both ports, open. */
export interface Ports extends Pick<OpenedSqlite, "upgraded" | "voidDeadClaims"> {
  readonly latch: WriteLatch;
  readonly metadata: Metadata;
  readonly storage: Storage;
  /** The database file. */
  readonly database: string;
  /** Closes the bytes, then the rows. */
  close(): Promise<void>;
}

/** Opens the rows, then the bytes. @throws as `openSqlite` and `openFilesystem`, with nothing left open. */
export async function openPorts(options: PortsOptions): Promise<Ports> {
  const { directory, latch, role, serving } = options;
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
    return { latch, metadata, storage, database: path, upgraded, voidDeadClaims, close };
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
