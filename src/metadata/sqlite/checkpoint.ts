// Moves committed pages from the log into the database. For a maintenance worker with a connection of its own: it syncs
// files, which must not happen on the thread that answers requests.
import { statSync } from "node:fs";
import { openClient } from "./connection.ts";

/** What a checkpoint found and did. */
export interface CheckpointReport {
  /** Pages the log holds. */
  readonly logPages: number;
  /** How many of them are in the database now. */
  readonly checkpointedPages: number;
  /** True when readers or writers kept it from going further. */
  readonly busy: boolean;
}

/** Above this the log is asked to start over, which makes writers wait for a moment; bytes. */
const restartAbove = 64 * 1024 * 1024;

/** How long a restart waits for readers while writers wait for it, in ms. */
const restartPatience = 20;

/**
 * Checkpoints the database at `path`; a server must be running on it and its store must be writable: after a failed sync of the
 * log nothing may move out of it.
 */
export function checkpoint(path: string): CheckpointReport {
  const client = openClient(path, "tool");
  try {
    client.run(`PRAGMA busy_timeout = ${restartPatience}`);
    // Without locks first, so that a restart finds little left to do.
    const report = run("PASSIVE");
    const pageSize = Number(client.query("PRAGMA page_size").values()[0]?.[0]);
    return report.logPages * pageSize > restartAbove ? run("RESTART") : report;
  } finally {
    client.close(true);
  }

  function run(mode: "PASSIVE" | "RESTART"): CheckpointReport {
    const row = client.query(`PRAGMA wal_checkpoint(${mode})`).values()[0] ?? [];
    const [busy, logPages, checkpointedPages] = row.map(Number);
    return {
      logPages: logPages ?? 0,
      checkpointedPages: checkpointedPages ?? 0,
      busy: busy === 1,
    };
  }
}

/** The log of the database at `path`: its size in bytes, and a version that differs after every write. */
export function logState(path: string): { readonly bytes: number; readonly version: string } {
  const found = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return { bytes: found?.size ?? 0, version: `${found?.size ?? 0}@${found?.mtimeMs ?? 0}` };
}
