// A supervised hashing worker: when it counts as hung, and what is done while none lives.
import { Pulse } from "../../../workers/pulse.ts";
import { type Need, Supervisor } from "../../../workers/supervisor.ts";
import { openStagedFiles } from "../stagedFiles.ts";
import { StagedFollower } from "./follower.ts";
import type { HashingOptions } from "./hashing.ts";
import type { HashReport, HashRequest } from "./protocol.ts";

const silenceMs = 5_000;
/** How long the server hashes in its main thread before a worker is tried again. Unit: ms. */
const fallbackMs = 60_000;

/** Takes what a hashing worker takes. */
export type HashWorker = Supervisor<Exclude<HashRequest, { kind: "open" }>, HashReport>;

/** The receivers of a worker's results. */
export interface HashWorkerListeners {
  readonly need: () => Need;
  readonly onReport: (report: HashReport) => void;
  /** A worker was lost, and the next one knows nothing. */
  readonly onLost: (reason: string) => void;
  /** Workers are tried again, and know nothing. */
  readonly onRetry: () => void;
}

/** One worker, its replacements, and the server's own thread when three in a row have died. */
export function makeHashWorker(
  { spawn, directory, onNotice }: HashingOptions,
  { need, onReport, onLost, onRetry }: HashWorkerListeners,
): HashWorker {
  const pulse = new Pulse();
  return new Supervisor({
    ...{ spawn, silenceMs, need, onReport, onLost },
    idleMs: Number.POSITIVE_INFINITY,
    hello: { kind: "open", directory, pulse: pulse.shared } satisfies HashRequest,
    disk: {
      pulse,
      onSlow: () => onNotice("the disk is slow: hashing waits for it"),
    },
    fallback: {
      start: (report) => new StagedFollower(openStagedFiles(directory), report),
      lastsMs: fallbackMs,
      onStart: () =>
        onNotice("no hashing worker is running: the server hashes in its main thread, more slowly"),
      onEnd: () => {
        onNotice("hashing workers are tried again");
        onRetry();
      },
    },
  });
}
