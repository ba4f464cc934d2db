// Deterministic bytes and numbers: the same seed gives the same content on every machine, so that a failure can be repeated.
import { createCipheriv, createHash } from "node:crypto";

/** `size` bytes that do not compress and depend on `seed` only. */
export function randomBytes(seed: string, size: number): Uint8Array {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A generator of numbers in [0, 1) that depend on `seed` only. */
export function randomNumbers(seed: string): () => number {
  let round = 0;
  return () => {
    const bytes = createHash("sha256").update(`${seed}/${round++}`).digest();
    return bytes.readUInt32BE(0) / 2 ** 32;
  };
}

/** `sha256:<hex>` of some bytes. */
export const sha256 = (bytes: Uint8Array | string): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** `<algorithm>:<hex>` of some bytes. */
export const digestWith = (algorithm: "sha256" | "sha512", bytes: Uint8Array): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
