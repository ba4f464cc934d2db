// Many digests in little memory: a store may have millions of manifests that nothing names, and of content that only these name.
import { algorithmOf, type Digest, digestFromHex, hexOf } from "../model/digest.ts";

/** Of SHA-256. */
const [wordsEach, bytesEach] = [8, 32];
const fewest = 16;

/** Distinct digests, numbered in the order in which they were added. Of SHA-256: 48 bytes each, with the room for as many again at most. */
export class DigestTable {
  #words = new Int32Array(fewest * wordsEach);
  #bytes = Buffer.from(this.#words.buffer);
  /** By the first word, or behind that: a number plus one; 0 is free. At least half of them are. */
  #slots = new Int32Array(2 * fewest);
  /** SHA-512, in both directions. */
  readonly #numbers = new Map<Digest, number>();
  readonly #texts = new Map<number, Digest>();
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** @returns its number, which is that of the first time. */
  add(digest: Digest): number {
    const found = this.find(digest);
    if (found !== null) return found;
    const number = this.#size;
    if (algorithmOf(digest) === "sha256") this.#slots[this.#slotOf(number)] = number + 1;
    else {
      this.#numbers.set(digest, number);
      this.#texts.set(number, digest);
    }
    this.#size += 1;
    if (this.#bytes.length === this.#size * bytesEach) this.#grow();
    return number;
  }

  /** @returns its number; null when it was not added. */
  find(digest: Digest): number | null {
    if (algorithmOf(digest) !== "sha256") return this.#numbers.get(digest) ?? null;
    // Behind the last one there is always room for another.
    this.#bytes.write(hexOf(digest), this.#size * bytesEach, bytesEach, "hex");
    const held = this.#slots[this.#slotOf(this.#size)] ?? 0;
    return held === 0 ? null : held - 1;
  }

  /** Those with a number from `from` on, and before `to`. */
  list(from: number, to: number): readonly Digest[] {
    const end = Math.min(to, this.#size);
    return Array.from({ length: Math.max(0, end - from) }, (_, at) => this.#read(from + at));
  }

  #read(number: number): Digest {
    const [from, to] = [number * bytesEach, (number + 1) * bytesEach];
    return (
      this.#texts.get(number) ?? digestFromHex("sha256", this.#bytes.toString("hex", from, to))
    );
  }

  /** The slot of the same bytes as those at a number, or the free one where they belong. */
  #slotOf(number: number): number {
    const mask = this.#slots.length - 1;
    let slot = (this.#words[number * wordsEach] ?? 0) & mask;
    for (;;) {
      const held = this.#slots[slot] ?? 0;
      if (held === 0 || this.#isSame(held - 1, number)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isSame(one: number, other: number): boolean {
    for (let word = 0; word < wordsEach; word += 1) {
      if (this.#words[one * wordsEach + word] !== this.#words[other * wordsEach + word])
        return false;
    }
    return true;
  }

  #grow(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number += 1) {
      if (!this.#texts.has(number)) this.#slots[this.#slotOf(number)] = number + 1;
    }
  }
}
