// What the space is used for: `breadbox du`, `GET /v1/usage`, the first page. Counted in small windows, while others are served.
import type { ManifestKey } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import { AgedValue } from "./aged.ts";
import type { BookPage, RepositorySums } from "./book.ts";
import type { ImagesDeps } from "./deps.ts";
import { DigestTable } from "./digestTable.ts";
import { follow, type Reason } from "./selection.ts";
import { Named } from "./weigh.ts";

/** Bytes by what holds them, each byte once: the first that applies. Together they are all stored bytes, but for uploads. */
export interface HeldBytes {
  /** Manifests with a tag, and what these name. */
  readonly tags: number;
  /** Only signatures, SBOMs and other manifests about one that is stored. */
  readonly referrers: number;
  /** Only manifests that nothing names: `breadbox gc --untagged` gives them back. */
  readonly untagged: number;
  /** Only objects of buckets. */
  readonly objects: number;
  /** Nothing, but it was pushed or asked for by a push a short while ago. */
  readonly leases: number;
  /** Nothing: the next collection gives it back. */
  readonly loose: number;
}

/** A repository's part. */
export interface RepositoryUsage extends RepositorySums {
  /** Held by its manifests without a name alone; what several repositories hold so counts for one of them. */
  readonly untaggedBytes: number;
}

/** What is stored, and what holds it. Sizes in bytes. */
export interface Usage {
  readonly blobs: number;
  readonly bytes: number;
  /** What would be stored besides, if each repository had its own copy. */
  readonly savedBytes: number;
  readonly heldBy: HeldBytes;
  /** Staged bytes of open uploads: not part of `bytes`. */
  readonly uploadBytes: number;
  readonly uploads: number;
  readonly untaggedManifests: number;
  /** By name. */
  readonly repositories: readonly RepositoryUsage[];
  /** When it was counted, Unix ms. */
  readonly countedAt: number;
}

type Deps = Pick<ImagesDeps, "rows" | "book" | "unfinished" | "rest" | "minAgeMs">;

const atOnce = 1_000;

/** Counts now, or in a large store a short while ago. */
export class UsageBook {
  readonly #usage: AgedValue<Usage>;

  constructor(deps: Deps, clock: () => number) {
    this.#usage = new AgedValue(clock, async () => {
      const usage = await measureUsage(deps);
      return { ...usage, rows: usage.blobs + usage.repositories.length + usage.untaggedManifests };
    });
  }

  read(): Promise<Usage> {
    return this.#usage.get();
  }
}

/** Counts now. */
export async function measureUsage(deps: Deps): Promise<Usage> {
  const { book, unfinished, minAgeMs } = deps;
  const counted = await book.count(minAgeMs);
  const named = new Named(deps);
  const untagged = await addUntagged(deps, named);
  const held = await sumHeld(deps, named, untagged);
  const { sessions, inParts } = await unfinished.read();
  const { kept } = counted;
  const { objectBytes: objects, leasedBytes: leases, looseBytes: loose } = kept;
  const rest = kept.bytes - objects - leases - loose - held.referrers - held.untagged;
  return {
    ...{ blobs: kept.blobs, bytes: kept.bytes, savedBytes: kept.savedBytes },
    // What is pushed while it is counted may be counted on one side only.
    heldBy: {
      tags: Math.max(0, rest),
      ...{ referrers: held.referrers, untagged: held.untagged, objects, leases, loose },
    },
    uploadBytes: sessions.bytes + inParts.bytes,
    uploads: sessions.sessions + inParts.uploads,
    untaggedManifests: untagged.size,
    repositories: withUntagged(counted, held.byRepository),
    countedAt: counted.countedAt,
  };
}

const withUntagged = (
  { repositories }: BookPage,
  bytes: ReadonlyMap<RepositoryName, number>,
): readonly RepositoryUsage[] =>
  repositories.map((each) => ({ ...each, untaggedBytes: bytes.get(each.name) ?? 0 }));

/** Manifests that nothing names, and those that only these name, and counts what they name. */
async function addUntagged(deps: Pick<Deps, "rows" | "rest">, named: Named): Promise<ManifestSet> {
  const { imageSums } = deps.rows;
  const known = new ManifestSet();
  const indexes = new Map<RepositoryName, Map<Digest, Reason>>();
  let after: ManifestKey | null = null;
  const read = (from: ManifestKey | null) => imageSums.listReleased(from, atOnce);
  for await (const page of pagesOf(deps.rest, read)) {
    const last = page.at(-1);
    if (last === undefined) break;
    await named.addNames(await imageSums.listReleasedNames(after, last));
    for (const key of page) {
      known.add(key);
      if (!key.namesOthers) continue;
      const seeds = indexes.get(key.repository) ?? new Map<Digest, Reason>();
      indexes.set(key.repository, seeds.set(key.digest, "asked"));
    }
    after = last;
  }
  for (const [repository, manifests] of indexes) {
    await follow(deps, repository, manifests);
    const keys = [...manifests.keys()].map((digest) => ({ repository, digest }));
    const added = keys.filter((key) => !known.has(key));
    for (const key of added) known.add(key);
    await named.add(added);
  }
  return known;
}

/** Manifests of any repositories. */
class ManifestSet {
  readonly #tables = new Map<RepositoryName, DigestTable>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has({ repository, digest }: ManifestKey): boolean {
    return (this.#tables.get(repository)?.find(digest) ?? null) !== null;
  }

  add({ repository, digest }: ManifestKey): void {
    const table = this.#tables.get(repository) ?? new DigestTable();
    this.#tables.set(repository, table);
    this.#size -= table.size;
    table.add(digest);
    this.#size += table.size;
  }
}

/** Bytes that only manifests without a name hold, then those that only they and referrers do. */
async function sumHeld(
  { rows, rest }: Pick<Deps, "rows" | "rest">,
  named: Named,
  untagged: Pick<ManifestSet, "has">,
) {
  const byRepository = new Map<RepositoryName, number>();
  let untaggedBytes = 0;
  for await (const { size, isOnly, repository } of named.uses()) {
    if (!isOnly) continue;
    untaggedBytes += size;
    byRepository.set(repository, (byRepository.get(repository) ?? 0) + size);
  }
  let hasOthers = false;
  const read = (after: ManifestKey | null) => rows.imageSums.listUntaggedReferrers(after, atOnce);
  for await (const page of pagesOf(rest, read)) {
    const others = page.filter((key) => !untagged.has(key));
    await named.add(others);
    hasOthers ||= others.length > 0;
  }
  if (!hasOthers) return { untagged: untaggedBytes, referrers: 0, byRepository };
  let both = 0;
  for await (const { size, isOnly } of named.uses()) if (isOnly) both += size;
  return { untagged: untaggedBytes, referrers: both - untaggedBytes, byRepository };
}

async function* pagesOf<T extends ManifestKey>(
  rest: Deps["rest"],
  read: (after: ManifestKey | null) => Promise<readonly T[]>,
) {
  let after: ManifestKey | null = null;
  for (let full = true; full; ) {
    const page = await read(after);
    yield page;
    after = page.at(-1) ?? null;
    full = page.length === atOnce;
    if (full) await rest(0);
  }
}
