// What /proc tells about a process and its descendants: memory, CPU time, children. Linux only, like the tests that use it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** USER_HZ: the unit of CPU times in /proc; 100 on every Linux architecture this project is built for. */
const ticksPerSecond = 100;

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
};

/** Fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets (proc(5)). */
const statFields = (pid: number): string[] | null => {
  const text = read(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
};

const statusBytes = (pid: number, field: "VmRSS" | "VmHWM"): number => {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return Number(match?.[1] ?? 0) * 1024;
};

/** The process and all its descendants, parents first; a process that has ended is left out. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(statFields(Number(entry))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree.filter((pid) => statFields(pid) !== null);
}

/** When a process started, in ticks since boot: with its number it names the process for good. Null when it is gone. */
export const startTime = (pid: number): string | null => statFields(pid)?.[19] ?? null;

/** User and system seconds that the given processes have used so far (all threads). */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    if (fields !== null) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/**
 * User and system seconds that a process and its descendants have used so far, those included that have ended: the kernel adds their time to the
 * parent that waited for them. A descendant whose parent has ended before it counts no more.
 */
export function treeCpuSeconds(root: number): number {
  let ticks = 0;
  // Children first: the time of one that ends meanwhile is then found with its parent.
  for (const pid of processTree(root).toReversed()) {
    for (const field of statFields(pid)?.slice(11, 15) ?? []) ticks += Number(field);
  }
  return ticks / ticksPerSecond;
}

/** Resident bytes of the given processes now. */
export const rssBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + statusBytes(pid, "VmRSS"), 0);

/** Of them, those that are in no file: the kernel cannot take them back without a swap. */
export const anonymousBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const match = /^Anonymous:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "");
    return sum + Number(match?.[1] ?? 0) * 1024;
  }, 0);

/** Highest resident bytes since the start of each process or its last {@link resetPeakRss}. */
export const peakRssBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + statusBytes(pid, "VmHWM"), 0);

/** Lets the peak begin again at the present value (proc(5), clear_refs: 5). */
export function resetPeakRss(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** CPU seconds of the whole machine since boot. */
export interface MachineCpu {
  readonly busy: number;
  readonly total: number;
}

/** Reads the first line of /proc/stat. Waiting for the disk counts as idle; time taken by the hypervisor as busy. */
export function machineCpu(): MachineCpu {
  const line = (read("/proc/stat") ?? "").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    line.split(/\s+/).slice(1).map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy: busy / ticksPerSecond, total: (busy + idle + iowait) / ticksPerSecond };
}
