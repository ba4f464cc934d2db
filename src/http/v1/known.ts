// What the operations below /v1 take in their queries and JSON bodies, once: what stands here is documented and read, whatever else
// is refused. A misspelled name that is passed over does something else than was asked for: a collection that was meant to be dry.
// Not for /v2, where clients add parameters of their own (`ns=` of mirrors), nor for health checks, where balancers do.
import { RegistryError } from "../../errors.ts";
import { didYouMean, nearest } from "../../spelling.ts";
import type { OperationId, V1OperationId } from "../operations.ts";

/** Names that an operation knows. */
interface Known {
  readonly query: readonly string[];
  /** Members of its JSON body; absent where it takes no such body. */
  readonly body?: readonly string[];
}

const nothing: Known = { query: [] };
const page: Known = { query: ["limit", "after"] };
const objectsPage: Known = { query: ["prefix", "delimiter", "limit", "after"] };
const uploadsPage: Known = { query: ["prefix", "limit", "after"] };

/** Every operation below /v1: one without a row does not compile. */
export const known = {
  startGc: { query: [], body: ["dry_run", "min_age"] },
  listGcRuns: page,
  headGcRuns: page,
  getGcRun: nothing,
  headGcRun: nothing,
  listBuckets: page,
  headBuckets: page,
  createBucket: { query: [], body: ["name"] },
  getBucket: nothing,
  headBucket: nothing,
  deleteBucket: nothing,
  listObjects: objectsPage,
  headObjects: objectsPage,
  getObject: nothing,
  headObject: nothing,
  putObject: nothing,
  deleteObject: nothing,
  listMultipartUploads: uploadsPage,
  headMultipartUploads: uploadsPage,
  initiateMultipartUpload: { query: [], body: ["object", "content_type"] },
  getMultipartUpload: nothing,
  headMultipartUpload: nothing,
  abortMultipartUpload: nothing,
  listParts: page,
  headParts: page,
  putPart: nothing,
  completeMultipartUpload: { query: [], body: ["parts", "digest"] },
} as const satisfies Readonly<Record<V1OperationId, Known>>;

function namesOf(id: OperationId): Known | null {
  const table: Readonly<Record<string, Known>> = known;
  return Object.hasOwn(table, id) ? (table[id] ?? null) : null;
}

/**
 * Asked of every request before its operation runs. @param query everything after `?`, still encoded.
 * @throws RegistryError REQUEST_INVALID naming a parameter that the operation does not know or that is there twice (PAGE_INVALID
 * for `limit`), and for escapes (%XX) that are not UTF-8. Never below /v2, nor outside of /v1.
 */
export function assertQuery(id: OperationId, query: string): void {
  if (query === "") return;
  const names = namesOf(id);
  if (names === null) return;
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

function unknownParameter(name: string, { query, body = [] }: Known): RegistryError {
  const said = `there is no query parameter ${quoted(name)} here`;
  const own = nearest(name, query);
  const member = own === null ? nearest(name, body) : null;
  if (member !== null) {
    return invalid(`${said}. Did you mean "${member}" in the JSON body? Nothing was done.`);
  }
  const taken = query.length === 0 ? "this address takes none" : `only ${listed(query)}`;
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
