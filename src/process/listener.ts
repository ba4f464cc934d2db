// Pausing the listening socket: connections then wait in the kernel's queue. While the table of descriptors is full the runtime would
// try to accept without a pause.
import { openEpoll, type Valve } from "./epoll.ts";

/** Of the sockets on which this process listens. @returns null where none can be found: other systems, other C libraries. */
export function findListener(): Valve | null {
  const epoll = openEpoll();
  const listeners = epoll?.watched().filter(({ socket }) => epoll.isListening(socket)) ?? [];
  if (epoll === null || listeners.length === 0) return null;
  return {
    set: (isOpen) => {
      for (const listener of listeners) epoll.setSilent(listener, !isOpen);
    },
  };
}
