// Bytes of an upload in memory until their cell is full. They are copied: what the runtime hands over is then free at once.

/** Small uploads do not get the space of a whole cell. Bytes. */
const firstSpace = 64 * 1024;
/** Spaces of this size are used again: left to the garbage collector, an upload would hold tens of MiB more. */
const kept = { bytes: 8 * 1024 * 1024, most: 6 };
const spare: Uint8Array[] = [];
/** Workers read it where it is. */
const space = (length: number) => new Uint8Array(new SharedArrayBuffer(length));

/** The bytes of one cell, from its first one on. */
export class Cell {
  readonly index: number;
  readonly #size: number;
  #space: Uint8Array;
  #used = 0;

  /** @param index from 0. @param size bytes of the whole cell. */
  constructor(index: number, size: number) {
    this.index = index;
    this.#size = size;
    this.#space = space(Math.min(firstSpace, size));
  }

  get isFull(): boolean {
    return this.#used === this.#size;
  }

  /** What it has, valid until `free`. */
  get bytes(): Uint8Array {
    return this.#space.subarray(0, this.#used);
  }

  /** Copies as much of a chunk as fits. @returns how much, in bytes. */
  take(chunk: Uint8Array): number {
    const count = Math.min(chunk.byteLength, this.#size - this.#used);
    if (this.#used + count > this.#space.byteLength) this.#grow(this.#used + count);
    this.#space.set(chunk.subarray(0, count), this.#used);
    this.#used += count;
    return count;
  }

  /** Gives its space to the next cell. */
  free(): void {
    if (this.#space.byteLength === kept.bytes && spare.length < kept.most) spare.push(this.#space);
    this.#space = new Uint8Array();
    this.#used = 0;
  }

  #grow(least: number): void {
    const before = this.bytes;
    const wanted = Math.max(this.#space.byteLength * 4, least);
    const length = wanted * 2 > this.#size ? this.#size : wanted;
    this.#space = (length === kept.bytes ? spare.pop() : undefined) ?? space(length);
    this.#space.set(before);
  }
}
