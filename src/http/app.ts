// The whole surface on one screen. Two compiled Elysia instances over one list of routes: a compiled instance answers HEAD by
// running GET and reading its body, so HEAD has an instance of its own, which knows nothing else.
import { Elysia } from "elysia";
import type { WriteLatch } from "../durability/writeLatch.ts";
import type { Collections } from "../gc/collections.ts";
import type { ObjectsDeps } from "../objects/deps.ts";
import type { RegistryDeps } from "../registry/manifests.ts";
import type { Telemetry } from "../telemetry/metrics.ts";
import type { UploadsDeps } from "../uploads/uploads.ts";
import type { Pace } from "./body.ts";
import { errorResponse } from "./errors.ts";
import type { Rights } from "./guard.ts";
import { baseRoutes } from "./oci/base.ts";
import { blobRoutes } from "./oci/blobs.ts";
import { deletionRoutes } from "./oci/deletions.ts";
import { listRoutes } from "./oci/lists.ts";
import { manifestRoutes } from "./oci/manifests.ts";
import { referrerRoutes } from "./oci/referrers.ts";
import { uploadRoutes } from "./oci/uploads.ts";
import { docsRoutes } from "./ops/docs.ts";
import { healthRoutes } from "./ops/health.ts";
import { metricsRoutes } from "./ops/metrics.ts";
import { bucketRoutes } from "./v1/buckets.ts";
import { gcRoutes } from "./v1/gc.ts";
import { multipartRoutes } from "./v1/multipart.ts";
import { objectRoutes } from "./v1/objects.ts";
import { partRoutes } from "./v1/parts.ts";
import { visitOf } from "./visit.ts";

/** Everything the surface calls, opened and wired. */
export interface Rooms {
  readonly registry: RegistryDeps;
  readonly uploads: UploadsDeps;
  readonly objects: ObjectsDeps;
  readonly collections: Pick<Collections, "request" | "find" | "list" | "findRefusals">;
  readonly telemetry: Telemetry;
  readonly latch: Pick<WriteLatch, "assertWritable">;
  /** Resolves when rows can be read and the store takes writes. @throws what stands in the way. */
  readonly ready: () => Promise<void>;
}

/** What of the surface is switched on, and its limits. */
export interface Surface {
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  /** Chunk size that clients are asked for, in bytes; 0 asks for none. */
  readonly chunkMinBytes: number;
  /** Bodies that come slower are cut. */
  readonly pace: Pace;
  /** Serves `/metrics`. */
  readonly metrics: boolean;
  /** Serves `/swagger`. */
  readonly explorer: boolean;
  /** True once the server has begun to stop. */
  readonly isDraining: () => boolean;
  readonly rights: Rights;
}

/** Answers a request that passed the front door. */
export interface App {
  fetch(request: Request): Response | Promise<Response>;
  /** Every route, HEAD included, with its documentation. */
  readonly routes: readonly AppRoute[];
}

/** A route as Elysia knows it. */
export interface AppRoute {
  readonly method: string;
  readonly path: string;
  /** OpenAPI's; equal to the operation's id. */
  readonly operationId?: string | undefined;
  readonly summary?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** True for what is no part of the API. */
  readonly hide?: boolean | undefined;
}

/** The front door has spelled the path as the routes do; `/swagger` and `/swagger/` are two of them. */
const exactPaths = { strictPath: true };

/** Builds the surface. */
export function buildApp(rooms: Rooms, surface: Surface): App {
  const { registry, uploads, objects, collections, telemetry, ready } = rooms;
  const { maxBodyBytes, chunkMinBytes, pace, rights } = surface;
  const app = new Elysia(exactPaths)
    .onError({ as: "global" }, answerError)
    .use(baseRoutes())
    .use(listRoutes(registry))
    .use(manifestRoutes({ registry, telemetry, pace }))
    .use(referrerRoutes(registry))
    .use(blobRoutes({ registry, rights, telemetry, newId: uploads.newId }))
    .use(deletionRoutes({ registry, telemetry }))
    .use(
      uploadRoutes({
        ...{ uploads, registry, objects, rights, telemetry },
        ...{ maxBodyBytes, chunkMinBytes, pace },
      }),
    )
    .use(bucketRoutes({ objects, pace }))
    .use(objectRoutes({ objects, rights, telemetry, maxBodyBytes, pace }))
    .use(multipartRoutes({ objects, telemetry, maxBodyBytes, pace }))
    .use(partRoutes({ objects, telemetry, maxBodyBytes, pace }))
    .use(gcRoutes({ collections, pace }))
    .use(
      healthRoutes({
        ready,
        isDraining: surface.isDraining,
        findRefusals: () => collections.findRefusals(),
      }),
    );
  if (surface.metrics) app.use(metricsRoutes(telemetry.metrics));
  const routes = () => app.routes.map(toAppRoute);
  if (surface.explorer) app.use(docsRoutes({ routes }));

  const heads = new Elysia(exactPaths).onError({ as: "global" }, answerError);
  for (const { method, path, handler, hooks } of app.routes) {
    if (method === "HEAD") heads.head(path, handler, hooks);
  }
  return {
    fetch: (request) => (request.method === "HEAD" ? heads : app).fetch(request),
    routes: routes(),
  };
}

interface DocumentedRoute {
  readonly method: string;
  readonly path: string;
  readonly hooks: { readonly detail?: Omit<AppRoute, "method" | "path"> };
}

function toAppRoute({ method, path, hooks }: DocumentedRoute): AppRoute {
  const { operationId, summary, tags, hide }: Partial<AppRoute> = hooks.detail ?? {};
  return { method, path, operationId, summary, tags, hide };
}

function answerError({ error, request }: { error: unknown; request: Request }): Response {
  return errorResponse(error, visitOf(request));
}
