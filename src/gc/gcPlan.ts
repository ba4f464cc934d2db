// Makes the plan of a run: every manifest, every row of content and every stored file is looked at, nothing is changed.

import type { AgeLimits, MarkedWindow, Unreferenced } from "../metadata/collection.ts";
import type { ReleasedContent } from "../metadata/untagged.ts";
import type { Digest } from "../model/digest.ts";
import type { StoredName } from "../storage/content.ts";
import { ageLimits } from "./gcAges.ts";
import type {
  BlobSum,
  GcDeps,
  GcListener,
  GcPlan,
  GcRequest,
  OrphanedBlob,
  PlannedManifests,
} from "./gcRun.ts";

/** The ports that reading needs. */
type Ports = Pick<GcDeps, "metadata" | "storage" | "rest">;

/** Stored names that are looked up at a time. */
const namesAtOnce = 1_000;
/** A file without a row is kept for at least this long, for good measure. Unit: ms. */
const strayAgeMs = 3_600_000;

/** A stored file that nothing names. */
export interface Stray extends StoredName {
  /** Bytes. */
  readonly size: number;
}

/** Content and links that may be deleted, window by window. @throws Error for a damaged row. */
export async function* markContents(
  { metadata, storage, rest }: Ports,
  limits: AgeLimits,
): AsyncGenerator<MarkedWindow> {
  let after: Digest | null = null;
  do {
    const window: MarkedWindow = await metadata.markWindow(after, null, limits);
    for (const content of window.unreferenced) assertSound(storage, content);
    yield window;
    after = window.next;
    // Timers must get their turn, the one that keeps the lock above all.
    await rest(0);
  } while (after !== null);
}

function assertSound({ content }: Ports["storage"], { digest, locator, size }: Unreferenced): void {
  const name = content.nameOf(locator);
  const isIts = name !== null && (name.digest ?? digest) === digest;
  if (!isIts || !Number.isSafeInteger(size) || size < 0) {
    throw new Error(`the row of content ${digest} is damaged`);
  }
}

/** A file that nothing names, or one that a request may still name. */
type StrayFinding =
  | { readonly kind: "stray"; readonly stray: Stray }
  | { readonly kind: "awaited"; readonly size: number };

/** Stored files without a row, batch by batch. @throws what the storage throws for anything but an absent file. */
export async function* findStrays(
  deps: Ports,
  limits: AgeLimits,
): AsyncGenerator<readonly StrayFinding[]> {
  const before = Math.min(limits.olderThan, limits.now - strayAgeMs);
  for await (const names of deps.storage.content.list()) {
    const old = names.filter(({ publishedAt }) => publishedAt <= before);
    for (let at = 0; at < old.length; at += namesAtOnce) {
      yield await lookUp(deps, old.slice(at, at + namesAtOnce));
    }
    await deps.rest(0);
  }
}

/** A request that is about to name its file holds a claim until then. The file's name contains the claim: if it is free, no request will name the file. */
async function lookUp(
  { metadata, storage }: Ports,
  names: readonly StoredName[],
): Promise<readonly StrayFinding[]> {
  const findings: StrayFinding[] = [];
  for (const { awaited, ...name } of await metadata.findStrays(names)) {
    const found = await storage.content.stat(name.locator);
    if (found === null) continue;
    const size = Math.max(0, found.size);
    if (awaited) findings.push({ kind: "awaited", size });
    else findings.push({ kind: "stray", stray: { ...name, size } });
  }
  return findings;
}

/** A sum that grows. */
class Sum implements BlobSum {
  blobs = 0;
  bytes = 0;
  /** The latest of their leases' ends, Unix ms. */
  until = 0;

  add(size: number, keptUntil = 0): void {
    this.blobs += 1;
    this.bytes += size;
    this.until = Math.max(this.until, keptUntil);
  }

  get(): BlobSum {
    return { blobs: this.blobs, bytes: this.bytes };
  }
}

/** Sums of content, by what the run makes of it. */
type Sums = Readonly<Record<Unreferenced["state"] | "awaited" | "unexplained", Sum>>;

/** A plan in the making. */
interface Look {
  readonly deps: Ports & Pick<GcDeps, "untagged">;
  readonly limits: AgeLimits;
  readonly sums: Sums;
  readonly listener: GcListener;
}

/** The run that is planned. */
export interface PlanOrder {
  readonly request: Pick<GcRequest, "minAgeMs" | "leaseMs" | "untaggedOlderThanMs">;
  /** When the run began, Unix ms. */
  readonly now: number;
  readonly listener: GcListener;
}

/** What may be deleted of a window. */
export type Marked = Pick<MarkedWindow, "unreferenced" | "links">;

