// Answers of a server in JSON → typed values. What is missing or of another kind means that no Breadbox of this version answered.
import { CommandError } from "./problems.ts";

/** A bucket. Names are those of the API: `--json` prints them. */
export interface BucketInfo {
  readonly name: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly objects: number;
  readonly size_bytes: number;
}

/** An object, without its bytes. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly object: string;
  readonly size_bytes: number;
  readonly etag: string;
  readonly digest: string;
  readonly content_type: string;
  /** ISO 8601. */
  readonly created_at: string;
  /** Repositories that hold the same content, as far as the caller may see; absent where it was not asked for. */
  readonly repositories?: readonly string[];
}

/** An open upload. */
export interface UploadInfo {
  readonly upload_id: string;
  readonly object: string;
  readonly state: string;
  readonly content_type: string;
  /** ISO 8601. */
  readonly created_at: string;
  /** ISO 8601. */
  readonly expires_at: string;
  readonly parts: number;
  readonly size_bytes: number;
}

/** A part that a server holds. */
export interface PartInfo {
  readonly part_number: number;
  readonly etag: string;
  readonly size_bytes: number;
}

/** A server's limits. */
export interface Limits {
  readonly maxParts: number;
  readonly maxPartBytes: number;
}

/** One page of a list. `next` is what the next one begins after; null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

type Members = Readonly<Record<string, unknown>>;

const odd = (name: string): CommandError =>
  new CommandError(
    `The server's answer has no ${JSON.stringify(name)}: it may be of another version than this program.`,
  );

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function members(value: unknown): Members {
  if (isMembers(value)) return value;
  throw new CommandError("The server's answer is no JSON object.");
}

function text(from: Members, name: string): string {
  const value = from[name];
  if (typeof value === "string") return value;
  throw odd(name);
}

function amount(from: Members, name: string): number {
  const value = from[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw odd(name);
}

function list<T>(from: Members, name: string, read: (value: unknown) => T): readonly T[] {
  const value = from[name];
  if (Array.isArray(value)) return value.map(read);
  throw odd(name);
}

/** @throws CommandError, as all of them. */
export function readBucketInfo(value: unknown): BucketInfo {
  const from = members(value);
  return {
    name: text(from, "name"),
    created_at: text(from, "created_at"),
    objects: amount(from, "objects"),
    size_bytes: amount(from, "size_bytes"),
  };
}

export function readObjectInfo(value: unknown): ObjectInfo {
  const from = members(value);
  return {
    bucket: text(from, "bucket"),
    object: text(from, "object"),
    size_bytes: amount(from, "size_bytes"),
    etag: text(from, "etag"),
    digest: text(from, "digest"),
    content_type: text(from, "content_type"),
    created_at: text(from, "created_at"),
    ...(from["repositories"] !== undefined && {
      repositories: list(from, "repositories", (name) => String(name)),
    }),
  };
}

export function readUploadInfo(value: unknown): UploadInfo {
  const from = members(value);
  return {
    upload_id: text(from, "upload_id"),
    object: text(from, "object"),
    state: text(from, "state"),
    content_type: text(from, "content_type"),
    created_at: text(from, "created_at"),
    expires_at: text(from, "expires_at"),
    parts: amount(from, "parts"),
    size_bytes: amount(from, "size_bytes"),
  };
}

/** A part that is listed, or the answer to one that was sent. */
export function readPartInfo(value: unknown): PartInfo {
  const from = members(value);
  return {
    part_number: amount(from, "part_number"),
    etag: text(from, "etag"),
    size_bytes: amount(from, "size_bytes"),
  };
}

/** An initiated upload's id and limits. */
export function readStarted(value: unknown): { readonly id: string; readonly limits: Limits } {
  const from = members(value);
  const limits = members(from["limits"]);
  return {
    id: text(from, "upload_id"),
    limits: {
      maxParts: amount(limits, "max_parts"),
      maxPartBytes: amount(limits, "max_part_bytes"),
    },
  };
}

/** @param name of the member that holds the list. */
export function readPage<T>(value: unknown, name: string, read: (value: unknown) => T): Page<T> {
  const from = members(value);
  const next = from["next"];
  return {
    items: list(from, name, read),
    next: typeof next === "string" || typeof next === "number" ? String(next) : null,
  };
}

/** The common prefixes of a page of objects. */
export function readPrefixes(value: unknown): readonly string[] {
  return list(members(value), "prefixes", String);
}
