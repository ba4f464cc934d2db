// Entry point of the maintenance worker: work that may block or sync, away from the thread that answers requests.
import { checkpoint, logState } from "../metadata/sqlite/checkpoint.ts";
import { isCheckpointDue, type LogSighting } from "./checkpointRule.ts";
import type { MaintenanceReport, MaintenanceRequest } from "./protocol.ts";

declare const self: Worker;

/** How often the log is looked at; ms. */
const lookEveryMs = 1_000;

const report = (message: MaintenanceReport): void => self.postMessage(message);
let timer: Timer | null = null;
let lastMoved: string | null = null;
let sighting: LogSighting | null = null;

function lookAtLog(database: string): void {
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
    report({ kind: "failed", what: "checkpoint", message: String(error) });
  }
}

self.onmessage = ({ data }: MessageEvent<MaintenanceRequest>) => {
  switch (data.kind) {
    case "open":
      timer = setInterval(() => lookAtLog(data.database), lookEveryMs);
      break;
    case "halt":
      if (timer !== null) clearInterval(timer);
      break;
    default:
      data satisfies never;
  }
};
