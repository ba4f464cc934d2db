// Content-Digest, Repr-Digest and what asks for them (RFC 9530): read from requests, printed for answers. Pure.

import { RegistryError } from "../errors.ts";
import { algorithmOf, type Digest, digestFromHex, hexOf } from "../model/digest.ts";
import { readDictionary } from "./dictionary.ts";

/** The names that RFC 9530 has for our algorithms, and the length of a hash in bytes. */
const algorithms = [
  { name: "sha-256", algorithm: "sha256", length: 32 },
  { name: "sha-512", algorithm: "sha512", length: 64 },
] as const;

const byteSequence = /^:([A-Za-z0-9+/]*={0,2}):$/;

/**
 * The expected digests of the body, by known algorithms; others are ignored.
 * @throws RegistryError CONTENT_DIGEST_INVALID
 */
export function readContentDigest(headers: Headers): readonly Digest[] {
  const header = headers.get("content-digest");
  if (header === null) return [];
  const members = readDictionary(header);
  if (members === null) throw new RegistryError("CONTENT_DIGEST_INVALID");
  return algorithms.flatMap(({ name, algorithm, length }) => {
    const value = members.get(name);
    if (value === undefined) return [];
    const [, base64] = byteSequence.exec(value) ?? [];
    const bytes = base64 === undefined ? null : Buffer.from(base64, "base64");
    if (bytes?.length !== length) {
      throw new RegistryError("CONTENT_DIGEST_INVALID", {
        message: `Content-Digest: ${name} must be ${length} bytes in base64 between colons`,
      });
    }
    return [digestFromHex(algorithm, bytes.toString("hex"))];
  });
}

/** Digests of an answer, as far as the request asks for them. */
export interface AskedDigests {
  /** Of the whole, whichever part of it is sent. */
  readonly always: Readonly<Record<string, string>>;
  /** Of what is sent, when that is the whole. */
  readonly whole: Readonly<Record<string, string>>;
}

/** Only the digest that content is known by is at hand: who asks for another one gets none. What cannot be read asks for nothing. */
export function answerDigests(headers: Headers, digest: Digest): AskedDigests {
  const printed = printDigest(digest);
  return {
    always: wants(headers.get("want-repr-digest"), digest) ? { "repr-digest": printed } : {},
    whole: wants(headers.get("want-content-digest"), digest) ? { "content-digest": printed } : {},
  };
}

function nameOf(digest: Digest): string {
  const known = algorithms.find(({ algorithm }) => algorithm === algorithmOf(digest));
  return known?.name ?? "";
}

function printDigest(digest: Digest): string {
  return `${nameOf(digest)}=:${Buffer.from(hexOf(digest), "hex").toString("base64")}:`;
}

/** A weight from 1 to 10; 0 is a refusal. */
function wants(header: string | null, digest: Digest): boolean {
  const weight = header === null ? undefined : readDictionary(header)?.get(nameOf(digest));
  return weight !== undefined && /^(?:[1-9]|10)$/.test(weight);
}
