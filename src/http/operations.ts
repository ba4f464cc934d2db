// Every address of this server, once: template, methods, and what each request asks to do on what.
// The front door, 405 answers, logs, metrics and the access check all read this table.
import type { RepositoryName } from "../model/names.ts";
import type { BucketName } from "../model/objectNames.ts";

/** The right a request needs. `read` needs none beyond reaching the server. */
export type Action = "read" | "pull" | "push" | "delete" | "catalog" | "operate";

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

interface TableRow {
  readonly id: string;
  readonly action: Action;
}

interface RouteRow {
  readonly target: Target["kind"];
  readonly methods: { readonly [M in Method]?: TableRow };
}

/** Templates are Elysia's routes; a repository name is one segment there. Operation ids are OpenAPI's. */
export const routes = {
  "/v2/": {
    target: "server",
    methods: {
      GET: { id: "checkApi", action: "read" },
      HEAD: { id: "headApi", action: "read" },
    },
  },
  "/v2/_catalog": {
    target: "server",
    methods: {
      GET: { id: "listRepositories", action: "catalog" },
      HEAD: { id: "headRepositories", action: "catalog" },
    },
  },
  "/v2/:name/tags/list": {
    target: "repository",
    methods: {
      GET: { id: "listTags", action: "pull" },
      HEAD: { id: "headTags", action: "pull" },
    },
  },
  "/v2/:name/manifests/:reference": {
    target: "repository",
    methods: {
      GET: { id: "getManifest", action: "pull" },
      HEAD: { id: "headManifest", action: "pull" },
      PUT: { id: "putManifest", action: "push" },
      DELETE: { id: "deleteManifest", action: "delete" },
    },
  },
  "/v2/:name/referrers/:digest": {
    target: "repository",
    methods: {
      GET: { id: "listReferrers", action: "pull" },
      HEAD: { id: "headReferrers", action: "pull" },
    },
  },
  "/v2/:name/blobs/:digest": {
    target: "repository",
    methods: {
      GET: { id: "getBlob", action: "pull" },
      HEAD: { id: "headBlob", action: "pull" },
      DELETE: { id: "deleteBlob", action: "delete" },
    },
  },
  "/v2/:name/blobs/uploads/": {
    target: "repository",
    methods: { POST: { id: "startUpload", action: "push" } },
  },
  "/v2/:name/blobs/uploads/:uploadId": {
    target: "repository",
    methods: {
      GET: { id: "getUpload", action: "push" },
      HEAD: { id: "headUpload", action: "push" },
      PATCH: { id: "appendUpload", action: "push" },
      PUT: { id: "finishUpload", action: "push" },
      DELETE: { id: "cancelUpload", action: "push" },
    },
  },
  "/v1/gc": {
    target: "server",
    methods: { POST: { id: "startGc", action: "operate" } },
  },
  "/v1/gc/runs": {
    target: "server",
    methods: {
      GET: { id: "listGcRuns", action: "operate" },
      HEAD: { id: "headGcRuns", action: "operate" },
    },
  },
  "/v1/gc/runs/:runId": {
    target: "server",
    methods: {
      GET: { id: "getGcRun", action: "operate" },
      HEAD: { id: "headGcRun", action: "operate" },
    },
  },
  "/v1/buckets": {
    target: "server",
    methods: {
      GET: { id: "listBuckets", action: "catalog" },
      HEAD: { id: "headBuckets", action: "catalog" },
      POST: { id: "createBucket", action: "push" },
    },
  },
  "/v1/buckets/:bucket": {
    target: "bucket",
    methods: {
      GET: { id: "getBucket", action: "pull" },
      HEAD: { id: "headBucket", action: "pull" },
      DELETE: { id: "deleteBucket", action: "delete" },
    },
  },
  "/v1/buckets/:bucket/objects": {
    target: "bucket",
    methods: {
      GET: { id: "listObjects", action: "pull" },
      HEAD: { id: "headObjects", action: "pull" },
    },
  },
  "/v1/buckets/:bucket/objects/:object": {
    target: "bucket",
    methods: {
      GET: { id: "getObject", action: "pull" },
      HEAD: { id: "headObject", action: "pull" },
      PUT: { id: "putObject", action: "push" },
      DELETE: { id: "deleteObject", action: "delete" },
    },
  },
  "/v1/buckets/:bucket/multipart-uploads": {
    target: "bucket",
    methods: {
      GET: { id: "listMultipartUploads", action: "pull" },
      HEAD: { id: "headMultipartUploads", action: "pull" },
      POST: { id: "initiateMultipartUpload", action: "push" },
    },
  },
  "/v1/buckets/:bucket/multipart-uploads/:uploadId": {
    target: "bucket",
    methods: {
      GET: { id: "getMultipartUpload", action: "pull" },
      HEAD: { id: "headMultipartUpload", action: "pull" },
      DELETE: { id: "abortMultipartUpload", action: "push" },
    },
  },
  "/v1/buckets/:bucket/multipart-uploads/:uploadId/parts": {
    target: "bucket",
    methods: {
      GET: { id: "listParts", action: "pull" },
      HEAD: { id: "headParts", action: "pull" },
    },
  },
  "/v1/buckets/:bucket/multipart-uploads/:uploadId/parts/:partNumber": {
    target: "bucket",
    methods: { PUT: { id: "putPart", action: "push" } },
  },
  "/v1/buckets/:bucket/multipart-uploads/:uploadId/complete": {
    target: "bucket",
    methods: { POST: { id: "completeMultipartUpload", action: "push" } },
  },
  "/healthz": {
    target: "server",
    methods: {
      GET: { id: "getHealth", action: "read" },
      HEAD: { id: "headHealth", action: "read" },
    },
  },
  "/readyz": {
    target: "server",
    methods: {
      GET: { id: "getReadiness", action: "read" },
      HEAD: { id: "headReadiness", action: "read" },
    },
  },
  "/metrics": {
    target: "server",
    methods: {
      GET: { id: "getMetrics", action: "read" },
      HEAD: { id: "headMetrics", action: "read" },
    },
  },
  "/swagger": {
    target: "server",
    methods: {
      GET: { id: "getExplorer", action: "read" },
      HEAD: { id: "headExplorer", action: "read" },
    },
  },
  "/swagger/": {
    target: "server",
    methods: {
      GET: { id: "getExplorerRedirect", action: "read" },
      HEAD: { id: "headExplorerRedirect", action: "read" },
    },
  },
  "/swagger/json": {
    target: "server",
    methods: {
      GET: { id: "getApiDocument", action: "read" },
      HEAD: { id: "headApiDocument", action: "read" },
    },
  },
  "/swagger/assets/scalar.js": {
    target: "server",
    methods: {
      GET: { id: "getExplorerScript", action: "read" },
      HEAD: { id: "headExplorerScript", action: "read" },
    },
  },
  "/swagger/assets/try-it.js": {
    target: "server",
    methods: {
      GET: { id: "getTryItScript", action: "read" },
      HEAD: { id: "headTryItScript", action: "read" },
    },
  },
} as const satisfies Record<string, RouteRow>;

