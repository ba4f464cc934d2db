// Bytes of an upload in memory until their cell is full. They are copied: what the runtime hands over is then free at once.
import type { Room } from "./budget.ts";

/** Small uploads do not get the space of a whole cell. Bytes. */
const firstSpace = 64 * 1024;
/** Spaces of this size are used again: left to the garbage collector, an upload would hold tens of MiB more. */
const kept = { bytes: 8 * 1024 * 1024, most: 8 };
const spare: Uint8Array[] = [];
/** Workers read it where it is. */
const space = (length: number) => new Uint8Array(new SharedArrayBuffer(length));

/** So many bytes of every upload need no room of the budget: small bodies never wait. */
const roomless = 512 * 1024;

/** True for bytes that are more than an upload may have in memory for nothing. */
export const needsRoom = (bytes: number): boolean => bytes > roomless;

/** The bytes of one cell, from its first one on. */
export class Cell {
  readonly index: number;
  /** Of the whole cell, in bytes. */
  readonly size: number;
  #room: Room | null = null;
  #space: Uint8Array;
  #used = 0;

  /** @param index from 0. @param size bytes of the whole cell. */
  constructor(index: number, size: number) {
    this.index = index;
    this.size = size;
    this.#space = space(Math.min(firstSpace, size));
  }

  get isFull(): boolean {
    return this.#used === this.size;
  }

  /** True while it has more bytes than it may have without room. */
  get needsRoom(): boolean {
    return this.#room === null && needsRoom(this.#used);
  }

  /** @param room of the whole cell; given back with its space. */
  settle(room: Room): void {
    this.#room = room;
    if (this.isFull) room.fill();
  }

  /** What it has, valid until `free`. */
  get bytes(): Uint8Array {
    return this.#space.subarray(0, this.#used);
  }

  /** Copies as much of a chunk as fits. @returns how much, in bytes. */
  take(chunk: Uint8Array): number {
    const count = Math.min(chunk.byteLength, this.size - this.#used);
    if (this.#used + count > this.#space.byteLength) this.#grow(this.#used + count);
    this.#space.set(chunk.subarray(0, count), this.#used);
    this.#used += count;
    if (this.isFull) this.#room?.fill();
    return count;
  }

  /** Gives its space to the next cell. */
  free(): void {
    if (this.#space.byteLength === kept.bytes && spare.length < kept.most) spare.push(this.#space);
    this.#space = new Uint8Array();
    this.#used = 0;
    this.#room?.free();
    this.#room = null;
  }

  #grow(least: number): void {
    const before = this.bytes;
    const wanted = Math.max(this.#space.byteLength * 4, least);
    // Each step would be garbage: with room there is one.
    const length = this.#room !== null || wanted * 2 > this.size ? this.size : wanted;
    this.#space = (length === kept.bytes ? spare.pop() : undefined) ?? space(length);
    this.#space.set(before);
  }
}
