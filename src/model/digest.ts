// Digests: the one spelling of a content's name (OCI image-spec, "Digests") and how it is computed.
import { RegistryError } from "../errors.ts";

/** `sha256:<64 hex>` or `sha512:<128 hex>`, lower case. Only `parseDigest` and `digestOf` make one. */
export type Digest = string & { readonly __brand: "Digest" };
export type Algorithm = "sha256" | "sha512";

const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** @returns the digest, or null when `text` is not one in its canonical spelling. */
export function readDigest(text: string): Digest | null {
  return grammar.test(text) ? (text as Digest) : null;
}

/** @throws RegistryError DIGEST_INVALID when `text` is not a digest in its canonical spelling. */
export function parseDigest(text: string): Digest {
  const digest = readDigest(text);
  if (digest === null) {
    throw new RegistryError("DIGEST_INVALID", {
      message:
        "malformed digest: expected sha256:<64 lower-case hex> or sha512:<128 lower-case hex>",
    });
  }
  return digest;
}

/** The algorithm a digest is made with. */
export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The hexadecimal part. */
export function hexOf(digest: Digest): string {
  return digest.slice(7);
}

/** Digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** Digest from a hexadecimal hash that a hasher of `algorithm` returned. */
export function digestFromHex(algorithm: Algorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}