/** An address as the table spells it. */
export type Template = keyof typeof routes;

type IdsOf<M> = M extends Record<string, { readonly id: infer Id }> ? Id : never;
type RouteIds = { [T in Template]: IdsOf<(typeof routes)[T]["methods"]> };
/** The operations below /v1. */
export type V1OperationId = RouteIds[Extract<Template, `/v1/${string}`>];
/** OpenAPI operationId, metrics label and log field. */
export type OperationId = RouteIds[Template];

/** What a request is about. */
export type Target =
  | { readonly kind: "server" }
  | { readonly kind: "bucket"; readonly name: BucketName }
  | { readonly kind: "repository"; readonly name: RepositoryName };

/** What a method of an address does. */
export interface OperationRow {
  readonly id: OperationId;
  readonly action: Action;
}

/** Who may do this is decided on it, and on nothing else. */
export interface Operation extends OperationRow {
  readonly target: Target;
}

/** The row of one method of one address; null when the address does not take it. */
export function findOperation(template: Template, method: string): OperationRow | null {
  return operations.get(template)?.get(method) ?? null;
}

/** Methods an address takes, in the order of the table: the value of `Allow`. */
export function allowedMethods(template: Template): readonly string[] {
  return Object.keys(routes[template].methods);
}

/** True when the operation wants a store that takes writes: what changes it, and the collection, which no switch stops. */
export function needsStore(operation: OperationRow): boolean {
  return isWrite(operation) || operation.id === "startGc";
}

/** True when the operation changes what is stored. Asking for an upload's state does not. */
export function isWrite({ action, id }: OperationRow): boolean {
  return action === "delete" || (action === "push" && id !== "getUpload" && id !== "headUpload");
}

/** True for the operations on uploads in parts, which have a switch of their own. */
export function isMultipart({ id }: OperationRow): boolean {
  return templateOf(id).includes("/multipart-uploads");
}

const operations: ReadonlyMap<Template, ReadonlyMap<string, OperationRow>> = new Map(
  templates().map((template) => [
    template,
    new Map(Object.entries<OperationRow>(routes[template].methods)),
  ]),
);
const addresses: ReadonlyMap<OperationId, Template> = new Map(
  [...operations].flatMap(([template, rows]) =>
    [...rows.values()].map((row) => [row.id, template]),
  ),
);

/** The address of an operation. */
export function templateOf(id: OperationId): Template {
  const template = addresses.get(id);
  if (template === undefined) throw new Error(`${id} has no address`);
  return template;
}

/** All addresses. */
export function templates(): Template[] {
  return Object.keys(routes).filter(isTemplate);
}

/** True for the addresses of the table. */
export function isTemplate(text: string): text is Template {
  return Object.hasOwn(routes, text);
}