/** A plan, and the rows that it counts. */
export interface Planned {
  readonly plan: GcPlan;
  /** null: they are too many for the memory, so that the execution marks again. */
  readonly marked: readonly Marked[] | null;
}

/** So many rows are kept for the execution; each takes a few hundred bytes. */
const mostKept = 50_000;

/** Makes the plan. @throws Error when anything cannot be read, or contradicts itself: then nothing may be deleted. */
export async function planGc(
  deps: Look["deps"],
  { request, now, listener }: PlanOrder,
): Promise<Planned> {
  const limits = ageLimits(request, now);
  const contradiction = await deps.metadata.findContradiction();
  if (contradiction !== null) {
    throw new Error(`the database contradicts itself: ${contradiction}; run breadbox fsck --full`);
  }
  const all = await deps.metadata.countContents();
  const sums: Sums = {
    ...{ orphaned: new Sum(), unexplained: new Sum() },
    ...{ leased: new Sum(), young: new Sum(), awaited: new Sum() },
  };
  const look: Look = { deps, limits, sums, listener };
  const { seen, unreferenced, links, marked } = await sumContents(look, all.blobs);
  const strays = await sumStrays(look);
  const { manifests, released } = await planUntagged(look, request.untaggedOlderThanMs);
  const plan = {
    limits,
    manifests,
    total: seen + strays.blobs,
    totalBytes: all.bytes + strays.bytes,
    // Rows may have come while they were counted.
    referenced: Math.max(0, seen - unreferenced - released),
    orphaned: sums.orphaned.get(),
    strays,
    unexplained: sums.unexplained.get(),
    protected: {
      leased: sums.leased.get(),
      leasedUntil: sums.leased.until,
      young: sums.young.get(),
      awaited: sums.awaited.get(),
    },
    links,
  };
  return { plan, marked };
}

/** Adds up the rows that nothing names. @param expected how many rows there were at the beginning, for the progress. */
async function sumContents(look: Look, expected: number) {
  const { deps, limits, sums, listener } = look;
  let [seen, unreferenced, links] = [0, 0, 0];
  const kept = new Kept();
  for await (const window of markContents(deps, limits)) {
    for (const { digest, size, state, keptUntil, releasedAt } of window.unreferenced) {
      if (state === "orphaned") addOrphan(look, { digest, size, isExplained: releasedAt !== null });
      else sums[state].add(size, keptUntil);
    }
    seen += window.total;
    unreferenced += window.unreferenced.length;
    links += window.links.length;
    kept.add(window);
    listener.onProgress?.({ phase: "marking", done: seen, total: Math.max(seen, expected) });
  }
  return { seen, unreferenced, links, marked: kept.all };
}

/** Rows that may be deleted, for as long as they are few. */
class Kept {
  all: Marked[] | null = [];
  #rows = 0;

  add({ unreferenced, links }: MarkedWindow): void {
    if (this.all === null) return;
    const orphaned = unreferenced.filter(({ state }) => state === "orphaned");
    this.#rows += orphaned.length + links.length;
    if (this.#rows > mostKept) this.all = null;
    else if (orphaned.length + links.length > 0) this.all.push({ unreferenced: orphaned, links });
  }
}

/** Adds up the stored files that nothing names. @returns the sum of those that may be deleted. */
async function sumStrays(look: Look): Promise<BlobSum> {
  const { deps, limits, sums } = look;
  const strays = new Sum();
  for await (const findings of findStrays(deps, limits)) {
    for (const finding of findings) {
      if (finding.kind === "awaited") {
        sums.awaited.add(finding.size);
        continue;
      }
      const { digest, size } = finding.stray;
      strays.add(size);
      addOrphan(look, { digest, size, isExplained: false });
    }
  }
  return strays.get();
}

/** Untagged manifests that the rule deletes. Content that only they name is orphaned with them. */
async function planUntagged(
  look: Look,
  olderThanMs: number | null,
): Promise<{ readonly manifests: PlannedManifests | null; readonly released: number }> {
  if (olderThanMs === null) return { manifests: null, released: 0 };
  const { deps, limits } = look;
  const rule = { pushedBefore: limits.now - olderThanMs };
  const { manifests: keys, released } = await deps.untagged.planUntagged(rule, limits);
  for (const content of released) addOrphan(look, content);
  return { manifests: { keys, rule }, released: released.length };
}

function addOrphan(
  { sums, listener }: Look,
  { digest, size, isExplained }: OrphanedBlob & Pick<ReleasedContent, "isExplained">,
): void {
  sums.orphaned.add(size);
  if (!isExplained) sums.unexplained.add(size);
  listener.onOrphan?.({ digest, size });
}
