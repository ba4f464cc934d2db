// Child processes of tests: run to the end, or start, watch and stop by pid. Also temporary folders, ports and waiting.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peakRssBytes, processTree, startTime } from "./procfs.ts";
import { adopt, release, type Scope, signal } from "./scope.ts";

type Env = Readonly<Record<string, string>>;

/** What every child gets: nothing that could make a client use a proxy, a login or a configuration of this machine. */
const baseEnv = (): Env => ({
  PATH: process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: tmpdir(),
  TMPDIR: tmpdir(),
  LANG: "C.UTF-8",
});

/** A new empty folder under the system's temporary one, removed when the scope closes. */
export function tempFolder(scope: Scope, purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `breadbox-${purpose}-`));
  scope.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The same in memory where the machine has that: for what is not about disks. */
export function memoryFolder(scope: Scope, purpose: string): string {
  const path = mkdtempSync(join(memoryPlace(), `breadbox-${purpose}-`));
  scope.defer(() => rm(path, { recursive: true, force: true }));
  return path;
}

const memory = "/dev/shm";
/** Bytes that have to be free there. A container may have 64 MiB. */
const leastMemory = 2 ** 30;

/** The folder whose files are in memory; the system's temporary one where there is none, or too little is left. A store makes 256 folders,
 *  and a disk takes seconds for those of a hundred tests. */
export function memoryPlace(): string {
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= leastMemory ? memory : tmpdir();
}

/** Below those that the system gives to outgoing connections and to listeners without a port of their own. */
const [lowestPort, portsAtOnce, blocks] = [16_384, 128, 128];
/** Kept open until the process ends. */
const reserved: unknown[] = [];
let block: { readonly first: number; next: number } | null = null;

/** A port on 127.0.0.1 that nobody listens on. No call returns the same one, in any process of this machine that asks here: who asked may not
 *  listen yet, or may have stopped to start again. */
export function freePort(): number {
  for (;;) {
    block ??= { first: lowestPort + portsAtOnce * reserveBlock(), next: 0 };
    while (block.next < portsAtOnce) {
      const port = block.first + block.next;
      block.next += 1;
      if (isFree(port)) return port;
    }
    block = null;
  }
}

/** Reserves ports for this process until it ends, however it ends: by a name that the kernel gives to one process at a time. */
function reserveBlock(): number {
  const start = Math.floor(Math.random() * blocks);
  for (let tries = 0; tries < blocks; tries += 1) {
    const number = (start + tries) % blocks;
    if (reserve(`breadbox test, ports ${number}`)) return number;
  }
  throw new Error(`all ports from ${lowestPort} on are reserved by tests that run`);
}

function reserve(name: string): boolean {
  // Only Linux has names of sockets that are no files.
  if (process.platform !== "linux") return true;
  try {
    const held = Bun.listen({ unix: `\0${name}`, socket: { data() {} } });
    held.unref();
    reserved.push(held);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

const noExplanation = (): string => "";

/** Asks `condition` every `everyMs` until it holds.
 *  @throws Error naming `what` after `timeoutMs`, with whatever `explain` adds. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 30_000, everyMs = 20, explain = noExplanation } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms\n${explain()}`);
    }
    await Bun.sleep(everyMs);
  }
}

/** Whether an HTTP GET of `url` is answered with 200 right now. */
export async function answers200(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { keepalive: false });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Puts a command somewhere else, such as into other namespaces. */
export type Inside = (command: readonly string[]) => string[];

/** Leaves a command where it is. */
export const here: Inside = (command) => [...command];

/** How a command ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** The same before it was read as UTF-8. */
  readonly stdoutBytes: Uint8Array;
  /** stdout, then stderr, then whether it was killed at its time limit: what to show a person. */
  readonly output: string;
  /** User and system time it used. */
  readonly cpuSeconds: number;
  /** Highest resident bytes, looked at now and then: what the kernel tells at the end counts our own memory, which was the child's at first. */
  readonly peakRssBytes: number;
}

/** How to run a command. */
export interface RunOptions {
  readonly env?: Env;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** Return a non-zero code instead of throwing it. */
  readonly mayFail?: boolean;
  /** What the command reads from standard input; default nothing. */
  readonly input?: string;
}

const watchEveryMs = 20;

const lateText = (timeoutMs: number): string =>
  `(killed by the test: it had not ended after ${timeoutMs / 1000} s)\n`;

/** Runs a command to its end.
 *  @throws Error with the command, its code and all its output when it fails and `mayFail` is not set. */
export async function run(command: string[], options: RunOptions = {}): Promise<Finished> {
  const { timeoutMs = 120_000 } = options;
  const begun = performance.now();
  const child = Bun.spawn(command, {
    env: { ...baseEnv(), ...options.env },
    cwd: options.cwd ?? tmpdir(),
    stdin: options.input === undefined ? "ignore" : new Blob([options.input]),
    stdout: "pipe",
    stderr: "pipe",
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  adopt(child.pid);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakRssBytes([child.pid]));
  }, watchEveryMs);
  const [stdoutBytes, stderr, code] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited,
  ]).finally(() => clearInterval(watch));
  release(child.pid);
  const stdout = new TextDecoder().decode(stdoutBytes);
  // A command that is killed has no last word of its own.
  const isLate = child.signalCode === "SIGKILL" && performance.now() - begun >= timeoutMs;
  const output = `${stdout}${stderr}${isLate ? lateText(timeoutMs) : ""}`;
  if (code !== 0 && options.mayFail !== true) {
    throw new Error(`${command.join(" ")} ended with ${code}\n${output}`);
  }
  const cpuSeconds = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  return { code, stdout, stdoutBytes, output, cpuSeconds, peakRssBytes: peak };
}

