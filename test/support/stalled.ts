// Many connections that begin something and then do nothing, held by a test.
import { connect, type Socket } from "node:net";
import type { Scope } from "./scope.ts";

/** Connections that stay open. */
export interface Stalled {
  /** Those that the server has not closed. */
  open(): number;
  close(): void;
}

/**
 * Opens `count` connections, sends `first` on each, and reads nothing that comes back. Resolves when all of them are connected; closed with the scope.
 */
export async function stall(
  scope: Scope,
  port: number,
  count: number,
  first: (index: number) => string | Uint8Array,
): Promise<Stalled> {
  const sockets = new Set<Socket>();
  const begin = (index: number) =>
    new Promise<void>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      sockets.add(socket);
      socket.pause();
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        resolve();
      });
      socket.on("connect", () => socket.write(first(index), () => resolve()));
    });
  await Promise.all(Array.from({ length: count }, (_, index) => begin(index)));
  const close = () => {
    for (const socket of sockets) socket.destroy();
  };
  scope.defer(close);
  return { open: () => sockets.size, close };
}
