// Stored files that were looked at a moment ago, and the bytes of small ones. A pull of a kilobyte costs more in questions to other
// threads than in bytes: whoever pulls an image asks for the same small blobs again and again.
import type { Stats } from "node:fs";
import type { Locator } from "../../../model/locator.ts";

/** How a file looked. It is another one, or was written to, where `changedAt` differs. */
export interface Look {
  /** Bytes; -1 for what is no regular file. */
  readonly size: number;
  /** Unix ms with fractions, by the file system. */
  readonly changedAt: number;
}

export const lookOf = (found: Stats): Look => ({
  size: found.isFile() ? found.size : -1,
  changedAt: found.ctimeMs,
});

/** Where and when somebody looked. */
export interface Noted {
  readonly path: string;
  /** Monotonic ms. */
  readonly at: number;
  /** The turn of the event loop in which the look began. */
  readonly turn: number;
}

/** What a look found. */
export interface Seen extends Noted, Look {
  /** Reads nothing until it is sent or consumed. */
  readonly file: Blob;
  /** All of it, when it is small and was read lately. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

/** Largest content whose bytes are kept. */
export const smallest = 16 * 1024;
/** What is kept in all: bytes of contents, and files whose look is remembered. */
const mostBytes = 8 * 1024 * 1024;
const mostFiles = 4096;
/** Whoever pulls an image is done by then, and what was not asked for since only takes memory. Unit: ms. */
const longestMs = 5 * 60_000;
/** For so long the system has what it needs to look again, ms: asking it then waits for no disk. */
const fresh = 10_000;

/** The latest files, oldest first. Bounded in number, bytes and age: what it takes follows what is asked for, and does not grow for hours. */
export class Lately {
  readonly #files = new Map<Locator, Seen>();
  #bytes = 0;

  /** What was found within the last seconds. */
  find(locator: Locator, now: number): Seen | null {
    const seen = this.#files.get(locator);
    return seen === undefined || now - seen.at > fresh ? null : seen;
  }

  /** Remembers a look, and the bytes if they were read at the same time; those of a file that looks different now are forgotten. */
  note(locator: Locator, look: Look, noted: Noted, read: Seen["bytes"] = null): Seen {
    const before = this.#files.get(locator);
    const isSame = before?.changedAt === look.changedAt && before.size === look.size;
    const { file, bytes } = isSame ? before : { file: Bun.file(noted.path), bytes: null };
    this.forget(locator);
    return this.#add(locator, { ...look, ...noted, file, bytes: read ?? bytes });
  }

  /** Remembers the bytes of a file as it looked when they were read. */
  keep(locator: Locator, { size, changedAt }: Look, bytes: Uint8Array<ArrayBuffer>): void {
    const seen = this.#files.get(locator);
    if (seen?.changedAt !== changedAt || seen.size !== size || size !== bytes.length) return;
    this.forget(locator);
    this.#add(locator, { ...seen, bytes });
  }

  forget(locator: Locator): void {
    this.#bytes -= this.#files.get(locator)?.bytes?.length ?? 0;
    this.#files.delete(locator);
  }

  #add(locator: Locator, seen: Seen): Seen {
    this.#files.set(locator, seen);
    this.#bytes += seen.bytes?.length ?? 0;
    for (const [oldest, { at }] of this.#files) {
      const isWithin = this.#files.size <= mostFiles && this.#bytes <= mostBytes;
      if (isWithin && seen.at - at <= longestMs) break;
      this.forget(oldest);
    }
    return seen;
  }
}
