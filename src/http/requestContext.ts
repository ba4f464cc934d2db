// One request on its way through the server: what the front door read from it, and what logs and metrics need of it.

import type { Resource } from "../access/actions.ts";
import { nothing, type Rights } from "../access/rights.ts";
import { RegistryError } from "../errors.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import { clientAddress, clientOrigin, type IsProxy, plainAddress } from "./forwarded.ts";
import type { Operation } from "./operation.ts";
import type { Values } from "./parameters.ts";
import type { Route } from "./router.ts";
import type { SentPath } from "./sentPath.ts";

/** The subject of a request. */
export type Target =
  | { readonly kind: "server" }
  | { readonly kind: "bucket"; readonly name: BucketName }
  | { readonly kind: "repository"; readonly name: RepositoryName };

/** A request's action on a target. Access is decided on that alone. */
export interface Question {
  readonly operation: Operation;
  readonly target: Target;
  /** The operations of the same path. */
  readonly route: Route;
}

/** The two things a request may ask of its connection; `Bun.serve`'s server is one. */
export interface Connection {
  /** Cuts the connection of `request` when it idles for `seconds` from now on; at most 255. */
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
}

/** Longest idle time Bun knows, in seconds. */
export const longestTimeout = 255;

/** Opened when a request arrives, closed by its answer. */
export class RequestContext {
  readonly requestId: string;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly request: Request;
  readonly connection: Connection;
  /** Of the other end; null until it was asked for. */
  #address: string | null = null;
  /** Whose headers about the client count; null for nobody's. */
  isProxy: IsProxy | null = null;
  /** Null until the front door knows it: refused requests may never have one. */
  question: Question | null = null;
  /** The typed values of the path. */
  params: Readonly<Partial<Values>> = {};
  /** The router's knowledge of the path before it was resolved; null for a path with an empty segment. */
  sent: SentPath | null = null;
  /** As it was sent: the front door gives the request another spelling of it. */
  path = "";
  /** True when the connection of the request is TLS. */
  secure = false;
  /** Who asks, and what may be done besides the operation that was asked for. */
  rights: Rights = nothing;
  /** The answer to a caller who may not. */
  refuse: () => RegistryError = () => new RegistryError("DENIED");
  /** What the right was asked for, where the path names it; null while nobody asked. */
  subject: Resource | null = null;
  /** Everything after `?`, still encoded. */
  query = "";
  /** True outside of the registry's own addresses. */
  foreign = true;
  /** True once the request's body was read to its end. */
  bodyEnded = false;
  /** True while the server waits for more of the body, false while the client waits for the server. */
  awaitsClient = true;
  /** True when the rest of the body will not be read: the connection ends with the answer. */
  abandoned = false;
  /** Bytes of the body that were read. */
  received = 0;
  /** The status that the server makes of a 200 while it sends a range of a file; null when it changes nothing. */
  sentStatus: number | null = null;
  /** The upload that this request began; null for none. */
  begun: UploadId | null = null;
  /** What the answer refuses; null for an answer that does not. */
  refused: RegistryError | null = null;
  /** The internal error, for the log. */
  failure: unknown = null;
  /** Why the request was refused, for the log; null for those that were not, or that failed inside. */
  refusal: RegistryError | null = null;

  constructor(request: Request, connection: Connection, requestId: string, startedAt: number) {
    this.request = request;
    this.connection = connection;
    this.requestId = requestId;
    this.startedAt = startedAt;
  }

  /** The client's address, an IPv4 one always as IPv4; null when the connection is closed. */
  address(): string | null {
    const peer = this.#peer();
    if (peer === null || this.isProxy === null) return peer;
    return clientAddress(peer, this.request.headers.get("x-forwarded-for"), this.isProxy);
  }

  /** The origin that the client called, such as `http://localhost:5000`. The front door checked Host. */
  origin(): string {
    const { headers } = this.request;
    const own = `${this.secure ? "https" : "http"}://${headers.get("host") ?? ""}`;
    const peer = this.#peer();
    return peer !== null && this.isProxy?.(peer) ? clientOrigin(headers, own) : own;
  }

  /** The other end of the connection: the client, or a proxy. */
  #peer(): string | null {
    // Asked for the login and for the log, and no small question.
    this.#address ??= this.connection.requestIP(this.request)?.address ?? null;
    return this.#address === null ? null : plainAddress(this.#address);
  }

  /** The client's port; null when the answer was sent completely, or the connection is closed. */
  port(): number | null {
    return this.connection.requestIP(this.request)?.port ?? null;
  }

  /** Gives the connection another `seconds` before it counts as idle. */
  extend(seconds: number): void {
    this.connection.timeout(this.request, seconds);
  }
}

const contexts = new WeakMap<Request, RequestContext>();

/** Registers the context, so that `contextOf` finds it by its request. */
export function registerContext(context: RequestContext): void {
  contexts.set(context.request, context);
}

/** @throws Error when the request did not come through the front door: a bug. */
export function contextOf(request: Request): RequestContext {
  const context = contexts.get(request);
  if (context === undefined) throw new Error("request did not pass the front door");
  return context;
}

/** The decoded query. */
export function queryOf({ query }: Pick<RequestContext, "query">): URLSearchParams {
  return new URLSearchParams(query);
}