/** A child that keeps running. */
export interface RunningProcess {
  readonly pid: number;
  /** Its exit code; 128 + n when a signal ended it. */
  readonly exited: Promise<number>;
  hasExited(): boolean;
  /** Everything it has printed so far, both streams in order. */
  logs(): string;
  /** SIGTERM, and SIGKILL when it is still there after `graceMs`. @returns its exit code. */
  stop(graceMs?: number): Promise<number>;
  /** SIGKILL, as a power switch would. */
  kill9(): Promise<void>;
}

/** How to start a child that keeps running. */
export interface StartOptions {
  readonly env?: Env;
  readonly cwd?: string;
  /** File that takes both output streams. */
  readonly log: string;
  /** Takes standard output instead; a file descriptor. */
  readonly stdout?: number;
}

/** Starts a child whose output goes to a file, so that it never waits for us, and stops it when the scope closes. */
export function startProcess(
  scope: Scope,
  command: string[],
  options: StartOptions,
): RunningProcess {
  const log = openSync(options.log, "a");
  const child = Bun.spawn(command, {
    env: { ...baseEnv(), ...options.env },
    cwd: options.cwd ?? tmpdir(),
    stdin: "ignore",
    stdout: options.stdout ?? log,
    stderr: log,
  });
  closeSync(log);
  adopt(child.pid);
  const exited = child.exited.then((code) => {
    release(child.pid);
    return code;
  });
  const stop = async (graceMs = 10_000): Promise<number> => {
    if (!child.killed && child.exitCode === null) signal(child.pid, "SIGTERM");
    const ended = await Promise.race([exited, Bun.sleep(graceMs).then(() => null)]);
    if (ended === null) signal(child.pid, "SIGKILL");
    return exited;
  };
  scope.defer(async () => {
    await stop();
  });
  return {
    pid: child.pid,
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    logs: () => readFileSync(options.log, "utf8"),
    stop,
    kill9: async () => {
      if (child.exitCode === null && child.signalCode === null) signal(child.pid, "SIGKILL");
      await exited;
    },
  };
}

/** Stops a process that starts others (a daemon with its own containerd, say), and then whoever of those is left. */
export async function stopWithChildren(parent: RunningProcess): Promise<void> {
  const children = processTree(parent.pid).map((pid) => ({ pid, started: startTime(pid) }));
  await parent.stop();
  for (const { pid, started } of children) {
    // A number may belong to somebody else by now; the start time tells.
    if (started !== null && startTime(pid) === started) signal(pid, "SIGKILL");
  }
}

/** Unmounts whatever is mounted at or under `folder`, innermost first. */
export async function unmountUnder(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path === folder || path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) await run(["umount", "--lazy", path]);
}
