// A TCP proxy in front of PostgreSQL that loses answers: what a client sent arrives, and the connection breaks before it hears so. Or
// connections fall silent: they stay open, and nothing goes through.
import { connect, createServer, type Socket } from "node:net";
import type { Scope } from "./scope.ts";

/** A running proxy. */
export interface LossyProxy {
  readonly port: number;
  /** Loses the answers to the next `count` messages that hold `text`. */
  lose(text: string, count?: number): void;
  /** Carries nothing any more on the connections that are open. @returns how many there are. */
  silence(): number;
  /** Answers lost so far. */
  lost(): number;
}

/** Listens on a free port of 127.0.0.1 until the scope closes, and passes everything on to `port`. */
export async function openLossyProxy(scope: Scope, port: number): Promise<LossyProxy> {
  const wanted = { text: "", left: 0, lost: 0 };
  const open = new Set<Socket>();
  const silent = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(port, "127.0.0.1");
    let isDoomed = false;
    for (const [from, to] of [
      [client, behind],
      [behind, client],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
    client.on("data", (bytes: Buffer) => {
      if (silent.has(client)) return;
      if (wanted.left > 0 && bytes.includes(wanted.text)) {
        wanted.left -= 1;
        isDoomed = true;
      }
      behind.write(bytes);
    });
    behind.on("data", (bytes: Buffer) => {
      if (silent.has(behind)) return;
      if (!isDoomed) {
        client.write(bytes);
        return;
      }
      // The server has answered, so it has done what it was asked to.
      wanted.lost += 1;
      client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    silence() {
      for (const socket of open) silent.add(socket);
      return silent.size / 2;
    },
    lose(text, count = 1) {
      Object.assign(wanted, { text, left: count });
    },
    lost: () => wanted.lost,
  };
}
