// The assembled prefix of an upload: its parts, its bytes, and the hash of these. Pure, no I/O.
import type { Fingerprint } from "../../../model/fingerprint.ts";
import type { WantedPart } from "./protocol.ts";

/** Hashes of earlier states are kept at so many ends of parts, spread over all of them: each costs memory. */
const mostBoundaries = 128;

/** The part that is being added. */
interface Current {
  /** The position of its first byte. */
  readonly start: number;
  /** The hash of everything before it. */
  readonly before: Bun.CryptoHasher;
  readonly fingerprint: Fingerprint;
  /** Bytes of it that were read and hashed. */
  at: number;
  /** All of its bytes are in place already: they were shared, not written. */
  shared: boolean;
}

interface Boundary {
  readonly count: number;
  readonly position: number;
  readonly hasher: Bun.CryptoHasher;
}

/** The wanted list of parts, and its assembled prefix. */
export class Prefix {
  #list: WantedPart[] = [];
  #count = 0;
  #position = 0;
  #hasher = new Bun.CryptoHasher("sha256");
  #current: Current | null = null;
  #boundaries: Boundary[] = [];
  /** A boundary is kept at each multiple of this many parts. */
  #spread = 1;

  /** The next part; null when the list is assembled. */
  get next(): WantedPart | null {
    return this.#list[this.#count] ?? null;
  }

  /** Number of assembled parts. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that were hashed. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that the file has: all that were hashed, and those that were shared ahead of it. */
  get end(): number {
    const { next } = this;
    return this.#current?.shared && next !== null
      ? this.#current.start + next.size
      : this.#position;
  }

  get current(): Current | null {
    return this.#current;
  }

  /** SHA-256 of the assembled bytes, as hex. */
  get hex(): string {
    return this.#hasher.copy().digest("hex");
  }

  /** The list is exactly this; what is the same from the first part on stays. */
  setList(parts: readonly WantedPart[]): void {
    let same = 0;
    while (same < parts.length && isSame(parts[same], this.#list[same])) same += 1;
    this.#list = [...parts];
    this.#keep(same);
  }

  /** As `AssemblyRequest` "put". @returns true when the assembled parts or the next one changed. */
  put(index: number, parts: readonly WantedPart[]): boolean {
    // In between is nothing that could be put together.
    if (index > this.#list.length) return false;
    this.#list.splice(index, parts.length, ...parts);
    if (index > this.#count) return false;
    this.#keep(index);
    return true;
  }

  /** Drops all assembled parts. */
  startOver(): void {
    this.#keep(0);
    this.dropCurrent();
  }

  /** Begins the next part. */
  begin(fingerprint: Fingerprint): Current {
    const current = {
      start: this.#position,
      before: this.#hasher.copy(),
      fingerprint,
      at: 0,
      shared: false,
    };
    this.#current = current;
    return current;
  }

  /** Takes bytes of the current part. */
  update(current: Current, bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    current.fingerprint.update(bytes);
    current.at += bytes.byteLength;
    this.#position += bytes.byteLength;
  }

  /** The current part is whole. */
  finish(): void {
    this.#current = null;
    this.#count += 1;
    if (this.#count % this.#spread !== 0) return;
    const hasher = this.#hasher.copy();
    this.#boundaries.push({ count: this.#count, position: this.#position, hasher });
    if (this.#boundaries.length <= mostBoundaries) return;
    this.#spread *= 2;
    this.#boundaries = this.#boundaries.filter(({ count }) => count % this.#spread === 0);
  }

  /** The current part is of no use, or was replaced. */
  dropCurrent(): void {
    if (this.#current === null) return;
    this.#position = this.#current.start;
    this.#hasher = this.#current.before;
    this.#current = null;
  }

  /** Keeps at most the first `count` parts: fewer, if there is no boundary at that place. */
  #keep(count: number): void {
    if (count > this.#count) return;
    this.dropCurrent();
    if (count === this.#count) return;
    this.#boundaries = this.#boundaries.filter((boundary) => boundary.count <= count);
    const last = this.#boundaries.at(-1);
    this.#count = last?.count ?? 0;
    this.#position = last?.position ?? 0;
    this.#hasher = last?.hasher.copy() ?? new Bun.CryptoHasher("sha256");
    if (last === undefined) this.#spread = 1;
  }
}

function isSame(one: WantedPart | undefined, other: WantedPart | undefined): boolean {
  return one !== undefined && one.place.version === other?.place.version;
}
