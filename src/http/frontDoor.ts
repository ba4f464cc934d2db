// The one parse of a request: Host, path, method → operation and typed values. Everything after it uses these, and reads no URL again.
// Elysia finds paths by position in the URL and Bun may hand over a relative one: together they would let a request slip past a guard.

import { RegistryError } from "../errors.ts";
import { assertOwnSite } from "./crossSite.ts";
import { AnswerError } from "./errors.ts";
import type { Guard } from "./guard.ts";
import type { HostCheck } from "./host.ts";
import { readValue, type Values } from "./parameters.ts";
import type { Question, RequestContext, Target } from "./requestContext.ts";
import { type Found, type Route, type Router, splitUrl } from "./router.ts";
import { isAsSent } from "./sentPath.ts";

/** Longest path in bytes: a name of 255, a digest and the words between them stay far below. */
const longestPath = 2048;

/** Longest path of an address in a bucket: an object name of 1024 bytes, each of them escaped, a bucket and the words between. */
const longestBucketPath = 3 * 1024 + 128;
const bucketsPrefix = "/v1/buckets/";

/** The dependencies of the front door. */
export interface Entrance {
  readonly router: Router;
  /** Names the methods of a path, for a request whose method is none of them. */
  readonly guard: Pick<Guard, "methodsOf">;
  readonly assertHost: HostCheck;
}

/**
 * Reads the request into `context`, and shadows its `url` with that of the route, which Elysia matches. The Request stays the same object: a
 * copy would buffer its body whole.
 * @returns the question for the guard.
 * @throws RegistryError HOST_INVALID, HOST_FOREIGN, PATH_REWRITTEN, PATH_INVALID, NAME_INVALID, ROUTE_UNKNOWN, METHOD_UNSUPPORTED (with `Allow`),
 * CROSS_SITE, and what a malformed tag, digest or upload id means for its path.
 */
export function enter(context: RequestContext, { router, guard, assertHost }: Entrance): Question {
  const { request } = context;
  const { method } = request;
  const { path, query } = splitUrl(request.url);
  context.secure = request.url.startsWith("https:");
  context.path = path;
  context.query = query;
  context.foreign = !isRegistryPath(path);
  if (!isProbe(path, request.headers)) assertHost(request.headers);
  if (!isAsSent(path, context.sent)) throw new RegistryError("PATH_REWRITTEN");
  const { route, texts } = locate(router, path);
  const params: Partial<Values> = {};
  const read = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) {
      const name = route.parameters[at];
      if (name !== undefined) readValue(params, name, texts[at] ?? "", { path, method });
    }
  };
  // In a repository a method that the path does not take is refused before a malformed digest is.
  const first = route.target === "bucket" ? texts.length : 1;
  read(0, first);
  const operation = route.operations.get(method);
  if (operation === undefined) throw unsupported(guard.methodsOf(route));
  const question = { operation, target: targetOf(route, params), route };
  context.question = question;
  assertOwnSite(request);
  read(first, texts.length);
  context.params = params;
  Object.defineProperty(request, "url", { value: route.url });
  return question;
}

/** Health checks of load balancers speak HTTP/1.0, which has no Host (haproxy's `option httpchk`). */
const isProbe = (path: string, headers: Headers): boolean =>
  (path === "/readyz" || path === "/healthz") && !headers.has("host");

/** @throws RegistryError PATH_INVALID, ROUTE_UNKNOWN, NAME_INVALID for an empty name. */
function locate(router: Router, path: string): Found {
  if (path.startsWith(bucketsPrefix))
    return router(path) ?? unknown(path.length <= longestBucketPath);
  if (path.length > longestPath) throw new RegistryError("PATH_INVALID");
  const { route, texts } = router(path) ?? unknown(isWellFormed(path));
  if (texts.length === 0) return { route, texts };
  const isNamed = route.target === "repository";
  if (isNamed && texts[0] === "") throw new RegistryError("NAME_INVALID");
  // The name's own grammar explains a malformed one.
  const plain = texts.map((text, at) => (isNamed && at === 0 ? text : plainValue(text)));
  return { route, texts: plain };
}

function unknown(isWellFormed: boolean): never {
  throw new RegistryError(isWellFormed ? "ROUTE_UNKNOWN" : "PATH_INVALID");
}

function plainValue(text: string): string {
  const value = unescapeColon(text);
  if (value !== "" && !isWellFormed(`/${value}`)) throw new RegistryError("PATH_INVALID");
  return value;
}

function targetOf({ target }: Route, { name, bucket }: Partial<Values>): Target {
  if (target === "repository" && name !== undefined) return { kind: target, name };
  if (target === "bucket" && bucket !== undefined) return { kind: target, name: bucket };
  return { kind: "server" };
}

function unsupported(allowed: readonly string[]): AnswerError {
  const error = new RegistryError("METHOD_UNSUPPORTED", { detail: { allowed } });
  return new AnswerError(error, { allow: allowed.join(", ") });
}

/** True for the registry's own part of the address space. */
function isRegistryPath(path: string): boolean {
  return path === "/v2" || path.startsWith("/v2/");
}

const wellFormedPath = /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)*\/?$/;
const dotSegment = /\/\.{1,2}(?:\/|$)/;

/** False for escapes, `\`, `;`, empty and dot segments, and anything outside of ASCII: no address has them. */
export function isWellFormed(path: string): boolean {
  return wellFormedPath.test(path) && !dotSegment.test(path);
}

/** Some HTTP libraries escape the colon of a digest; no other escape is understood. */
function unescapeColon(text: string): string {
  return text.includes("%") ? text.replaceAll(/%3a/gi, ":") : text;
}
