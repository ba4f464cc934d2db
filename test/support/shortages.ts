// Descriptors that run out: the limit of running processes is lowered to what they have open, for moments.
import { readdirSync, readFileSync } from "node:fs";
import { run } from "./processes.ts";

/** So few are left that requests fail, and so many that some do not. */
const [fewestLeft, mostLeft] = [2, 30];
const [longestPauseMs, longestShortageMs] = [20_000, 1_500];

/**
 * Makes descriptors short now and then, until it is stopped.
 * @param onBegin is told when a shortage is about to begin. @returns how often.
 */
export async function runShort(
  processes: { readonly pids: readonly number[] },
  { random, onBegin }: { readonly random: () => number; readonly onBegin: () => void },
  stopped: AbortSignal,
): Promise<number> {
  let count = 0;
  while (!stopped.aborted) {
    await Bun.sleep(random() * longestPauseMs);
    const pid = processes.pids[Math.floor(random() * processes.pids.length)] ?? 0;
    const left = fewestLeft + Math.floor(random() * (mostLeft - fewestLeft));
    const usual = limitOf(pid);
    onBegin();
    if (usual === null || !(await limit(pid, openOf(pid) + left))) continue;
    count += 1;
    await Bun.sleep(random() * longestShortageMs);
    await limit(pid, usual);
  }
  return count;
}

/** The soft limit alone, so that it can be raised again. @returns false when the process is gone. */
async function limit(pid: number, most: number): Promise<boolean> {
  const command = ["prlimit", "--pid", String(pid), `--nofile=${most}:`];
  return (await run(command, { mayFail: true })).code === 0;
}

/** @returns the soft limit; null when the process is gone. */
function limitOf(pid: number): number | null {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  } catch {
    return null;
  }
}

function openOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // It was killed.
    return 0;
  }
}
