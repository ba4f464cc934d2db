// Sockets as the runtime's event loop watches them, and a way to change what it hears of them: the runtime has no call for that.
import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";

/** glibc, then musl. */
const libraries = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];
/** SOL_SOCKET, SO_RCVBUF, SO_ACCEPTCONN, SO_COOKIE, SO_BUF_LOCK (socket(7)), EPOLL_CTL_MOD (epoll_ctl(2)). */
const [socketLevel, receiveBuffer, acceptsConnections] = [1, 8, 30];
const [cookie, lockedBuffers, modify] = [57, 72, 3];
/** AF_INET, AF_INET6: the port is in the same place. */
const internet: readonly number[] = [2, 10];

/** Opens and closes a way in. */
export interface Valve {
  /** False while what comes has to wait in the kernel. */
  set(isOpen: boolean): void;
}

/** A socket as an epoll instance watches it (proc_pid_fdinfo(5)). */
export interface Watched {
  readonly epoll: number;
  readonly socket: number;
  readonly events: number;
  readonly data: bigint;
}

/** The calls on watched sockets. */
export interface Epoll {
  /** Of this process, or of one instance. Reads /proc: some µs for each file, and a µs for each socket. */
  watched(epoll?: number): Watched[];
  isListening(socket: number): boolean;
  /** Names a socket among all that there were since the machine started; null for what is none. */
  cookieOf(socket: number): bigint | null;
  /** The port of the other end; null where there is none. */
  peerPort(socket: number): number | null;
  /** Bytes that wait for their reader in the kernel, at most; about. null: as many as the kernel likes. */
  limitUnread(socket: number, bytes: number | null): void;
  /** Silent, its reader hears of nothing but the connection's end. */
  setSilent(watched: Watched, isSilent: boolean): void;
}

/** @returns null on other systems, and for other C libraries. */
export function openEpoll(): Epoll | null {
  const libc = process.platform === "linux" ? load() : null;
  if (libc === null) return null;
  const option = (socket: number, name: number, answer: Int32Array | BigUint64Array): boolean => {
    const size = Int32Array.of(answer.byteLength);
    return libc.getsockopt(socket, socketLevel, name, ptr(answer), ptr(size)) === 0;
  };
  return {
    watched: watchedSockets,
    isListening: (socket) => {
      const answer = new Int32Array(1);
      return option(socket, acceptsConnections, answer) && answer[0] === 1;
    },
    cookieOf: (socket) => {
      const answer = new BigUint64Array(1);
      return option(socket, cookie, answer) ? (answer[0] ?? null) : null;
    },
    peerPort: (socket) => {
      const address = new DataView(new ArrayBuffer(128));
      const size = Int32Array.of(address.byteLength);
      if (libc.getpeername(socket, ptr(new Uint8Array(address.buffer)), ptr(size)) !== 0)
        return null;
      return internet.includes(address.getUint16(0, true)) ? address.getUint16(2) : null;
    },
    limitUnread: (socket, bytes) => {
      const [name, value] = bytes === null ? [lockedBuffers, 0] : [receiveBuffer, bytes];
      libc.setsockopt(socket, socketLevel, name, ptr(Int32Array.of(value)), 4);
    },
    setSilent: ({ epoll, socket, events, data }, isSilent) => {
      libc.epoll_ctl(epoll, modify, socket, ptr(epollEvent(isSilent ? 0 : events, data)));
    },
  };
}

function load() {
  for (const library of libraries) {
    try {
      return dlopen(library, {
        getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
        setsockopt: { args: ["i32", "i32", "i32", "ptr", "i32"], returns: "i32" },
        getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
        epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
      }).symbols;
    } catch {
      // Another C library.
    }
  }
  return null;
}

function watchedSockets(only?: number): Watched[] {
  const folder = "/proc/self/fdinfo";
  const files = only === undefined ? readdirSync(folder) : [String(only)];
  return files.flatMap((epoll) =>
    [...readInfo(`${folder}/${epoll}`).matchAll(watchedLine)].map(
      ([, socket, events = "0", data = "0"]) => ({
        epoll: Number(epoll),
        socket: Number(socket),
        events: Number.parseInt(events, 16),
        data: BigInt(`0x${data}`),
      }),
    ),
  );
}

const watchedLine = /^tfd:\s+(\d+)\s+events:\s+([0-9a-f]+)\s+data:\s+([0-9a-f]+)/gm;

function readInfo(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Closed since the folder was read.
    return "";
  }
}

/** `struct epoll_event`, which has no gap between its fields on x86-64 only. */
function epollEvent(events: number, data: bigint): Uint8Array {
  const at = process.arch === "x64" ? 4 : 8;
  const bytes = new DataView(new ArrayBuffer(at + 8));
  bytes.setUint32(0, events, true);
  bytes.setBigUint64(at, data, true);
  return new Uint8Array(bytes.buffer);
}
