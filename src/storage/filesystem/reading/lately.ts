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

interface Seen extends Look {
  readonly path: string;
  /** Monotonic ms. */
  readonly at: number;
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

/** Largest content whose bytes are kept. */
export const smallest = 16 * 1024;
/** What is kept in all: bytes of contents, and files whose look is remembered. */
const mostBytes = 8 * 1024 * 1024;
const mostFiles = 4096;
/** For so long the system has what it needs to look again, ms: asking it then waits for no disk. */
const fresh = 10_000;

/** The latest files, oldest first. Bounded in number and bytes. */
export class Lately {
  readonly #files = new Map<Locator, Seen>();
  #bytes = 0;

  /** The path of a file that was seen within the last seconds. */
  pathOf(locator: Locator, now: number): string | null {
    const seen = this.#files.get(locator);
    return seen === undefined || now - seen.at > fresh ? null : seen.path;
  }

  /** Remembers a look; bytes of a file that looks different now are forgotten. @returns its bytes, when they are known. */
  note(locator: Locator, { path, look, now }: Noted): Uint8Array<ArrayBuffer> | null {
    const before = this.#files.get(locator);
    const isSame = before?.changedAt === look.changedAt && before.size === look.size;
    const bytes = isSame ? before.bytes : null;
    this.forget(locator);
    this.#add(locator, { ...look, path, at: now, bytes });
    return bytes;
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

  #add(locator: Locator, seen: Seen): void {
    this.#files.set(locator, seen);
    this.#bytes += seen.bytes?.length ?? 0;
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= mostFiles && this.#bytes <= mostBytes) return;
      this.forget(oldest);
    }
  }
}

/** A look at a file. */
export interface Noted {
  readonly path: string;
  readonly look: Look;
  /** Monotonic ms. */
  readonly now: number;
}
