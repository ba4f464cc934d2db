// Entry point of the maintenance worker: work that may block or sync, away from the thread that answers requests.
import { clock, newId } from "../ambient.ts";
import { WriteLatch } from "../content/writeLatch.ts";
import { checkpoint, logState } from "../metadata/sqlite/checkpoint.ts";
import { openSqlite } from "../metadata/sqlite/open.ts";
import { openFilesystem } from "../storage/filesystem.ts";
import type { UploadId } from "../uploads/session.ts";
import { isCheckpointDue, type LogSighting } from "./checkpointRule.ts";
import type { Duties, MaintenanceReport, MaintenanceRequest } from "./protocol.ts";
import { type Dropped, type SweepDeps, sweepUploads } from "./sweep.ts";

declare const self: Worker;

/** How often the log is looked at; ms. */
const lookEveryMs = 1_000;

const report = (message: MaintenanceReport): void => self.postMessage(message);
/** Trips when a sync fails here, or when the server says that one failed there. */
const latch = new WriteLatch((reason) => report({ kind: "latched", reason }));
let lastMoved: string | null = null;
let sighting: LogSighting | null = null;

function lookAtLog(database: string): void {
  if (latch.reason !== null) return;
  const now = performance.now();
  const { bytes, version } = logState(database);
  if (sighting?.version !== version) sighting = { bytes, version, since: now };
  if (!isCheckpointDue(sighting, lastMoved, now)) return;
  try {
    const { logPages, checkpointedPages } = checkpoint(database);
    lastMoved = version;
    const durationMs = performance.now() - now;
    report({ kind: "checkpointed", logPages, checkpointedPages, durationMs });
  } catch (error) {
    reportFailure("checkpoint", error);
  }
}

async function openSweep(directory: string): Promise<SweepDeps> {
  const { metadata } = await openSqlite({ directory, latch, role: "tool", clock, newId });
  const storage = await openFilesystem({ directory, latch, clock, newId });
  return {
    metadata: metadata.uploads,
    storage,
    clock,
    firstSeen: new Map<UploadId, number>(),
    onDropped: (upload) => report({ kind: "dropped", upload }),
  };
}

/** Sweeps at once and then on a schedule; a sweep that takes longer than the interval delays the next one. */
async function keepSweeping({ directory, uploadTimeoutMs, cleanupEveryMs }: Duties): Promise<void> {
  const deps = await openSweep(directory);
  while (latch.reason === null) {
    await sweepOnce(deps, uploadTimeoutMs);
    await Bun.sleep(cleanupEveryMs);
  }
}

async function sweepOnce(deps: SweepDeps, uploadTimeoutMs: number): Promise<void> {
  const startedAt = performance.now();
  let dropped = 0;
  const onDropped = (upload: Dropped): void => {
    dropped += 1;
    deps.onDropped(upload);
  };
  try {
    await sweepUploads({ ...deps, onDropped }, uploadTimeoutMs);
    report({ kind: "swept", dropped, durationMs: performance.now() - startedAt });
  } catch (error) {
    reportFailure("cleanup of uploads", error);
  }
}

function reportFailure(what: string, error: unknown): void {
  report({ kind: "failed", what, message: String(error) });
}

self.onmessage = ({ data }: MessageEvent<MaintenanceRequest>) => {
  switch (data.kind) {
    case "open": {
      const { duties } = data;
      setInterval(() => lookAtLog(duties.database), lookEveryMs);
      keepSweeping(duties).catch((error: unknown) => reportFailure("cleanup of uploads", error));
      break;
    }
    case "halt":
      latch.trip("a sync failed in the server", null);
      break;
    default:
      data satisfies never;
  }
};
