// The server: Bun.serve around the dispatch, its limits, and how it stops.
import nodeHttp from "node:http";
import type { Setup } from "../access/setup.ts";
import { errnoOf, readFailure } from "../durability/errno.ts";
import { RegistryError } from "../errors.ts";
import type { UploadId } from "../model/uploadId.ts";
import { findUploadObject } from "../objects/multipart.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import { json } from "./answers.ts";
import { buildApp } from "./app.ts";
import type { Pace } from "./body.ts";
import { makeDispatch } from "./dispatch.ts";
import { makeDoor } from "./door.ts";
import { makeIsWithin, type Network } from "./forwarded.ts";
import { makeGuard, type Switches } from "./guard.ts";
import { type HostRule, makeHostCheck } from "./host.ts";
import { Listener, type TlsMaterial } from "./listener.ts";
import { makeObserver } from "./observe.ts";
import { operations, routes } from "./operations.ts";
import { longestTimeout, type RequestContext } from "./requestContext.ts";
import { makeRouter } from "./router.ts";
import { sentPathRoutes } from "./sentPath.ts";
import type { Backend } from "./services.ts";
import { type ReadUnread, SlowReaders } from "./slowReaders.ts";
import { makeFeed } from "./v1/events.ts";

/** How to listen. */
export interface HttpOptions {
  readonly backend: Backend;
  readonly listen: { readonly hostname: string; readonly port: number };
  /** null for plain HTTP. */
  readonly tls: TlsMaterial | null;
  /** Oldest version of TLS. */
  readonly oldestTls: "1.2" | "1.3";
  /** The CA that clients are told of, as PEM: `/ca.crt`. null when there is none. */
  readonly authority: string | null;
  /** Makes the first administrator; null where nobody was given a set-up link. */
  readonly setup: Pick<Setup, "assertOpen" | "finish"> | null;
  readonly hosts: HostRule;
  /** Proxies whose headers about the client count. */
  readonly proxies: readonly Network[];
  /** Clients that reach the store's own URLs; none: all do. */
  readonly redirected: readonly Network[];
  /** Names and addresses of this machine and of its certificate, as they are now. */
  readonly ownNames: () => readonly string[];
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  /** Minimum chunk size that is advertised to clients, in bytes; 0 for none. */
  readonly chunkMinBytes: number;
  /** Bodies that come slower are cut. */
  readonly pace: Pace;
  readonly switches: Switches;
  /** Serves `/metrics`. */
  readonly metrics: boolean;
  /** Serves `/swagger`. */
  readonly explorer: boolean;
  /** Ids for requests that bring none. */
  readonly newRequestId: () => string;
  /** Watches over the connections of the server that has just begun to listen. @param closeIdle closes those without a request. */
  readonly openGate: (closeIdle: () => void) => Gate;
  /** Counts bytes that clients have not read yet. */
  readonly readUnread: ReadUnread;
}

/** Keeps connections from taking what the store needs. */
export interface Gate {
  /** @throws RegistryError BUSY while a write would not find what it needs. */
  admit(): void;
  /** Right after another socket listens. */
  renew(): void;
  /** Right before the server stops. */
  close(): void;
}

