// Pausing the connection of one client: what it sends then waits in the kernel, and soon on its own side. The runtime pauses a
// connection by itself only when a MiB of its request's body waits in this process.
import { type Epoll, openEpoll, type Valve, type Watched } from "./epoll.ts";

/** A connection, named by its cookie: the number of its descriptor may be another one's by now. */
interface Sender extends Watched {
  readonly cookie: bigint;
}

/** Of one sender. */
export interface SenderValve extends Valve {
  /** Few bytes wait in the kernel: the runtime reads all of them at once, and up to half a MiB of each sender adds up. */
  narrow(isNarrow: boolean): void;
}

/** Unread bytes of a narrow one. */
const narrowBytes = 64 * 1024;

/** Finds the connection whose other end has this port; null where it cannot be told, or not now. */
export type FindSender = (port: number) => SenderValve | null;

/** A search takes about 3 µs for each connection; after it there is none for so long. Unit: ms for each connection. */
const restMs = 0.01;

/** Finds none on other systems, and for other C libraries. @param now monotonic ms. @param open called when it is first needed. */
export function findSenders(now: () => number, open = openEpoll): FindSender {
  let opened: { readonly epoll: Epoll | null } | null = null;
  let known: ReadonlyMap<number, Sender | null> = new Map();
  let nextSearch = 0;
  let loop: number | null = null;
  const narrowed = new Set<bigint>();
  return (port) => {
    opened ??= { epoll: open() };
    const { epoll } = opened;
    if (epoll === null) return null;
    const isThere = ({ socket, cookie }: Sender) => epoll.cookieOf(socket) === cookie;
    const findKnown = (): Sender | null => {
      const sender = known.get(port) ?? null;
      return sender !== null && isThere(sender) ? sender : null;
    };
    let sender = findKnown();
    if (sender === null && now() >= nextSearch) {
      loop ??= findLoop(epoll);
      if (loop !== null) known = search(epoll, loop);
      nextSearch = now() + known.size * restMs;
      sender = findKnown();
    }
    const found = sender;
    if (found === null) return null;
    return {
      set: (isOpen) => {
        if (isThere(found)) epoll.setSilent(found, !isOpen);
      },
      narrow: (isNarrow) => {
        if (narrowed.has(found.cookie) === isNarrow || !isThere(found)) return;
        epoll.limitUnread(found.socket, isNarrow ? narrowBytes : null);
        if (isNarrow) narrowed.add(found.cookie);
        else narrowed.delete(found.cookie);
      },
    };
  };
}

/** Connections by the port of their other ends; null where two have the same. */
function search(epoll: Epoll, loop: number): ReadonlyMap<number, Sender | null> {
  const senders = new Map<number, Sender | null>();
  for (const watched of epoll.watched(loop)) {
    const port = epoll.peerPort(watched.socket);
    const cookie = port === null ? null : epoll.cookieOf(watched.socket);
    if (port === null || cookie === null) continue;
    senders.set(port, senders.has(port) ? null : { ...watched, cookie });
  }
  return senders;
}

/** The event loop that serves; null while nothing listens. Others have connections that this process has opened itself. */
function findLoop(epoll: Epoll): number | null {
  return epoll.watched().find(({ socket }) => epoll.isListening(socket))?.epoll ?? null;
}
