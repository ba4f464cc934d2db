// The collection's part of port 2: what nothing keeps, found window by window, and taken away in small transactions under a lock.
// The other groups of the port never delete content.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";
import type { RepositoryName } from "../model/names.ts";
import type { StoredName } from "../storage/content.ts";
import type { Hold } from "./locks.ts";

/** How old is old enough. */
export interface AgeLimits {
  /** Unix ms; the moment a run began. Leases that end later keep, and what was released later waits for the next run. */
  readonly now: number;
  /** Unix ms; what was stored or linked later stays. */
  readonly olderThan: number;
  /**
   * Unix ms; content whose lease ended later stays while uploads into one of its repositories follow each other, if they had begun
   * before the lease ended: the manifest of a long push comes when its slowest layer has arrived.
   */
  readonly pushesSince: number;
  /** Unix ms; an upload session that received nothing since then, and has no writer, is not a running push. */
  readonly bytesSince: number;
}

/** Asked once a transaction has begun: a clock that was set back until then has made leases that end earlier. */
export type LimitsNow = () => AgeLimits;

/** Content that no manifest names, and that no object is made of. */
export interface Unreferenced {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly locator: Locator;
  /** The end of its lease, Unix ms. */
  readonly keptUntil: number;
  /** Unix ms; since when nothing names it by an answered upload, deletion or replacement; null: no such request explains it. */
  readonly releasedAt: number | null;
  /** `orphaned`: it may go. `leased`, `young`: it stays for now. */
  readonly state: "orphaned" | "leased" | "young";
}

/** A stretch of all content, in the order of its digests. */
export interface MarkedWindow {
  /** Where the next window begins; null after the last one. */
  readonly next: Digest | null;
  /** Rows of content in this window. */
  readonly total: number;
  readonly unreferenced: readonly Unreferenced[];
  /** Links of repositories to content that none of their manifests names, and that may go. */
  readonly links: readonly ContentLink[];
}

/** The row that lets a repository serve content. */
export interface ContentLink {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** A stored name on its way out: no row names it any more. */
export interface Discarded {
  readonly locator: Locator;
  /** Bytes. */
  readonly size: number;
}

/** A stored name that no row of content names, and none of what is on its way out. */
export interface StrayName extends StoredName {
  /** True while the claim that it was published under is held: its request may be about to name it. */
  readonly awaited: boolean;
}

/** The outcome of a batch; null: the lock was lost, and nothing was done. */
export type Swept<T> = Promise<T | null>;

export interface CollectionMetadata {
  /** @returns contradictions between the rows that decide about deletion, in words; null when there are none. */
  findContradiction(): Promise<string | null>;
  /** Rows of content, and their bytes together. */
  countContents(): Promise<{ readonly blobs: number; readonly bytes: number }>;
  /** The `limit` rows of content with a digest after `after`. @param limit null: as many as the database marks well at a time. */
  markWindow(after: Digest | null, limit: number | null, limits: AgeLimits): Promise<MarkedWindow>;
  findStrays(found: readonly StoredName[]): Promise<readonly StrayName[]>;

  /**
   * Takes away the rows of those of `digests` that are still orphaned, with their links; their stored names are on their way out then.
   * `done` are stored names whose files are deleted: they need not be recorded.
   */
  discardContents(
    hold: Hold,
    digests: readonly Digest[],
    limits: LimitsNow,
    done: readonly Locator[],
  ): Swept<{ readonly discarded: readonly Discarded[]; readonly links: number }>;
  /** Records those of `strays` for deletion that still have no row and are not awaited. */
  discardStrays(
    hold: Hold,
    strays: readonly (StoredName & { readonly size: number })[],
    now: number,
  ): Swept<readonly Discarded[]>;
  /** Takes away those of `links` that may still go. @returns how many. */
  discardLinks(hold: Hold, links: readonly ContentLink[], limits: LimitsNow): Swept<number>;
  /** Stored names on their way out, at most `limit`, in order: those after `after`, or the first ones. */
  listTrash(limit: number, after?: Locator | null): Promise<readonly Discarded[]>;
  /** Forgets stored names whose files are deleted. */
  emptyTrash(hold: Hold, done: readonly Locator[]): Swept<true>;
}
