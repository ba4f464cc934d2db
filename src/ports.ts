// A data directory → its two ports, open: one way for the server, its maintenance worker and the commands.
import { clock, newId } from "./ambient.ts";
import type { WriteLatch } from "./durability/writeLatch.ts";
import type { Metadata } from "./metadata/metadata.ts";
import { type OpenedSqlite, openSqlite } from "./metadata/sqlite/open.ts";
import { openFilesystem } from "./storage/filesystem/filesystem.ts";
import type { Storage } from "./storage/storage.ts";

/** What opening needs. */
export interface PortsOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  /** A server holds the directory before it opens; a tool may work while a server runs. */
  readonly role: "server" | "tool";
  /** Starts a worker. Absent where nothing is received or sent. */
  readonly startWorker?: (entry: URL) => Worker;
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
  const { directory, latch, role, startWorker } = options;
  const opened = await openSqlite({ directory, latch, role, clock, newId });
  const { metadata, path, upgraded, voidDeadClaims } = opened;
  try {
    const storage = await openFilesystem({
      ...{ directory, latch, clock, newId },
      ...(startWorker === undefined ? {} : { spawnReader: () => startWorker(readerEntry) }),
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

const readerEntry = new URL("./storage/filesystem/reading/worker.ts", import.meta.url);
