// Commands whose system calls fail, or kill them, at a place that is chosen: strace(1), "Tampering".
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary } from "../support/binary.ts";
import {
  type Finished,
  type RunningProcess,
  run,
  startProcess,
  tempFolder,
  waitFor,
} from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { amountOf } from "../support/share.ts";

/** A place: the `nth` call of one thread, among calls that touch one of `paths`. */
export interface Place {
  /** Names of system calls, separated by commas. */
  readonly calls: string;
  /** From 1; `nth+` is every call from there on. */
  readonly nth: string;
  /** From the data directory; "" is the directory itself. */
  readonly paths: readonly string[];
  /** `signal=KILL`, `error=EIO` … */
  readonly fault: string;
}

/** `breadbox gc` on a data directory: everything that may go. */
export async function gcCommand(data: string): Promise<string[]> {
  return [await breadboxBinary(), "gc", "--data", data, "--yes", "--min-age", "0s"];
}

/** Runs a command on `data` with a fault. Its code is 137 when it was killed. */
export function runWith(place: Place, data: string, command: readonly string[]): Promise<Finished> {
  return run(["strace", ...tampering(place, data), ...command], { mayFail: true });
}

/** Starts a command that goes on, with a fault. Its pid and its code are the command's own: strace runs beside it. */
export function startWith(
  scope: Scope,
  place: Place,
  data: string,
  command: readonly string[],
): RunningProcess {
  const log = join(tempFolder(scope, "strace"), "log");
  const strace = ["strace", "--daemonize", ...tampering(place, data)];
  return startProcess(scope, [...strace, ...command], { log });
}

/** Lets the calls of a running process meet a fault from now on. */
export async function attach(scope: Scope, pid: number, place: Place, data: string): Promise<void> {
  const log = join(tempFolder(scope, "strace"), "log");
  const command = ["strace", ...tampering(place, data), `--attach=${pid}`];
  const tracer = startProcess(scope, command, { log });
  const isTraced = (): boolean => {
    const status = `/proc/${pid}/status`;
    // A call of its own may have met the fault already, and ended it.
    return !existsSync(status) || /^TracerPid:\t[1-9]/m.test(readFileSync(status, "utf8"));
  };
  await waitFor("strace", isTraced, { everyMs: 5, explain: tracer.logs });
}

/** Far more than there are: a count that grows without an end is a fault too. */
const mostKills = 200;
const atOnce = 3;
/** Of the calls at which something can be killed, one of so many is. */
export const killEvery = amountOf("BREADBOX_KILL_EVERY", { share: 3, whole: 1 });

/**
 * Kills at a call, the next one, and so on, some at once, until nothing is killed any more.
 * @param kill at the nth call of a thread; null when the work came to its end before.
 * @param every the distance between two calls; the first one is chance.
 * @returns what each kill came to.
 */
export async function killAtEach<End>(
  kill: (nth: string) => Promise<End | null>,
  every = killEvery,
): Promise<End[]> {
  const ends: End[] = [];
  const start = 1 + Math.floor(Math.random() * every);
  for (let first = start; first <= mostKills; first += atOnce * every) {
    const wave = Array.from({ length: atOnce }, (_, number) => kill(`${first + number * every}`));
    const killed = (await Promise.all(wave)).filter((end) => end !== null);
    ends.push(...killed);
    // A thread counts its own calls: the next number may still meet one.
    if (killed.length === 0) return ends;
  }
  throw new Error(`still killed at the call number ${mostKills}`);
}

/** Arguments of strace, for a command or a running process. */
function tampering({ calls, nth, paths, fault }: Place, data: string): string[] {
  return [
    ...["--follow-forks", "--quiet=all", "--output=/dev/null"],
    ...paths.map((path) => `--trace-path=${join(data, path)}`),
    `--trace=${calls}`,
    `--inject=${calls}:${fault}:when=${nth}`,
  ];
}
