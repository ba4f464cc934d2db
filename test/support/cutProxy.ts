// A TCP proxy that cuts connections: after a random number of bytes in either direction, by RST or by FIN. What clients on a
// bad line see. It also notes the head of each request, so that a test can say what a client did after a cut.
import { connect, createServer, type Socket } from "node:net";
import { randomNumbers } from "./bytes.ts";
import type { Scope } from "./scope.ts";

/** When to cut. */
export interface CutOptions {
  /** Port on 127.0.0.1 to pass everything on to. */
  readonly port: number;
  readonly seed: string;
  /** Bytes between two cuts, both directions and all connections together: from half of this to one and a half times this. */
  readonly everyBytes: number;
  /** No cut after these many. */
  readonly mostCuts?: number;
}

/** A request as it went by. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** First byte position of its Content-Range. */
  readonly start: number | null;
  /** Cuts before it. */
  readonly cuts: number;
}

/** A running proxy. */
export interface CutProxy {
  readonly port: number;
  /** `127.0.0.1:<port>`, as clients write it before a repository name. */
  readonly host: string;
  /** Connections cut so far. */
  cuts(): number;
  readonly requests: readonly SeenRequest[];
}

/** Listens on a free port of 127.0.0.1 until the scope closes. */
export async function openCutProxy(scope: Scope, options: CutOptions): Promise<CutProxy> {
  const state = new Cuts(options);
  const server = createServer((client) => state.join(client));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    server.close();
    state.end();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    host: `127.0.0.1:${address.port}`,
    cuts: () => state.cuts,
    requests: state.requests,
  };
}

class Cuts {
  readonly #options: CutOptions;
  readonly #random: () => number;
  readonly #open = new Set<Socket>();
  #left: number;
  cuts = 0;
  readonly requests: SeenRequest[] = [];

  constructor(options: CutOptions) {
    this.#options = options;
    this.#random = randomNumbers(options.seed);
    this.#left = this.#next();
  }

  /** Connects a client with the server. */
  join(client: Socket): void {
    const server = connect(this.#options.port, "127.0.0.1");
    this.#pass(client, server, (bytes) => this.#note(bytes));
    this.#pass(server, client, () => {});
  }

  end(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #pass(from: Socket, to: Socket, look: (bytes: Buffer) => void): void {
    this.#open.add(from);
    from.on("data", (bytes: Buffer) => {
      look(bytes);
      const before = this.#left;
      this.#left -= bytes.length;
      if (this.#left <= 0) {
        this.#cut(from, to, bytes.subarray(0, Math.max(0, before)));
        return;
      }
      if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#open.delete(from);
      to.destroy();
    });
  }

  /** What was due still arrives, then both sides lose the other. */
  #cut(from: Socket, to: Socket, due: Buffer): void {
    this.cuts += 1;
    this.#left = this.#next();
    const byReset = this.#random() < 0.5;
    from.removeAllListeners("data");
    to.removeAllListeners("data");
    to.write(due, () => {
      for (const socket of [from, to]) {
        if (byReset) socket.resetAndDestroy();
        else socket.end(() => socket.destroy());
      }
    });
  }

  #next(): number {
    const { everyBytes, mostCuts = Number.POSITIVE_INFINITY } = this.#options;
    if (this.cuts >= mostCuts) return Number.POSITIVE_INFINITY;
    return Math.round(everyBytes * (0.5 + this.#random()));
  }

  /** A client sends its head in one piece: the next request never begins before the last answer has come. */
  #note(bytes: Buffer): void {
    const head = bytes.subarray(0, 4096).toString("latin1");
    const [, method, path] = /^([A-Z]+) (\/\S*) HTTP\/1\.1\r\n/.exec(head) ?? [];
    if (method === undefined || path === undefined) return;
    const start = /^content-range: *(?:bytes )?(\d+)-/im.exec(head)?.[1];
    this.requests.push({ method, path, start: start ? Number(start) : null, cuts: this.cuts });
  }
}
