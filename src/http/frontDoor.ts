// The one parse of a request: Host, path, method → typed operation. Everything after it uses these values and reads no URL again.
// Elysia finds paths by position in the URL and Bun may hand over a relative one: together they would let a request slip past a guard.

import { RegistryError } from "../errors.ts";
import { parseDigest } from "../model/digest.ts";
import {
  parseRepositoryName,
  parseTag,
  type Reference,
  type RepositoryName,
  readReference,
} from "../model/names.ts";
import { readUploadId } from "../model/uploadId.ts";
import {
  type Address,
  canonicalPath,
  findAddress,
  isRegistryPath,
  isWellFormed,
  splitUrl,
  unescapeColon,
} from "./address.ts";
import {
  bucketsPrefix,
  canonicalBucketPath,
  findInBucket,
  longestBucketPath,
} from "./bucketAddress.ts";
import { assertOwnSite } from "./crossSite.ts";
import { AnswerError } from "./errors.ts";
import type { Guard } from "./guard.ts";
import type { HostCheck } from "./host.ts";
import { findOperation, type Operation, routes, type Target, type Template } from "./operations.ts";
import { isAsSent } from "./sentPath.ts";
import type { Match, Visit } from "./visit.ts";

/** Any host of four letters or more serves: Elysia looks for the path behind it. */
const canonicalOrigin = "http://breadbox";
/** Longest path in bytes: a name of 255, a digest and the words between them stay far below. */
const longestPath = 2048;

/** Whom the front door asks. */
export interface Entrance {
  /** Is asked what an address takes, when it does not take the method. */
  readonly guard: Pick<Guard, "methodsOf">;
  readonly assertHost: HostCheck;
}

/**
 * Reads the request into `visit`, and shadows its `url` with the canonical one that Elysia's routes match. The Request stays
 * the same object: a copy would buffer its body whole.
 * @returns the operation, for the guard.
 * @throws RegistryError HOST_INVALID, HOST_FOREIGN, PATH_REWRITTEN, PATH_INVALID, NAME_INVALID, ROUTE_UNKNOWN, METHOD_UNSUPPORTED (with `Allow`),
 * CROSS_SITE, and what a malformed tag, digest or upload id means for its address.
 */
export function enter(visit: Visit, { guard, assertHost }: Entrance): Operation {
  const { request } = visit;
  const { path, query } = splitUrl(request.url);
  visit.path = path;
  visit.query = query;
  visit.foreign = !isRegistryPath(path);
  assertHost(request.headers);
  if (!isAsSent(path, visit.sent)) throw new RegistryError("PATH_REWRITTEN");
  const { template, target, values, canonical } = path.startsWith(bucketsPrefix)
    ? readBucket(path)
    : readAddress(path);
  const row = findOperation(template, request.method);
  if (row === null) throw unsupported(guard.methodsOf(template));
  const operation = { id: row.id, action: row.action, target };
  visit.operation = operation;
  assertOwnSite(request);
  visit.match = values(request.method);
  const suffix = query === "" ? "" : `?${query}`;
  Object.defineProperty(request, "url", { value: `${canonicalOrigin}${canonical}${suffix}` });
  return operation;
}

/** Where a path leads. */
interface Place {
  readonly template: Template;
  readonly target: Target;
  /** Its typed values, for a method that the address takes. @throws RegistryError for what is malformed. */
  readonly values: (method: string) => Match;
  /** The path as Elysia's routes read. */
  readonly canonical: string;
}

function readAddress(path: string): Place {
  if (path.length > longestPath) throw new RegistryError("PATH_INVALID");
  const address = locate(path);
  const name = address.name === "" ? null : parseRepositoryName(address.name);
  return {
    template: address.template,
    target: name === null ? { kind: "server" } : { kind: "repository", name },
    values: (method) => readMatch(address, name, method),
    canonical: canonicalPath(address),
  };
}

function readBucket(path: string): Place {
  const match = findInBucket(path);
  // What is wrong with a name, its length included, has been said by the name's own grammar.
  if (match === null) {
    throw new RegistryError(path.length > longestBucketPath ? "PATH_INVALID" : "ROUTE_UNKNOWN");
  }
  const { template, bucket } = match;
  return {
    template,
    target: { kind: "bucket", name: bucket },
    values: () => match,
    canonical: canonicalBucketPath(match),
  };
}

function locate(path: string): Address {
  const found = findAddress(path);
  if (found === null) {
    throw new RegistryError(isWellFormed(path) ? "ROUTE_UNKNOWN" : "PATH_INVALID");
  }
  if (routes[found.template].target === "repository" && found.name === "") {
    throw new RegistryError("NAME_INVALID");
  }
  const address = { ...found, value: unescapeColon(found.value) };
  // What is wrong with a name is said by the name's own grammar.
  if (address.value !== "" && !isWellFormed(`/${address.value}`)) {
    throw new RegistryError("PATH_INVALID");
  }
  return address;
}

function unsupported(allowed: readonly string[]): AnswerError {
  const error = new RegistryError("METHOD_UNSUPPORTED", { detail: { allowed } });
  return new AnswerError(error, { allow: allowed.join(", ") });
}

function readMatch(
  { template, value }: Address,
  name: RepositoryName | null,
  method: string,
): Match {
  switch (template) {
    case "/v2/:name/tags/list":
    case "/v2/:name/blobs/uploads/":
      return { template, name: named(name) };
    case "/v2/:name/manifests/:reference":
      return { template, name: named(name), reference: parseReference(value, method) };
    case "/v2/:name/referrers/:digest":
    case "/v2/:name/blobs/:digest":
      return { template, name: named(name), digest: parseDigest(value) };
    case "/v2/:name/blobs/uploads/:uploadId": {
      const uploadId = readUploadId(value);
      if (uploadId === null) throw new RegistryError("UPLOAD_UNKNOWN");
      return { template, name: named(name), uploadId };
    }
    case "/v1/gc/runs/:runId":
      return { template, runId: value };
    default:
      return { template };
  }
}

/** Repository addresses always have a name; `locate` has refused the others. */
function named(name: RepositoryName | null): RepositoryName {
  if (name === null) throw new RegistryError("NAME_INVALID");
  return name;
}

/** A malformed reference cannot be pushed; asked for, it is merely not there. */
function parseReference(text: string, method: string): Reference {
  const reference = readReference(text);
  if (reference !== null) return reference;
  if (method !== "PUT") throw new RegistryError("MANIFEST_UNKNOWN");
  if (text.includes(":")) return { digest: parseDigest(text) };
  return { tag: parseTag(text) };
}
