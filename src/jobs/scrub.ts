// The scrub reads stored content back at a limited rate, the longest unread first, and takes damaged content out at once. It works in
// short slices, so that other jobs of the same worker wait for a moment only, however large a blob is.

import { RegistryError } from "../errors.ts";
import { type ContentFault, type Finding, faultOfFile } from "../fsck/findings.ts";
import { Rehash } from "../fsck/rehash.ts";
import type {
  Holders,
  InspectedContent,
  InspectionMetadata,
  ManifestInspection,
} from "../metadata/inspection.ts";
import type { Digest } from "../model/digest.ts";
import type { Content } from "../storage/content.ts";
import type { Repair } from "../storage/repair.ts";

/** The ports and functions that a scrub works with. */
export interface ScrubDeps {
  readonly metadata: Pick<
    InspectionMetadata & ManifestInspection,
    "listUnverified" | "findContentRow" | "markDamaged" | "noteVerified" | "holdersOf"
  >;
  readonly storage: {
    readonly content: Pick<Content, "stat">;
    readonly repair: Pick<Repair, "read" | "setAside">;
  };
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  /** Waits; ms. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Content was found damaged, and taken out. */
  readonly onDamaged: (damaged: DamagedContent, finding: DamagedFinding) => void;
  /** Content could not be read, and may be right or wrong. */
  readonly onUnreadable: (unreadable: UnreadableContent) => void;
}

/** What fsck would report of it. */
export type DamagedFinding = Extract<Finding, { readonly holders: Holders }>;

/** Damaged content, which is not served any more. */
export interface DamagedContent {
  readonly digest: Digest;
  readonly fault: ContentFault["kind"];
  readonly holders: Holders;
}

/** Content that could not be read. */
export interface UnreadableContent {
  readonly digest: Digest;
  readonly reason: string;
}

/** One slice. */
export interface ScrubOrder {
  /** Unix ms: content that was stored or read since then is not due. */
  readonly since: number;
  readonly bytesPerSecond: number;
  /** How long a slice may take, ms. */
  readonly forMs: number;
}

/** The result of a slice. */
export interface ScrubSlice {
  /** Bytes that were read. */
  readonly bytes: number;
  /** Contents that were read to their end and match their digest. */
  readonly verified: number;
  /** True when nothing more is due. */
  readonly finished: boolean;
}

/** Reports of the worker about a scrub. */
export type ScrubReport =
  | { readonly kind: "damaged"; readonly found: DamagedContent }
  | { readonly kind: "unreadable"; readonly found: UnreadableContent }
  /** The end of a slice of the round that `since` names. */
  | ({ readonly kind: "scrubbed"; readonly since: number } & ScrubSlice);

/** Rows that are read at a time: each query looks at all of them. */
const page = 5_000;
/** Repositories and tags that an alarm names. */
const mostHolders = 20;

/** Content that is being read. */
interface Reading {
  readonly content: InspectedContent;
  readonly rehash: Rehash;
  /** True when it was wrong at the first reading: memory and cables fail as well. */
  readonly isSecond: boolean;
}

/** Each slice resumes where the one before ended, even in the middle of a file. */
export class Scrub {
  readonly #deps: ScrubDeps;
  #since = Number.NaN;
  #queue: InspectedContent[] = [];
  #reading: Reading | null = null;
  /** Unreadable content, which is not tried again before the next round. */
  #skipped = new Set<Digest>();
  #verified: InspectedContent[] = [];
  /** How many of this slice are noted in their rows. */
  #noted = 0;
  /** Monotonic ms: when the next byte may be read. */
  #readAt = 0;

  constructor(deps: ScrubDeps) {
    this.#deps = deps;
  }

  /** Reads for a while. @throws RegistryError when the database does not answer, or the store is read-only. */
  async slice({ since, bytesPerSecond, forMs }: ScrubOrder): Promise<ScrubSlice> {
    const { now, sleep } = this.#deps;
    const end = now() + forMs;
    if (since !== this.#since) this.#begin(since);
    let [bytes, finished] = [0, false];
    while (!finished) {
      const waitMs = Math.min(this.#readAt, end) - now();
      if (waitMs > 0) {
        // A timer may end a moment early: the clock says when it is time.
        await sleep(waitMs);
        continue;
      }
      if (now() >= end) break;
      const count = await this.#step();
      finished = count === null;
      bytes += count ?? 0;
      // Time that was not used is not saved up.
      this.#readAt = Math.max(this.#readAt, now()) + ((count ?? 0) / bytesPerSecond) * 1_000;
    }
    await this.#noteVerified();
    const verified = this.#noted;
    this.#noted = 0;
    return { bytes, verified, finished };
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    const reading = this.#reading;
    this.#reading = null;
    await reading?.rehash.close();
  }

  #begin(since: number): void {
    this.#since = since;
    this.#queue = [];
    this.#skipped = new Set();
  }

  async #noteVerified(): Promise<void> {
    const verified = this.#verified.splice(0);
    if (verified.length > 0) await this.#deps.metadata.noteVerified(verified, this.#deps.clock());
    this.#noted += verified.length;
  }

  /** One portion, or one look. @returns bytes that were read; null when nothing is due. */
  async #step(): Promise<number | null> {
    const content = this.#reading?.content ?? (await this.#next());
    if (content === null) return null;
    try {
      return await this.#advance(content);
    } catch (error) {
      await this.close();
      // The database failed, not this content.
      if (error instanceof RegistryError) throw error;
      this.#skipped.add(content.digest);
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.onUnreadable({ digest: content.digest, reason });
      return 0;
    }
  }

  async #next(): Promise<InspectedContent | null> {
    const { metadata, clock } = this.#deps;
    if (this.#queue.length === 0) {
      // Otherwise the query would list content that has just been read.
      await this.#noteVerified();
      const limit = page + this.#skipped.size;
      const due = await metadata.listUnverified({ since: this.#since, now: clock(), limit });
      this.#queue = due.filter(({ digest }) => !this.#skipped.has(digest)).reverse();
    }
    return this.#queue.pop() ?? null;
  }

  async #advance(content: InspectedContent): Promise<number> {
    if (this.#reading === null) {
      const fault = await this.#open(content, false);
      if (fault !== null) await this.#takeOut(content, fault);
      return 0;
    }
    const { rehash, isSecond } = this.#reading;
    const count = await rehash.next();
    if (count > 0) return count;
    const found = rehash.digest();
    await this.close();
    if (found === content.digest) this.#verified.push(content);
    else if (isSecond) await this.#takeOut(content, { kind: "contentHashDiffers", found });
    else await this.#open(content, true);
    return 0;
  }

  /** @returns a fault that shows before a byte is read. */
  async #open(content: InspectedContent, isSecond: boolean): Promise<ContentFault | null> {
    const { storage } = this.#deps;
    const fault = faultOfFile(await storage.content.stat(content.locator), content);
    if (fault !== null) return fault;
    const rehash = await Rehash.open(storage.repair, content);
    if (rehash === null) return { kind: "contentMissing" };
    this.#reading = { content, rehash, isSecond };
    return null;
  }

  /** Row first. Nothing happens if the content was pushed again, or collected, since it was listed. */
  async #takeOut(content: InspectedContent, fault: ContentFault): Promise<void> {
    const { metadata, storage, clock, onDamaged } = this.#deps;
    const { digest } = content;
    if (!(await metadata.markDamaged(content, clock()))) return;
    const holders = await metadata.holdersOf(digest, mostHolders);
    onDamaged({ digest, fault: fault.kind, holders }, { ...fault, content, holders });
    await storage.repair.setAside(content.locator);
  }
}
