// When manifests were last pulled: gathered in memory, and written in batches. No pull waits for it, and a server that dies loses what
// it had gathered since the last batch.
import type { HistoryMetadata, NotedPull } from "../metadata/history.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";

/** What the book needs. */
export interface PullBookOptions {
  readonly metadata: Pick<HistoryMetadata, "notePulls">;
  /** Unix ms; null while nothing may be noted: the clock is in doubt, or nothing is written. */
  readonly now: () => number | null;
  /** How long pulls are gathered before they are written, ms. */
  readonly everyMs: number;
  /** Waits; ms. Between batches, so that others are served. */
  readonly rest: (ms: number) => Promise<void>;
  /** A batch could not be written: it is lost. */
  readonly onLost: (error: unknown) => void;
}

/** Manifests that are remembered between two writings; more pulls are not noted. */
const mostManifests = 5_000;
/** Rows of one transaction: some milliseconds. */
const batchRows = 250;

/** Gathers pulls and writes them. A server that nobody pulls from writes nothing. */
export class PullBook {
  readonly #options: PullBookOptions;
  /** Unix ms by repository and digest: no key is put together for a pull. */
  #pulls = new Map<RepositoryName, Map<Digest, number>>();
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: PullBookOptions) {
    this.#options = options;
  }

  /** Notes a pull of this moment. */
  note(repository: RepositoryName, digest: Digest): void {
    const { everyMs } = this.#options;
    const now = this.#options.now();
    if (now === null) return;
    const known = this.#pulls.get(repository);
    if (known?.has(digest) !== true) {
      if (this.#count >= mostManifests) return;
      this.#count += 1;
    }
    if (known === undefined) this.#pulls.set(repository, new Map([[digest, now]]));
    else known.set(digest, now);
    this.#timer ??= setTimeout(() => void this.write(), everyMs);
  }

  /** Writes what was gathered. It never rejects. */
  write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const gathered = this.#pulls;
    this.#pulls = new Map();
    this.#count = 0;
    // One writing after the other.
    this.#writing = this.#writing.then(() => this.#write(gathered));
    return this.#writing;
  }

  async #write(gathered: ReadonlyMap<RepositoryName, ReadonlyMap<Digest, number>>): Promise<void> {
    const { metadata, now, rest, onLost } = this.#options;
    // What was noted before a doubt began may be wrong as well.
    if (now() === null) return;
    const pulls = [...gathered].flatMap(([repository, manifests]) =>
      [...manifests].map(([digest, pulledAt]): NotedPull => ({ repository, digest, pulledAt })),
    );
    try {
      for (let at = 0; at < pulls.length; at += batchRows) {
        if (at > 0) await rest(0);
        await metadata.notePulls(pulls.slice(at, at + batchRows));
      }
    } catch (error) {
      onLost(error);
    }
  }
}
