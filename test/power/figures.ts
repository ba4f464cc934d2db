// What is counted, and what a client has to offer to take part.

/**
 * What all rounds together met. Acknowledged: blobs, manifests, objects written (put, linked, deleted, completed), parts, parts that
 * took the place of one, uploads completed and aborted. Without an answer when the power failed: chunks, closing PUTs, cancels, and
 * pauses between them, of chunked uploads (closing PUTs whose line broke before are counted as well); objects being written, parts, completions, aborts. Then sessions without an acknowledged byte
 * that were gone, stored files without a row, and how often SQLite's log started over.
 */
export interface PowerFigures {
  blobs: number;
  manifests: number;
  chunk: number;
  close: number;
  cutClose: number;
  cancel: number;
  between: number;
  forgotten: number;
  objects: number;
  parts: number;
  replacedParts: number;
  completed: number;
  aborted: number;
  inObject: number;
  inPart: number;
  inComplete: number;
  inAbort: number;
  withoutRow: number;
  logRestarts: number;
}

/** Nothing so far. */
export const noFigures = (): PowerFigures => ({
  blobs: 0,
  manifests: 0,
  chunk: 0,
  close: 0,
  cutClose: 0,
  cancel: 0,
  between: 0,
  forgotten: 0,
  objects: 0,
  parts: 0,
  replacedParts: 0,
  completed: 0,
  aborted: 0,
  inObject: 0,
  inPart: 0,
  inComplete: 0,
  inAbort: 0,
  withoutRow: 0,
  logRestarts: 0,
});

/** Adds what was counted elsewhere. */
export function addFigures(total: PowerFigures, more: Partial<PowerFigures>): void {
  for (const [name, count] of Object.entries(more)) {
    if (isFigure(name, total)) total[name] += count;
  }
}

const isFigure = (name: string, total: PowerFigures): name is keyof PowerFigures => name in total;

/** A client that works until the power fails. */
export interface Lane {
  /** Works until a request fails. @throws BrokenPromise for an answer that is not the right one. */
  run(): Promise<void>;
  /** After a restart: what was answered is so, and what had no answer is one of what it may be. @throws BrokenPromise. */
  settle(): Promise<void>;
  /** Everything that was ever answered is there. @throws BrokenPromise, Error. */
  verify(): Promise<void>;
  /** So far. */
  readonly figures: Partial<PowerFigures>;
  /** Uploads in parts that are open, after `settle`. */
  readonly openUploads: readonly string[];
}
