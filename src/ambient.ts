// The clock, the ids, the name, the user and the workers of a running process. Passed in from the entry points: nothing else asks the
// machine for them.
import { constants, setPriority, uptime } from "node:os";

/** Unix ms. */
export const clock = (): number => Date.now();

/** Lower-case UUIDv7: unique, and sortable by time. */
export const newId = (): string => Bun.randomUUIDv7();

/** 0 to 1: pauses of several who wait for the same thing must differ. */
export const random = (): number => Math.random();

const bootFile = "/proc/sys/kernel/random/boot_id";
let knownBoot: string | null = null;

/**
 * The uptime of the machine in ms, and the id of its run. It cannot be set, and advances during a sleep. Once the id is known, it needs no
 * descriptor: with another id a machine would seem to have been restarted, and a clock that was set would be believed.
 * @throws the error of a machine that lacks descriptors or memory before the id is known.
 */
export async function readUptime(): Promise<{ readonly boot: string; readonly uptime: number }> {
  knownBoot ??= await readBoot();
  return { boot: knownBoot, uptime: Math.round(uptime() * 1000) };
}

/** Elsewhere than on Linux a run of the machine has no name. */
async function readBoot(): Promise<string> {
  try {
    return (await Bun.file(bootFile).text()).trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (/^(?:EMFILE|ENFILE|ENOMEM|EAGAIN)$/.test(code)) throw error;
    return "";
  }
}

/**
 * Lowers the priority from now on, for work that no request waits for. On Linux it affects the calling thread
 * alone; elsewhere it would affect the whole process, and is left out.
 */
export function giveWay(): void {
  if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
}

/** True when this process is root's, and the user another one. */
export const isRootAbove = ({ uid }: { readonly uid: number }): boolean =>
  process.getuid?.() === 0 && uid !== 0;

/**
 * Makes a process of root's one of another user, for good and with all of its threads: what it creates from now on is that user's,
 * and nothing that this user could put in its way is followed with root's rights. Of another user's process, and for root, it does nothing.
 */
export function becomeUser({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
  if (!isRootAbove({ uid })) return;
  takeGroups(uid, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function takeGroups(uid: number, gid: number): void {
  try {
    // Bun has it, its types have not.
    if ("initgroups" in process && typeof process.initgroups === "function") {
      process.initgroups(uid, gid);
      return;
    }
  } catch {
    // A user without a name, as containers have them.
  }
  process.setgroups?.([gid]);
}

/** The user of this process as the system calls it, or its number where it has no name. Never what the environment says. */
export async function nameUser(): Promise<string> {
  const uid = String(process.getuid?.() ?? "unknown");
  const lines = ((await readText("/etc/passwd")) ?? "").split("\n");
  const [name = uid] = lines.find((line) => line.split(":")[2] === uid)?.split(":") ?? [];
  return name;
}

/** Starts a worker. Workers keep little: a small heap is enough for them. */
export function startWorker(entry: URL): Worker {
  return new Worker(entry.href, { smol: true });
}

/** See `ReadUnread` in http/slowReaders.ts: Linux reports all connections at once. */
export async function readUnread(localPort: number): Promise<ReadonlyMap<number, string> | null> {
  const tables = await Promise.all([readText("/proc/net/tcp"), readText("/proc/net/tcp6")]);
  if (tables.every((table) => table === null)) return null;
  const local = localPort.toString(16).toUpperCase().padStart(4, "0");
  const row = new RegExp(`:${local} [0-9A-F]+:([0-9A-F]{4}) 0[18] ([0-9A-F]{8}):`, "g");
  const unread = new Map<number, string>();
  for (const [, port = "", bytes = ""] of tables.join("\n").matchAll(row)) {
    const at = Number.parseInt(port, 16);
    // Two clients may have the same port at different addresses: they are not distinguished, and the progress of one counts for both.
    unread.set(at, (unread.get(at) ?? "") + bytes);
  }
  return unread;
}

/** Names this process among all that may share its store: where its number counts, and the number. */
export async function nameProcess(): Promise<string> {
  const { boot } = await readUptime();
  const space = await Bun.file("/proc/self/ns/pid")
    .stat()
    .catch(() => null);
  return `${boot}.${space?.ino ?? 0}.${process.pid}`;
}

/** False only when the process of that name has certainly ended. @param self this process's own name. */
export function isProcessAlive(name: string, self: string): boolean {
  const [boot, space, pid] = name.split(".");
  const [ownBoot, ownSpace] = self.split(".");
  // Another machine, or a container whose numbers mean something else here.
  if (boot !== ownBoot || space !== ownSpace || !/^[1-9]\d*$/.test(pid ?? "")) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

async function readText(path: string): Promise<string | null> {
  const text = await Bun.file(path)
    .text()
    .catch(() => null);
  return text === null ? null : text.trim();
}
