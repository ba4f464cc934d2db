// What was promised to whom until when, and every answer that broke a promise. One for all clients of a race: what one of them is
// about to delete, the others know before the request is sent.
import type { Content, Image } from "./contents.ts";
import type { RaceObject } from "./objects.ts";

/** An image that was answered 201 and that nobody has begun to delete, unless `doomed` says so. */
export interface LiveImage extends Image {
  readonly repository: string;
  tag: string | null;
  /** Its DELETE is about to be sent, or was. */
  doomed: boolean;
}

/** What happened, by kind. */
export type Counts = Record<(typeof countNames)[number], number>;

const countNames = [
  "uploads",
  "chunkedUploads",
  "dedupedHeads",
  "headMisses",
  "mounts",
  "mountMisses",
  "bucketMounts",
  "manifests",
  "lateManifests",
  "pulls",
  "pulledBlobs",
  "deletedManifests",
  "deletedTags",
  "deletedBlobs",
  "refusedDeletions",
  "putObjects",
  "completedUploads",
  "abortedUploads",
  "linkedObjects",
  "linkMisses",
  "deletedObjects",
  "readObjects",
  "collections",
  "refusedCollections",
  "collectedBlobs",
  "rescuedBlobs",
  "collectedLinks",
  "clockSteps",
  "locks",
  "busyAnswers",
  "kills",
  "cutRequests",
  "shortages",
  "accounts",
  "backups",
  "restores",
] as const;

/** Violations that are kept in words; all are counted. */
const mostKept = 20;
/** So few that the next collection is still to come for most of them. */
const mostReleased = 30;

/** Bookkeeping of one race. */
export class Ledger {
  readonly counts: Counts = {
    uploads: 0,
    chunkedUploads: 0,
    dedupedHeads: 0,
    headMisses: 0,
    mounts: 0,
    mountMisses: 0,
    bucketMounts: 0,
    manifests: 0,
    lateManifests: 0,
    pulls: 0,
    pulledBlobs: 0,
    deletedManifests: 0,
    deletedTags: 0,
    deletedBlobs: 0,
    refusedDeletions: 0,
    putObjects: 0,
    completedUploads: 0,
    abortedUploads: 0,
    linkedObjects: 0,
    linkMisses: 0,
    deletedObjects: 0,
    readObjects: 0,
    collections: 0,
    refusedCollections: 0,
    collectedBlobs: 0,
    rescuedBlobs: 0,
    collectedLinks: 0,
    clockSteps: 0,
    locks: 0,
    busyAnswers: 0,
    kills: 0,
    cutRequests: 0,
    shortages: 0,
    accounts: 0,
    backups: 0,
    restores: 0,
  };
  /** Requests that were answered. */
  events = 0;
  /** Lost: something that was promised is not there, or has other bytes. */
  lost = 0;
  /** A manifest was refused although all it names was promised. */
  falseUnknowns = 0;
  /** Answers of 500 and above. */
  serverErrors = 0;
  /** Anything else that should not be. */
  others = 0;
  readonly violations: string[] = [];
  readonly live = new Set<LiveImage>();
  /** All names that objects may have. */
  readonly objects = new Set<RaceObject>();
  /** Paths of uploads in parts that nobody has ended. */
  readonly openUploads = new Set<string>();
  /** What objects were made of until lately, the latest last. */
  readonly released: Content[] = [];
  #beginning = Promise.withResolvers<number>();
  /** When content was last promised to anybody: what runs out now is what the collection wants now. Monotonic ms. */
  readonly #promisedAt = new Map<string, number>();

  get broken(): number {
    return this.lost + this.falseUnknowns + this.serverErrors + this.others;
  }

  note(kind: "lost" | "falseUnknowns" | "serverErrors" | "others", what: string): void {
    this[kind] += 1;
    if (this.violations.length < mostKept) this.violations.push(`${kind}: ${what}`);
  }

  /** A collection is asked for, and takes about `spanMs`: whoever waits for that hears of it. */
  collectionBegins(spanMs: number): void {
    this.#beginning.resolve(spanMs);
    this.#beginning = Promise.withResolvers();
  }

  /** Resolves when the next collection is asked for, or the last one was. @returns how long it takes, about; ms. */
  nextCollection(): Promise<number> {
    return this.#beginning.promise;
  }

  promised({ digest }: Content, at: number): void {
    this.#promisedAt.set(digest, at);
  }

  /** An object is made of it no more. */
  release(content: Content): void {
    this.released.push(content);
    if (this.released.length > mostReleased) this.released.shift();
  }

  /** Any object that is made of it, whatever happens to it now. */
  objectOf({ digest }: Content): RaceObject | undefined {
    return [...this.objects].find(({ content }) => content?.digest === digest);
  }

  /** Tells, later, whether an object of the bucket was made of it from now on. */
  watchBucket(bucket: string | null, { digest }: Content): () => boolean {
    const kept = [...this.objects].filter(
      (object) => object.bucket === bucket && object.content?.digest === digest,
    );
    const watched = kept.map((object) => object.watch());
    return () => watched.some((states) => [...states()].every((state) => state === digest));
  }

  /** One whose last promise runs out now. @param random in [0, 1): where it begins to look. */
  findRunningOut(pool: readonly Content[], random: number, lastsMs: number): Content | undefined {
    const start = Math.floor(random * pool.length);
    const now = performance.now();
    return [...pool.slice(start), ...pool.slice(0, start)].find((content) =>
      this.isRunningOut(content, now, lastsMs),
    );
  }

  /** True when the last promise about it ran out at about `now`. */
  isRunningOut({ digest }: Content, now: number, lastsMs: number): boolean {
    const at = this.#promisedAt.get(digest);
    return at !== undefined && Math.abs(now - at - lastsMs) < lastsMs / 5;
  }
}
