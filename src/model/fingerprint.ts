// A fingerprint of bytes, computed as they pass: distinguishes parts and finds damage, at a fraction of what a digest costs.

/** `<16 hex>-<size>`: what a part's bytes are known by. Equal bytes have equal ones, however they arrived. No proof against intent. docs/BUCKETS.md tells clients how to compute it. */
export type PartEtag = string & { readonly __brand: "PartEtag" };

/** Bytes are hashed in blocks of this size, so that it makes no difference how they were cut on the way. */
const blockBytes = 64 * 1024;
/** An odd number, so that multiplication loses no information. 2^64 divided by the golden ratio. */
const factor = 0x9e3779b97f4a7c15n;
const grammar = /^[0-9a-f]{16}-(?:0|[1-9][0-9]{0,15})$/;

/** @returns the etag, with or without the quotes that HTTP puts around it; null when `text` is none. */
export function readPartEtag(text: string): PartEtag | null {
  const bare =
    text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  return grammar.test(bare) ? (bare as PartEtag) : null;
}

/**
 * Takes bytes in order: XXH3 of each block, added up to a polynomial, so that a block counts by its place. A seed would not do: of
 * those, Bun's XXH3 takes 32 bits only.
 */
export class Fingerprint {
  #hash = 0n;
  #size = 0;
  readonly #rest = new Uint8Array(blockBytes);
  #restSize = 0;

  update(bytes: Uint8Array): void {
    let at = 0;
    this.#size += bytes.byteLength;
    if (this.#restSize > 0) {
      at = Math.min(blockBytes - this.#restSize, bytes.byteLength);
      this.#rest.set(bytes.subarray(0, at), this.#restSize);
      this.#restSize += at;
      if (this.#restSize < blockBytes) return;
      this.#take(this.#rest);
      this.#restSize = 0;
    }
    for (; bytes.byteLength - at >= blockBytes; at += blockBytes) {
      this.#take(bytes.subarray(at, at + blockBytes));
    }
    this.#rest.set(bytes.subarray(at));
    this.#restSize = bytes.byteLength - at;
  }

  /** Of everything so far. */
  etag(): PartEtag {
    const rest = this.#rest.subarray(0, this.#restSize);
    const hash = this.#restSize === 0 ? this.#hash : added(this.#hash, rest);
    return `${hash.toString(16).padStart(16, "0")}-${this.#size}` as PartEtag;
  }

  #take(block: Uint8Array): void {
    this.#hash = added(this.#hash, block);
  }
}

function added(hash: bigint, block: Uint8Array): bigint {
  return BigInt.asUintN(64, hash * factor + Bun.hash.xxHash3(block));
}
