// The notes about a session's staged bytes that its row keeps: short at any size. Pure.
import { parseDigest } from "../../model/digest.ts";
import type { StagingState } from "../../model/locator.ts";
import type { HashNote } from "./hashing/travelling.ts";
import { contentOwner, type KeyKind } from "./names.ts";

/** Where a session's bytes are. */
export interface StagedState {
  readonly kind: KeyKind;
  /** Of the S3 upload; without one, of the object that holds all bytes. It becomes the content's. */
  readonly key: string;
  /** The S3 upload under `key`; null before the first cell was full. */
  readonly upload: string | null;
  /** How many cells are parts of the upload. */
  readonly parts: number;
  /** Digest of the parts' ETags, one after the other: another writer's bytes show. */
  readonly etags: string;
  /** Key of the bytes after the last part; null when there are none. */
  readonly tail: string | null;
  /** Keys that nothing needs any more, once a row has this state. */
  readonly stale: readonly string[];
  /** Of all bytes, for the process that goes on; null where there is none. */
  readonly hash: HashNote | null;
}

/** Of no part. */
export const noEtags = "";

/** Of bytes that are to come. */
export function emptyState(kind: KeyKind, key: string): StagedState {
  return { kind, key, upload: null, parts: 0, etags: noEtags, tail: null, stale: [], hash: null };
}

/** The chain of ETags with one more. */
export function addEtag(chain: string, etag: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(`${chain}\n${etag}`).digest("hex");
  return hash.slice(0, 32);
}

/** As the row keeps it. */
export function printState(state: StagedState): StagingState {
  const { key, upload, parts, etags, tail, stale, hash } = state;
  const noted = hash && [hash.digest, hash.state];
  return JSON.stringify([1, key, upload, parts, etags, tail, stale, noted]) as StagingState;
}

/** @throws Error when the row holds something else: another storage's state, or damage. */
export function parseState(staging: StagingState): StagedState {
  const found: unknown = parseJson(staging);
  if (!Array.isArray(found) || found[0] !== 1) throw new Error("malformed staging state");
  const [, key, upload, parts, etags, tail, stale, noted]: unknown[] = found;
  const kind = typeof key === "string" ? contentOwner(key)?.kind : undefined;
  const isSound =
    isText(key) &&
    isTextOrNull(upload) &&
    Number.isSafeInteger(parts) &&
    isText(etags) &&
    isTextOrNull(tail) &&
    Array.isArray(stale) &&
    stale.every(isText);
  if (!isSound || kind === undefined) throw new Error("malformed staging state");
  const hash = parseNote(noted);
  return { kind, key, upload, parts: Number(parts), etags, tail, stale, hash };
}

function parseNote(noted: unknown): HashNote | null {
  if (noted === null) return null;
  const [digest, state]: unknown[] = Array.isArray(noted) ? noted : [];
  if (!isText(digest) || !isText(state)) throw new Error("malformed staging state");
  return { digest: parseDigest(digest), state };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
