// Which program listens on a port, from Linux's /proc. Elsewhere, and for other users' programs, it is not known.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A running program. `name` is that of its executable, cut to 15 characters by the kernel. */
export interface Program {
  readonly pid: number;
  readonly name: string;
}

const LISTEN = "0A";

/** An unreadable file (ended process, no permission, no /proc) reads as empty. */
function readOrNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}

/** Socket inodes that listen on `port`. Format: Linux, Documentation/networking/proc_net_tcp. */
function listeningInodes(port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) =>
    readOrNothing(() => readFileSync(path, "utf8"), ""),
  );
  const rows = tables.flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)));
  const matching = rows.filter(([, local, , state]) => state === LISTEN && local?.endsWith(suffix));
  return new Set(matching.map((fields) => `socket:[${fields[9]}]`));
}

/** @returns the program that listens on `port`, or null when it cannot be known. */
export function findPortHolder(port: number): Program | null {
  const sockets = listeningInodes(port);
  if (sockets.size === 0) return null;
  const pids = readOrNothing(() => readdirSync("/proc"), []).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const files = readOrNothing(() => readdirSync(`/proc/${pid}/fd`), []);
    const holds = files.some((file) =>
      sockets.has(readOrNothing(() => readlinkSync(`/proc/${pid}/fd/${file}`), "")),
    );
    if (!holds) continue;
    const name = readOrNothing(() => readFileSync(`/proc/${pid}/comm`, "utf8"), "").trim();
    return { pid: Number(pid), name: name || "unknown" };
  }
  return null;
}
