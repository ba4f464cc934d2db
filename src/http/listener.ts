// The listening socket: `Bun.serve`, with another certificate when there is one, and how it stops.
import type { BunRequest, Server } from "bun";

/** What the server proves itself with, as PEM. */
export interface TlsMaterial {
  /** The server's certificate, then those of the CAs between it and the root. */
  readonly certificate: string;
  readonly key: string;
  /** Clients must show a certificate of these CAs; null: they need none. */
  readonly clientCa: string | null;
}

type Answer = Response | Promise<Response>;

/** What `Bun.serve` takes, without the place to listen and without TLS. */
interface Handlers {
  readonly idleTimeout: number;
  readonly maxRequestBodySize: number;
  readonly routes: Record<string, (request: BunRequest, server: Server<undefined>) => Answer>;
  readonly fetch: (request: Request, server: Server<undefined>) => Answer;
  readonly error: (error: Error) => Response;
}

/** Where and how to listen. */
export interface ListenerOptions {
  readonly listen: { readonly hostname: string; readonly port: number };
  /** null for plain HTTP. */
  readonly tls: TlsMaterial | null;
  /** Oldest version of TLS. */
  readonly oldestTls: "1.2" | "1.3";
  readonly handlers: Handlers;
}

/** How often a server that stops looks whether all requests are answered. */
const lookEveryMs = 10;

/** One port, from its construction until `stop`. */
export class Listener {
  readonly #options: ListenerOptions;
  #server: Server<undefined>;
  /** The same port of the other loopback address; null where there is none. */
  #other: Server<undefined> | null;
  /** Servers without a socket that finish their running requests. */
  readonly #retired = new Set<Server<undefined>>();

  /** @throws when the address is taken or not this machine's. */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = serve(options, options.tls);
    this.#other = this.#serveOther(options.tls);
  }

  /** `localhost` is `::1` first for many clients, and some do not try another address. */
  #serveOther(tls: TlsMaterial | null): Server<undefined> | null {
    const { listen } = this.#options;
    if (listen.hostname !== "127.0.0.1" && listen.hostname !== "localhost") return null;
    const hostname = this.#server.hostname === "::1" ? "127.0.0.1" : "::1";
    try {
      return serve({ ...this.#options, listen: { hostname, port: this.port } }, tls);
    } catch {
      // The machine has no such address, or another program has the port of it.
      return null;
    }
  }

  get url(): string {
    return this.#server.url.origin;
  }

  get port(): number {
    return this.#server.port ?? this.#options.listen.port;
  }

  /** Requests whose answer has not been sent completely. */
  get pending(): number {
    return this.#all.reduce((sum, server) => sum + server.pendingRequests, 0);
  }

  /** True when connections of this server end with the answers that are running: clients have to hear of it. */
  isRetired(server: object): boolean {
    return server !== this.#server && server !== this.#other;
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
    this.#other?.closeIdleConnections();
  }

  /**
   * New connections get another certificate; running requests end on the connections that they have. `Bun.serve` takes a certificate
   * once only (`reload` ignores it), so a new server takes the port. In between, for a moment within one turn of the event loop, the port is
   * closed: two servers at once would need SO_REUSEPORT, and then a second Breadbox could share the port as well.
   * @throws when the certificate or the port cannot be used.
   */
  replace(tls: TlsMaterial): void {
    const { port } = this;
    for (const old of this.#listening) {
      this.#retired.add(old);
      old.stop().then(() => this.#retired.delete(old));
    }
    this.#server = serve({ ...this.#options, listen: { ...this.#options.listen, port } }, tls);
    this.#other = this.#serveOther(tls);
  }

  /**
   * Ends with the last answer: who has only begun to ask is not waited for, as the runtime itself would until the connection idles out.
   * Until then the port is open, so that a load balancer hears from `/readyz` that the server is stopping.
   */
  async stop(graceMs: number): Promise<void> {
    const over = performance.now() + graceMs;
    while (this.pending > 0 && performance.now() < over) await Bun.sleep(lookEveryMs);
    await Promise.all(this.#all.map((server) => server.stop(true)));
  }

  get #all(): readonly Server<undefined>[] {
    return [...this.#listening, ...this.#retired];
  }

  get #listening(): readonly Server<undefined>[] {
    return this.#other === null ? [this.#server] : [this.#server, this.#other];
  }
}

/** @throws as `new Listener` when the address is taken or not this machine's. */
export function assertFree(listen: ListenerOptions["listen"]): void {
  void Bun.serve({ ...listen, reusePort: false, fetch: () => new Response() }).stop(true);
}

function serve(
  { listen, oldestTls, handlers }: ListenerOptions,
  tls: TlsMaterial | null,
): Server<undefined> {
  const { routes, ...others } = handlers;
  const server = Bun.serve({
    ...listen,
    ...others,
    ...(tls !== null && { tls: { ...tlsOptions(tls), ...(oldestTls === "1.3" && onlyTls13) } }),
    development: false,
    // Without development mode Bun shares the port by default, and a second server would take half of the requests.
    reusePort: false,
  });
  // Before the first request, and after the port is taken: the routes take ten times as long as all the rest (3 ms).
  server.reload({ ...others, routes });
  return server;
}

/** OpenSSL, `SSL_OP_NO_TLSv1_2`; older versions are off anyway. */
const onlyTls13 = { secureOptions: 0x08000000 };

function tlsOptions({ certificate, key, clientCa }: TlsMaterial): Bun.TLSOptions {
  const pair = { cert: certificate, key };
  return clientCa === null
    ? pair
    : { ...pair, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}
