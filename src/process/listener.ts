// Pausing the listening socket: connections then wait in the kernel's queue. The runtime has no call for it, and while the table
// of descriptors is full it would try to accept without a pause.
import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";

/** glibc, then musl. */
const libraries = [
  "libc.so.6",
  `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`,
];
/** SOL_SOCKET, SO_ACCEPTCONN (socket(7)), EPOLL_CTL_MOD (epoll_ctl(2)). */
const [socketLevel, acceptsConnections, modify] = [1, 30, 3];

/** Opens and closes the way in. */
export interface Valve {
  /** False while new connections have to wait. */
  set(isOpen: boolean): void;
}

/** A socket as an epoll instance watches it (proc_pid_fdinfo(5)). */
interface Watched {
  readonly epoll: number;
  readonly socket: number;
  readonly events: number;
  readonly data: bigint;
}

/** Of the sockets on which this process listens. @returns null where none can be found: other systems, other C libraries. */
export function findListener(): Valve | null {
  const libc = process.platform === "linux" ? load() : null;
  if (libc === null) return null;
  const listeners = watchedSockets().filter(({ socket }) => {
    const answer = new Int32Array(1);
    const size = Int32Array.of(answer.byteLength);
    const code = libc.getsockopt(socket, socketLevel, acceptsConnections, ptr(answer), ptr(size));
    return code === 0 && answer[0] === 1;
  });
  if (listeners.length === 0) return null;
  return {
    set: (isOpen) => {
      for (const { epoll, socket, events, data } of listeners) {
        libc.epoll_ctl(epoll, modify, socket, ptr(epollEvent(isOpen ? events : 0, data)));
      }
    },
  };
}

function load() {
  for (const library of libraries) {
    try {
      return dlopen(library, {
        getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
        epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
      }).symbols;
    } catch {
      // Another C library.
    }
  }
  return null;
}

function watchedSockets(): Watched[] {
  const folder = "/proc/self/fdinfo";
  return readdirSync(folder).flatMap((epoll) =>
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
