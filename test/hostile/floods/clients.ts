// Clients that are slow on purpose, held by a test: each sends a little now and then, or reads nothing, for as long as it is let.
import { connect, type Socket } from "node:net";
import type { Scope } from "../../support/scope.ts";

/** What such a client does. */
export interface SlowClient {
  /** Sent at once. */
  readonly first: string;
  /** Sent every second, as long as the server does not hang up. */
  readonly drip: string;
  /** Takes nothing of the answer. */
  readonly reads: boolean;
}

/** Many of them. */
export interface SlowClients {
  /** Those that the server has not closed. */
  open(): number;
  /** Statuses of the answers that came, each once. */
  readonly statuses: ReadonlySet<number>;
}

const dripMs = 1_000;
/** More at a time would wait in the kernel's queue and time out there. */
const atOnce = 200;

/** Connects all of them; they go on until the scope closes. */
export async function openSlow(
  scope: Scope,
  port: number,
  clients: readonly SlowClient[],
): Promise<SlowClients> {
  const open = new Map<Socket, SlowClient>();
  const statuses = new Set<number>();
  const dripping = setInterval(() => {
    for (const [socket, { drip }] of open) if (drip !== "") socket.write(drip, "latin1");
  }, dripMs);
  scope.defer(() => {
    clearInterval(dripping);
    for (const socket of open.keys()) socket.destroy();
  });
  const begin = (client: SlowClient): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      open.set(socket, client);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        resolve();
      });
      if (client.reads) {
        socket.on("data", (bytes) => {
          const status = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString("latin1"))?.[1];
          if (status !== undefined) statuses.add(Number(status));
        });
      } else socket.pause();
      socket.on("connect", () => {
        if (client.first !== "") socket.write(client.first, "latin1");
        resolve();
      });
    });
  for (let at = 0; at < clients.length; at += atOnce) {
    await Promise.all(clients.slice(at, at + atOnce).map(begin));
  }
  return { open: () => open.size, statuses };
}
