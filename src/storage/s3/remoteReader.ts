// Positional reads of one object. Reads that follow each other share a request, whose length grows with what is read.
import { RegistryError } from "../../errors.ts";
import type { SendableContent } from "../content.ts";
import { answerOf } from "./failures.ts";
import type { Objects } from "./objects.ts";
import { openBytes } from "./reading.ts";

/** Asked for at first, and at most, in one request; bytes. What is not read of it is lost traffic. */
const window = { first: 1_048_576, most: 64 * 1_048_576 };

/** Opens objects for reading. @returns null when it is absent. */
export async function openRemote(objects: Objects, key: string): Promise<RemoteReader | null> {
  const found = await objects.head(key);
  return found === null ? null : new RemoteReader(objects, key, found.size);
}

/** Reads one object, which must not be deleted meanwhile. Its methods are handed on alone. */
export class RemoteReader implements SendableContent {
  readonly #objects: Objects;
  readonly #key: string;
  readonly #size: number;
  #bytes: AsyncGenerator<Uint8Array> | null = null;
  #rest: Uint8Array = new Uint8Array();
  #at = 0;
  #end = 0;
  #window = window.first;

  constructor(objects: Objects, key: string, size: number) {
    this.#objects = objects;
    this.#key = key;
    this.#size = size;
  }

  /** All: the bytes are on another machine. */
  readonly missing = async (start: number, end: number): Promise<number> => end - start;

  /** They are read while they are sent. */
  readonly fetch = async (): Promise<boolean> => false;

  readonly read = async (offset: number, into: Uint8Array): Promise<number> => {
    if (offset >= this.#size || into.byteLength === 0) return 0;
    try {
      if (offset !== this.#at || this.#at >= this.#end) await this.#open(offset, into.byteLength);
      if (this.#rest.byteLength === 0) await this.#next();
    } catch (error) {
      throw answerOf(error);
    }
    const count = Math.min(into.byteLength, this.#rest.byteLength);
    into.set(this.#rest.subarray(0, count));
    this.#rest = this.#rest.subarray(count);
    this.#at += count;
    return count;
  };

  readonly close = async (): Promise<void> => {
    await this.#bytes?.return(undefined).catch(() => {});
    this.#bytes = null;
  };

  async #open(offset: number, wanted: number): Promise<void> {
    const isNext = offset === this.#at && this.#bytes !== null;
    await this.close();
    this.#window = isNext ? Math.min(this.#window * 4, window.most) : window.first;
    const end = Math.min(offset + Math.max(this.#window, wanted), this.#size);
    this.#rest = new Uint8Array();
    this.#bytes = await openBytes(this.#objects, this.#key, { start: offset, end });
    if (this.#bytes === null)
      throw new RegistryError("BUSY", { cause: "deleted while it is read" });
    [this.#at, this.#end] = [offset, end];
  }

  async #next(): Promise<void> {
    while (this.#rest.byteLength === 0) {
      const next = await this.#bytes?.next();
      if (next === undefined || next.done) throw new Error("an object is shorter than it was");
      this.#rest = next.value;
    }
  }
}
