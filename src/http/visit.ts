// One request on its way through the server: what the front door read from it, and what logs and metrics need of it.

import type { RegistryError } from "../errors.ts";
import type { Digest } from "../model/digest.ts";
import type { Reference, RepositoryName } from "../model/names.ts";
import type { BucketName, ObjectName } from "../model/objectNames.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Operation, Template } from "./operations.ts";
import type { SentPath } from "./sentPath.ts";

/** An address that carries no values. */
type PlainTemplate = Exclude<
  Template,
  `/v2/:name/${string}` | `${string}/:runId` | `/v1/buckets/:bucket${string}`
>;

type UploadTemplate = "/v1/buckets/:bucket/multipart-uploads/:uploadId";

/** An address in a bucket, with its typed values. */
export type BucketMatch =
  | {
      readonly template:
        | "/v1/buckets/:bucket"
        | "/v1/buckets/:bucket/objects"
        | "/v1/buckets/:bucket/multipart-uploads";
      readonly bucket: BucketName;
    }
  | {
      readonly template: "/v1/buckets/:bucket/objects/:object";
      readonly bucket: BucketName;
      readonly object: ObjectName;
    }
  | {
      readonly template: UploadTemplate | `${UploadTemplate}/parts` | `${UploadTemplate}/complete`;
      readonly bucket: BucketName;
      readonly uploadId: UploadId;
    }
  | {
      readonly template: `${UploadTemplate}/parts/:partNumber`;
      readonly bucket: BucketName;
      readonly uploadId: UploadId;
      readonly partNumber: number;
    };

/** The address a request hit, with its typed values. */
export type Match =
  | { readonly template: PlainTemplate }
  | BucketMatch
  | { readonly template: "/v1/gc/runs/:runId"; readonly runId: string }
  | { readonly template: "/v2/:name/tags/list"; readonly name: RepositoryName }
  | {
      readonly template: "/v2/:name/manifests/:reference";
      readonly name: RepositoryName;
      readonly reference: Reference;
    }
  | {
      readonly template: "/v2/:name/blobs/:digest" | "/v2/:name/referrers/:digest";
      readonly name: RepositoryName;
      readonly digest: Digest;
    }
  | { readonly template: "/v2/:name/blobs/uploads/"; readonly name: RepositoryName }
  | {
      readonly template: "/v2/:name/blobs/uploads/:uploadId";
      readonly name: RepositoryName;
      readonly uploadId: UploadId;
    };

/** The two things a request may ask of its connection; `Bun.serve`'s server is one. */
export interface Connection {
  /** Cuts the connection of `request` when it idles for `seconds` from now on; at most 255. */
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string; readonly port: number } | null;
}

/** Longest idle time Bun knows, in seconds. */
export const longestTimeout = 255;

/** Opened when a request arrives, closed by its answer. */
export class Visit {
  readonly requestId: string;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly request: Request;
  readonly #connection: Connection;
  /** Null until the front door knows it: refused requests may never have one. */
  operation: Operation | null = null;
  match: Match | null = null;
  /** What the router knows of the path before it was resolved; null for a path with an empty segment. */
  sent: SentPath | null = null;
  /** As it was sent: the front door gives the request another spelling of it. */
  path = "";
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
  /** What went wrong inside, for the log. */
  failure: unknown = null;
  /** Why the request was refused, for the log; null for those that were not, or that failed inside. */
  refusal: RegistryError | null = null;

  constructor(request: Request, connection: Connection, requestId: string, startedAt: number) {
    this.request = request;
    this.#connection = connection;
    this.requestId = requestId;
    this.startedAt = startedAt;
  }

  /** Address of the other end of the connection, an IPv4 one as IPv4 whatever the socket says; null when it is gone. */
  address(): string | null {
    const found = this.#connection.requestIP(this.request)?.address ?? null;
    return found === null ? null : found.replace(/^::ffff:(?=[0-9.]+$)/i, "");
  }

  /** Port of the other end; null when the answer was sent to its end, or nobody is there. */
  port(): number | null {
    return this.#connection.requestIP(this.request)?.port ?? null;
  }

  /** Gives the connection another `seconds` before it counts as idle. */
  extend(seconds: number): void {
    this.#connection.timeout(this.request, seconds);
  }
}

const visits = new WeakMap<Request, Visit>();

/** Makes the visit known to whoever holds the request. */
export function registerVisit(visit: Visit): void {
  visits.set(visit.request, visit);
}

/** @throws Error when the request did not come through the front door: a bug. */
export function visitOf(request: Request): Visit {
  const visit = visits.get(request);
  if (visit === undefined) throw new Error("request did not pass the front door");
  return visit;
}

function isMatch<T extends Template>(
  match: Match | null,
  template: T,
): match is Extract<Match, { readonly template: T }> {
  return match?.template === template;
}

/** The typed values of the address. @throws Error when the request hit another address: a bug. */
export function matchOf<T extends Template>(
  request: Request,
  template: T,
): Extract<Match, { readonly template: T }> {
  const { match } = visitOf(request);
  if (!isMatch(match, template)) throw new Error(`request is not about ${template}`);
  return match;
}

/** The decoded query. */
export function queryOf(request: Request): URLSearchParams {
  return new URLSearchParams(visitOf(request).query);
}
