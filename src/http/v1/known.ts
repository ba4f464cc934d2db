// Names that requests below /v1 may have in their queries and JSON bodies: those that the operation documents, and no others. A misspelled name
// that is ignored does something else than was asked for: a collection that was meant to be dry. Not for /v2, where clients add parameters of
// their own (`ns=` of mirrors), nor for health checks, where balancers do.
import { RegistryError } from "../../errors.ts";
import { didYouMean, nearest } from "../../spelling.ts";
import type { Operation } from "../operation.ts";

/** Names that an operation knows. */
interface Known {
  readonly query: readonly string[];
  /** Members of its JSON body; none where any body is taken. */
  readonly body: readonly string[];
}

const known = new WeakMap<Operation, Known>();

/** The names that an operation documents. */
export function namesOf(operation: Operation): Known {
  const found = known.get(operation) ?? documentedNames(operation);
  known.set(operation, found);
  return found;
}

function documentedNames({ doc }: Operation): Known {
  const { parameters = [], requestBody } = doc?.() ?? {};
  const query = parameters.filter((it) => it.in === "query").map(({ name }) => name);
  const schema = requestBody?.content["application/json"]?.schema ?? {};
  const isClosed = "additionalProperties" in schema && schema.additionalProperties === false;
  return { query, body: isClosed ? Object.keys(schema.properties ?? {}) : [] };
}

/**
 * Asked of every request before its operation runs. @param query everything after `?`, still encoded.
 * @throws RegistryError REQUEST_INVALID naming a parameter that the operation does not know or that is there twice (PAGE_INVALID
 * for `limit`), and for escapes (%XX) that are not UTF-8. Never below /v2, nor outside of /v1.
 */
export function assertQuery(operation: Operation, query: string): void {
  if (query === "" || !operation.path.startsWith("/v1/")) return;
  const names = namesOf(operation);
  assertEscapes(query);
  const seen = new Set<string>();
  for (const name of new URLSearchParams(query).keys()) {
    if (!names.query.includes(name)) throw unknownParameter(name, names);
    if (seen.has(name)) throw repeated(name);
    seen.add(name);
  }
}

/** @throws RegistryError REQUEST_INVALID naming a member of the body that the operation does not know. */
export function assertMembers(members: object, allowed: readonly string[]): void {
  const unknown = Object.keys(members).find((name) => !allowed.includes(name));
  if (unknown === undefined) return;
  const hint = didYouMean(nearest(unknown, allowed));
  throw invalid(`there is no ${quoted(unknown)}: only ${listed(allowed)}.${hint}`);
}

function unknownParameter(name: string, { query, body }: Known): RegistryError {
  const said = `unknown query parameter ${quoted(name)}`;
  const own = nearest(name, query);
  const member = own === null ? nearest(name, body) : null;
  if (member !== null) {
    return invalid(`${said}. Did you mean "${member}" in the JSON body? Nothing was done.`);
  }
  const taken = query.length === 0 ? "this address has none" : `only ${listed(query)}`;
  return invalid(`${said}: ${taken}.${didYouMean(own)}`);
}

function repeated(name: string): RegistryError {
  const message = `${name} is in the query more than once`;
  return new RegistryError(name === "limit" ? "PAGE_INVALID" : "REQUEST_INVALID", { message });
}

/** Replacement characters would make one name of many. */
function assertEscapes(query: string): void {
  try {
    decodeURIComponent(query);
  } catch {
    throw invalid("the query has escapes (%XX) that are not UTF-8");
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

/** `a, b and c`. */
function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "nothing";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

function invalid(message: string): RegistryError {
  return new RegistryError("REQUEST_INVALID", { message });
}
