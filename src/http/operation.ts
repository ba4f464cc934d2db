// One operation of the API, all of it: method, path, who may do it, documentation and handler. Routes, HEAD, 405 answers, the
// guard's question, metrics' labels, the explorer and the names of parameters are derived from it.
import type { Area, Action as Right } from "../access/actions.ts";
import { withoutBodies } from "./docs/answers.ts";
import type { Documentation, Tag } from "./docs/types.ts";
import type { Params } from "./parameters.ts";
import type { RequestContext } from "./requestContext.ts";
import type { Services } from "./services.ts";

/** The kind of work, which the switches of an operator ask for. `login` proves who somebody is, and changes nothing that is stored for others. */
export type Action = "read" | "pull" | "push" | "delete" | "catalog" | "operate" | "login";

/**
 * What the caller must be allowed to do. Every operation has an answer: without one it does not compile.
 * - `nothing`: everybody gets the same answer, on every server.
 * - `login`: right credentials, whatever they give.
 * - `own`: the answer holds only what the caller may see.
 * - `administrator`: of users, of this server; nobody is one where nobody logs in.
 * - `body`: the body names what it is about, so that the handler asks (`assertMay`).
 * - a right on what the path names: `objects` are those that the parameter `prefix` selects, `upload` is the object of an upload in parts.
 */
export type Need =
  | "nothing"
  | "login"
  | "own"
  | "body"
  | "administrator"
  | {
      readonly right: Right;
      readonly on: "repository" | "bucket" | "object" | "objects" | "upload" | Area;
    };

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A request with the typed values of its path. */
export type Call<Path extends string> = RequestContext & { readonly params: Params<Path> };

type Answer = Response | Promise<Response>;

/** Members of every operation, a derived HEAD included. */
export interface Operation<Path extends string = string> {
  /** OpenAPI's operationId, metrics' label and log field. */
  readonly id: string;
  readonly method: Method;
  /** As Elysia and OpenAPI spell it; a repository's name is one parameter, slashes included. */
  readonly path: Path;
  readonly action: Action;
  /** The kind of thing the action is on; the path names it. */
  readonly target: "server" | "repository" | "bucket";
  readonly needs: Need;
  /** Group of the explorer. */
  readonly tag: Tag;
  readonly summary: string;
  /** Made only when the explorer or a query needs it; null for what is no part of the API. */
  readonly doc: (() => Documentation) | null;
  /** The setting that switches it off; then its path is unknown. */
  readonly servedIf?: "metrics" | "explorer" | "authority" | "setup";
  handle(call: Call<Path>, services: Services): Answer;
}

/** How the HEAD of a GET differs from it: by default in nothing, and the server drops the body. */
interface Head<Path extends string> {
  readonly summary?: string;
  readonly description?: string;
  /** Parameters that HEAD ignores. */
  readonly without?: readonly string[];
  readonly responses?: () => Documentation["responses"];
  handle?(call: Call<Path>, services: Services): Answer;
}

/** An operation as its file writes it: HEAD is derived from GET. */
interface OperationSpec<Path extends string> extends Operation<Path> {
  readonly method: Exclude<Method, "HEAD">;
  readonly head?: Head<Path>;
}

/** @returns the operation, and after a GET its HEAD. */
export function operation<const Path extends string>({
  head = {},
  ...spec
}: OperationSpec<Path>): readonly Operation[] {
  return spec.method === "GET" ? [spec, headOf(spec, head)] : [spec];
}

function headOf<Path extends string>(get: Operation<Path>, head: Head<Path>): Operation {
  const { doc } = get;
  return {
    ...get,
    id: headId(get.id),
    method: "HEAD",
    summary: head.summary ?? get.summary,
    doc: doc === null ? null : () => headDoc(doc(), head),
    handle: head.handle ?? get.handle,
  };
}

/** `getBlob` → `headBlob`, `listTags` → `headTags`. */
function headId(id: string): string {
  return id.replace(/^[a-z]+/, "head");
}

function headDoc(
  { parameters, responses }: Documentation,
  head: Pick<Head<string>, "description" | "without" | "responses">,
): Documentation {
  const { description = "As `GET`, without a body.", without = [] } = head;
  return {
    description,
    ...(parameters && { parameters: parameters.filter(({ name }) => !without.includes(name)) }),
    responses: withoutBodies(head.responses?.() ?? responses),
  };
}

/** True when a request of this method may change something. */
function mayChange({ method, action }: Operation): boolean {
  return method !== "GET" && method !== "HEAD" && action !== "login";
}

/** True when the operation changes what is stored. A collection of garbage has its own switch, and no other stops it. */
export function isWrite(operation: Operation): boolean {
  return mayChange(operation) && operation.action !== "operate";
}

/** True when the operation needs a store that takes writes: each write, and the collection of garbage. */
export function needsStore(operation: Operation): boolean {
  return mayChange(operation);
}

/** True for the operations on uploads in parts, which have a switch of their own. */
export function isMultipart({ path }: Operation): boolean {
  return path.includes("/multipart-uploads");
}