/** A server that listens. */
export interface HttpServer {
  /** As configured, with the real port. */
  readonly url: string;
  readonly port: number;
  /** Requests whose answer has not been sent completely. */
  running(): number;
  /** New connections get another certificate; running transfers go on. @throws when it cannot be used. */
  replaceTls(tls: TlsMaterial): void;
  /** Refuses every request but those for its health; resolves when running requests have ended, at the latest after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** Idle seconds without an extension: in effect, senders slower than 16 KiB/s are cut. */
const idleSeconds = 30;
/** Bun's own limit answers without our envelope: bodies are counted by us. Well above 2^32, where smaller types would wrap. */
const noBodyLimit = 2 ** 45;
/** Longest head of a request in bytes; a longer one is answered with 431. podman's longest Range, of 1024 ranges, needs 25 KiB. */
const longestHead = 32 * 1024;
/** How often writes that the server is working on, and clients that read, are extended: before their idle seconds are over. */
const extendEveryMs = 20_000;

/** Starts to listen. @throws when the address is taken or not this machine's. */
export function startHttp(options: HttpOptions): HttpServer {
  const { backend, listen, newRequestId } = options;
  let draining = false;
  const isDraining = () => draining;
  const names = { url: options.hosts.url, names: options.ownNames };
  const atWork = new Set<RequestContext>();
  let gate: Gate | null = null;
  const guard = makeGuard({
    ...{ latch: backend.latch, isDraining, switches: options.switches },
    assertRoom: () => gate?.admit(),
  });
  const arriving = () => receivedByUpload(atWork);
  const feed = makeFeed({ ...backend, arriving });
  const slowReaders = new SlowReaders(options.readUnread);
  const dispatch = makeDispatch({
    app: buildApp(operations, backend, {
      ...options,
      ...{ isDraining, names, readOnly: options.switches.readOnly, arriving, feed },
      redirects: { mayReach: makeIsWithin(options.redirected) },
    }),
    guard,
    door: makeDoor({
      ...{ access: backend.access, sessions: backend.sessions },
      findUpload: (key) => findUploadObject(backend.objects, key),
      names,
    }),
    router: makeRouter(routes),
    assertHost: makeHostCheck(options.hosts),
    observer: makeObserver(backend.telemetry, {
      newRequestId,
      isEnding: (connection) => draining || listener.isRetired(connection),
      isProxy: makeIsWithin(options.proxies),
    }),
    atWork,
    clock: backend.registry.clock,
    slowReaders,
  });
  // Of the whole process: Bun.serve itself has no such option, and its types know only how to read this one.
  Reflect.set(nodeHttp, "maxHeaderSize", longestHead);
  const listener = new Listener({
    listen,
    ...{ tls: options.tls, oldestTls: options.oldestTls },
    handlers: {
      idleTimeout: idleSeconds,
      maxRequestBodySize: noBodyLimit,
      routes: sentPathRoutes(dispatch),
      // Requests that match no route have an empty segment.
      fetch: (request, connection) => dispatch(request, connection, null),
      error: (error) => sendFailed(error, backend.telemetry),
    },
  });
  const opened = options.openGate(() => listener.closeIdle());
  gate = opened;
  const extending = setInterval(() => {
    extendAll(atWork);
    slowReaders.look(listener.port).catch((err) => backend.telemetry.log.error({ err }));
  }, extendEveryMs);
  backend.telemetry.metrics.watchRunning(() => listener.pending);
  return {
    url: listener.url,
    port: listener.port,
    running: () => listener.pending,
    replaceTls: (tls) => {
      listener.replace(tls);
      opened.renew();
    },
    drain: async (graceMs) => {
      draining = true;
      feed.close();
      opened.close();
      await listener.stop(graceMs);
      clearInterval(extending);
    },
  };
}

/** The server could not send an answer that the surface gave: a file went between its look-up and now, or cannot be read. */
function sendFailed(error: Error, { log }: Telemetry): Response {
  const gone = errnoOf(error) === "ENOENT";
  const failure = gone ? new RegistryError("BLOB_UNKNOWN") : readFailure(error);
  const known = failure instanceof RegistryError ? failure : new RegistryError("UNKNOWN");
  if (known.isServerSide) log.error({ err: error }, "an answer could not be sent");
  const { status, code, message, retryAfter } = known;
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return json({ errors: [{ code, message }] }, { status, headers });
}

/** What running requests have sent to upload sessions. */
function receivedByUpload(atWork: ReadonlySet<RequestContext>): ReadonlyMap<UploadId, number> {
  return new Map(
    [...atWork].flatMap(({ params: { uploadId }, received }) =>
      uploadId === undefined ? [] : [[uploadId, received] as const],
    ),
  );
}

/** A sender earns its extensions by sending; others wait for us. */
function extendAll(atWork: ReadonlySet<RequestContext>): void {
  for (const context of atWork) {
    if (!context.awaitsClient) context.extend(longestTimeout);
  }
}
