// Reading stored bytes back and hashing them, in flat memory: for fsck as fast as the disk gives them, for the scrub in portions.

import type { InspectedContent } from "../metadata/inspection.ts";
import { type Algorithm, algorithmOf, type Digest, digestFromHex } from "../model/digest.ts";
import type { Repair, StoredReader } from "../storage/repair.ts";

/** One read, in bytes. Two buffers of this size are all the memory that hashing takes. */
export const portion = 1_048_576;

/** The content to read; `size` (bytes) is its row's. Without a digest it is hashed as all new content is. */
export type Readable = Pick<InspectedContent, "locator" | "size"> & {
  readonly digest: Digest | null;
};

/** One content that is being read back. Always close it. */
export class Rehash {
  readonly #reader: StoredReader;
  readonly #algorithm: Algorithm;
  readonly #hasher: Bun.CryptoHasher;
  #buffer: Uint8Array;
  #spare: Uint8Array;
  #ahead: Promise<number> | null = null;
  #offset = 0;

  private constructor(reader: StoredReader, { digest, size }: Readable) {
    // Most content is small, and a byte more than it should have shows that it is longer.
    const length = Math.min(portion, size + 1);
    this.#buffer = new Uint8Array(length);
    this.#spare = new Uint8Array(length);
    this.#reader = reader;
    this.#algorithm = digest === null ? "sha256" : algorithmOf(digest);
    this.#hasher = new Bun.CryptoHasher(this.#algorithm);
  }

  /** @returns null when there is nothing to read under this name. */
  static async open(storage: Pick<Repair, "read">, content: Readable): Promise<Rehash | null> {
    const reader = await storage.read(content.locator);
    return reader === null ? null : new Rehash(reader, content);
  }

  /** Bytes that were hashed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Hashes the next portion, while the one after it is being read. @returns how many bytes it had; 0 at the end. */
  async next(): Promise<number> {
    const count = await (this.#ahead ?? this.#read(this.#buffer, this.#offset));
    this.#ahead = null;
    if (count === 0) return 0;
    const bytes = this.#buffer.subarray(0, count);
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#offset += count;
    this.#ahead = this.#read(this.#buffer, this.#offset);
    // It may fail before anyone waits for it.
    this.#ahead.catch(() => {});
    this.#hasher.update(bytes);
    return count;
  }

  /** The digest of everything up to the end, which `next` must have reached. Once only. */
  digest(): Digest {
    return digestFromHex(this.#algorithm, this.#hasher.digest("hex"));
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => {});
    await this.#reader.close();
  }

  #read(into: Uint8Array, offset: number): Promise<number> {
    return this.#reader.read(offset, into);
  }
}

/** @param onBytes receives the size of each portion. @returns the digest of the bytes; null when there are none under this name. */
export async function rehash(
  storage: Pick<Repair, "read">,
  content: Readable,
  onBytes: (count: number) => void = () => {},
): Promise<Digest | null> {
  const reading = await Rehash.open(storage, content);
  if (reading === null) return null;
  try {
    for (let count = await reading.next(); count > 0; count = await reading.next()) onBytes(count);
    return reading.digest();
  } finally {
    await reading.close();
  }
}
