// One pass over a local file from its first byte to its last: its digest, and what the server must call each of its parts.
import { Fingerprint, type PartEtag } from "../model/fingerprint.ts";
import type { SourceFile } from "./pieces.ts";
import { type Cut, countParts, rangeOf } from "./plan.ts";

/** A file's digest and size, as it was read. */
export interface FileFacts {
  /** `sha256:…` */
  readonly digest: string;
  /** By part number, less one. */
  readonly etags: readonly PartEtag[];
}

const blockBytes = 1024 * 1024;

/** How far a pass may go: it stays near what is being sent, so that the disk is read once. */
export class Pace {
  #limit = 0;
  #waiting: (() => void) | null = null;

  /** @param offset bytes from the start. */
  allow(offset: number): void {
    this.#limit = Math.max(this.#limit, offset);
    this.#waiting?.();
  }

  /** Ends the waiting for good. */
  readonly release = (): void => this.allow(Number.POSITIVE_INFINITY);

  /** Waits until reading from `offset` on is allowed. */
  async reach(offset: number): Promise<void> {
    while (offset >= this.#limit) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

/** Options and callbacks of a pass. */
export interface PassOptions {
  readonly pace: Pace;
  readonly stop: AbortSignal;
  readonly onBytes: (count: number) => void;
}

/** @throws what `stop` was aborted with; CommandError when the file got shorter. */
export async function readThrough(
  file: Pick<SourceFile, "fill">,
  cut: Cut,
  { pace, stop, onBytes }: PassOptions,
): Promise<FileFacts> {
  const hasher = new Bun.CryptoHasher("sha256");
  const block = new Uint8Array(blockBytes);
  const etags: PartEtag[] = [];
  for (let number = 1; number <= countParts(cut); number += 1) {
    const { start, size } = rangeOf(cut, number);
    const fingerprint = new Fingerprint();
    await pace.reach(start);
    for (let done = 0; done < size; done += blockBytes) {
      stop.throwIfAborted();
      const bytes = block.subarray(0, Math.min(blockBytes, size - done));
      await file.fill(bytes, start + done);
      hasher.update(bytes);
      fingerprint.update(bytes);
      onBytes(bytes.byteLength);
    }
    etags.push(fingerprint.etag());
  }
  return { digest: `sha256:${hasher.digest("hex")}`, etags };
}
