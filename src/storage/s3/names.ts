// Keys in the bucket, below the prefix of this store. Pure. A key is never used for other bytes.
import type { Locator } from "../../model/locator.ts";
import type { PartPlace } from "../../model/staged.ts";
import { readUploadId, type UploadId } from "../../model/uploadId.ts";
import type { StoredName } from "../content.ts";

/** Whose bytes a key holds: an upload session's, an object's that comes whole, or what parts were put together to. */
export type KeyKind = "session" | "object" | "assembly";

const letters = { session: "s", object: "o", assembly: "a" } as const;
const kinds: Readonly<Record<string, KeyKind>> = { s: "session", o: "object", a: "assembly" };
const contentName = /^data\/([0-9a-f]{2})\/([0-9a-f-]{34}\1)\.([soa])([0-9a-f]{32})$/;
const partName = /^parts\/[0-9a-f-]{36}\/\d{5,}\.[0-9a-f-]{36}$/;
const stagedName = /^(staging|parts)\/([0-9a-f-]{36})\//;

/** Folders of the bucket. */
export const folders = {
  data: "data/",
  staging: "staging/",
  parts: "parts/",
  damaged: "damaged/",
} as const;

const randomHex = (newId: () => string) => newId().replaceAll("-", "");

/** Content that comes from an upload has a key that begins so: spread over 256 folders, and found by the upload's id. */
export const contentOf = (id: UploadId): string => `${folders.data}${id.slice(-2)}/${id}.`;

/** A fresh key for content. @param newId UUIDv7 source. */
export function newContentKey(id: UploadId, kind: KeyKind, newId: () => string): string {
  return `${contentOf(id)}${letters[kind]}${randomHex(newId)}`;
}

/** A fresh key for the last bytes of a session, which are too few for a part. */
export function newTailKey(id: UploadId, kind: KeyKind, newId: () => string): string {
  const folder = kind === "session" ? folders.staging : folders.parts;
  return `${folder}${id}/tail.${randomHex(newId)}`;
}

/** The place of a part's new version. */
export function partPlace(id: UploadId, number: number, version: string): PartPlace {
  return { name: `${partsFolder(id)}${String(number).padStart(5, "0")}`, version };
}

/** @throws Error when a row names something else. */
export function partKey({ name, version }: PartPlace): string {
  const key = `${name}.${version}`;
  if (!partName.test(key)) throw new Error("malformed place of a part in the database");
  return key;
}

/** Everything staged for an upload in parts, or for an object that comes whole, begins so. */
export const partsFolder = (id: UploadId): string => `${folders.parts}${id}/`;

/** Everything staged for a session begins so. */
export const stagingFolder = (id: UploadId): string => `${folders.staging}${id}/`;

/** The upload that a staged key belongs to; null for another key. */
export function stagedOwner(key: string): UploadId | null {
  return readUploadId(stagedName.exec(key)?.[2] ?? "");
}

/** The upload and the kind of a content's key; null for another key. */
export function contentOwner(
  key: string,
): { readonly id: UploadId; readonly kind: KeyKind } | null {
  const [, , owner = "", letter = ""] = contentName.exec(key) ?? [];
  const [id, kind] = [readUploadId(owner), kinds[letter]];
  return id === null || kind === undefined ? null : { id, kind };
}

/** A content's locator is its key. @returns null for another key. */
export function readStoredName(key: string): StoredName | null {
  const found = contentOwner(key);
  if (found === null) return null;
  // The first 48 bits of a UUIDv7 are the time (RFC 9562, 5.7).
  const publishedAt = Number.parseInt(key.slice(-32, -20), 16);
  return { locator: key as Locator, digest: null, owner: found.id, publishedAt };
}
