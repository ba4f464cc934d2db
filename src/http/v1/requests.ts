// Shared by the operations below /v1: JSON bodies, pages, and uncached answers.
import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { Value, ValueErrorType } from "@sinclair/typebox/value";
import { RegistryError, type Situation } from "../../errors.ts";
import { readPlainJson } from "../../registry/jsonScan.ts";
import { openBody, type Pace } from "../body.ts";
import { assertNotEncoded } from "../headers.ts";
import type { RequestContext } from "../requestContext.ts";
import { assertMembers } from "./known.ts";

/** The members of a JSON object, not judged yet. */
export type Members = Readonly<Record<string, unknown>>;

/** Never cached. */
export const uncached = { "cache-control": "no-store" };

/** A refusal that says what is wrong. */
export function invalid(message: string): RegistryError {
  return new RegistryError("REQUEST_INVALID", { message });
}

/** How a body is read. */
interface BodyRules {
  /** Bytes. */
  readonly longest: number;
  readonly pace: Pace;
  /** The error for a member of the wrong type; REQUEST_INVALID by default. */
  readonly otherwise?: Situation;
}

/**
 * Reads a JSON object that is as `schema` says. @returns null for an empty body.
 * @throws RegistryError ENCODING_UNSUPPORTED, BODY_TOO_LARGE, BODY_TOO_SLOW; REQUEST_INVALID naming the member that is wrong.
 */
export async function readOptionalBody<T extends TObject>(
  context: RequestContext,
  schema: T,
  { longest, pace, otherwise = "REQUEST_INVALID" }: BodyRules,
): Promise<Static<T> | null> {
  assertNotEncoded(context.request.headers);
  const chunks: Uint8Array[] = [];
  for await (const chunk of openBody(context, longest, pace) ?? []) chunks.push(chunk);
  const text = readText(Buffer.concat(chunks));
  if (text.trim() === "") return null;
  const members = withoutNulls(parseObject(text), schema);
  assertMembers(members, Object.keys(schema.properties));
  assertKinds(members, schema, otherwise);
  return members;
}

/** As `readOptionalBody`, where there must be a body. */
export async function readBody<T extends TObject>(
  context: RequestContext,
  schema: T,
  rules: BodyRules,
): Promise<Static<T>> {
  const body = await readOptionalBody(context, schema, rules);
  if (body === null) throw invalid("the body must be a JSON object");
  return body;
}

/** Without the members that are `nullable` and null: they are as good as absent. */
function withoutNulls(members: Members, { properties }: TObject): Members {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([name, value]) => value !== null || properties[name]?.["nullable"] !== true,
    ),
  );
}

/** Judged by parsers of their own, whose errors say more. */
const judgedLater = [ValueErrorType.StringPattern, ValueErrorType.ArrayMinItems];

function assertKinds<T extends TObject>(
  members: Members,
  schema: T,
  otherwise: Situation,
): asserts members is Static<T> {
  for (const { type, path, schema: member } of Value.Errors(schema, members)) {
    if (judgedLater.includes(type)) continue;
    throw new RegistryError(otherwise, {
      message: `${path.slice(1)} must be ${inWords(member)}`,
    });
  }
}

function inWords({ type, minimum, maximum, "x-unit": unit }: TSchema): string {
  if (type === "number") return `a number of ${unit} from ${minimum} to ${maximum}`;
  return type === "boolean" ? "true or false" : type === "array" ? "a list" : "a string";
}

/** Replacement characters would make one name of many. */
function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("the body is not UTF-8");
  }
}

/** Longest text that is looked through for names that are there twice; characters. Longer ones are lists of parts. */
const longestScan = 64 * 1024;
const scanned = { depth: 16, values: longestScan, names: 1000, wholeNumbers: new Set<string>() };

/** Of two members of one name JSON.parse takes the later one, whichever the client meant. */
function assertNoRepeats(text: string): void {
  if (text.length > longestScan) return;
  try {
    readPlainJson(text, scanned);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw invalid(error.message.replace(/^manifest/, "the body"));
  }
}

function parseObject(text: string): Members {
  const value = parseJson(text);
  assertNoRepeats(text);
  if (!isMembers(value)) throw invalid("the body must be a JSON object");
  return { ...value };
}

/** True for a JSON object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("the body is not JSON");
  }
}

/**
 * `?limit=`: `usual` without it, `longest` for anything larger.
 * @throws RegistryError PAGE_INVALID when it is not a whole number (of any length) from 1.
 */
export function readLimit(
  query: URLSearchParams,
  { usual, longest }: { readonly usual: number; readonly longest: number },
): number {
  const text = query.get("limit");
  if (text === null) return usual;
  if (!/^[1-9][0-9]*$/.test(text)) {
    throw new RegistryError("PAGE_INVALID", {
      message: "limit must be a whole number, 1 or larger",
    });
  }
  return Math.min(Number(text), longest);
}

/** `?name=true`; without it, false. @throws RegistryError REQUEST_INVALID */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? "false";
  if (text !== "true" && text !== "false") throw invalid(`${name} must be true or false`);
  return text === "true";
}

/**
 * Headers of a page of a list. The link to the next one is path-relative: right behind every proxy.
 * @param next the position of the next page; null for none. @param query of this page, without null and empty values.
 */
export function pageHeaders(
  path: string,
  query: Readonly<Record<string, string | number | null>>,
  next: string | number | null,
): Record<string, string> {
  if (next === null) return uncached;
  const parameters = Object.entries({ ...query, after: next }).flatMap(([name, value]) =>
    value === null || value === "" ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return { ...uncached, link: `<${path}?${parameters.join("&")}>; rel="next"` };
}
