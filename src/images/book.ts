// The sums of all repositories. They are counted window by window, so that nobody waits for them who pulls, and kept for a while where
// there is much to count.
import type { KeptSum } from "../metadata/images.ts";
import type { RepositoryName } from "../model/names.ts";
import { AgedValue } from "./aged.ts";
import type { ImageRows } from "./deps.ts";

/** What is counted of a repository. Sizes in bytes, of blobs; manifests are in the database. */
export interface RepositorySums {
  readonly name: RepositoryName;
  readonly tags: number;
  /** Manifests that nothing names. */
  readonly untagged: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Those that no other repository and no object holds. */
  readonly uniqueBytes: number;
  /** When its latest tag was set, Unix ms; null without tags. */
  readonly lastPushAt: number | null;
}

/** Sums of one moment. */
export interface BookPage {
  /** By name. */
  readonly repositories: readonly RepositorySums[];
  readonly kept: KeptSum;
  /** When they were counted, Unix ms. */
  readonly countedAt: number;
}

interface BookDeps {
  readonly rows: Pick<ImageRows, "imageSums" | "registry">;
  readonly clock: () => number;
  readonly rest: (ms: number) => Promise<void>;
}

const namesAtOnce = 1_000;

/** Counts, and remembers. */
export class Book {
  readonly #deps: BookDeps;
  readonly #sums: AgedValue<BookPage>;

  constructor(deps: BookDeps) {
    this.#deps = deps;
    this.#sums = new AgedValue(deps.clock, () => this.count(0));
  }

  /** Sums of this moment where there is little to count, else of the last seconds. */
  read(): Promise<BookPage> {
    return this.#sums.get();
  }

  /** Counts now. @param minAgeMs younger content counts as leased. */
  async count(minAgeMs: number): Promise<BookPage & { readonly rows: number }> {
    const { rows, clock } = this.#deps;
    const now = clock();
    const { links, kept } = await this.#countContents({ now, olderThan: now - minAgeMs });
    const tags = await this.#countTags();
    const released = await rows.imageSums.sumReleased();
    const untagged = new Map(released.map((each) => [each.repository, each.manifests]));
    const names = await this.#names();
    const repositories = names.map((name): RepositorySums => {
      const link = links.get(name) ?? { blobs: 0, bytes: 0, uniqueBytes: 0 };
      const tag = tags.get(name) ?? { tags: 0, lastPushAt: null };
      return { name, ...link, ...tag, untagged: untagged.get(name) ?? 0 };
    });
    const tagged = repositories.reduce((sum, each) => sum + each.tags, 0);
    return { repositories, kept, countedAt: now, rows: kept.blobs + tagged + names.length };
  }

  async #countContents(ages: { readonly now: number; readonly olderThan: number }) {
    const { rows, rest } = this.#deps;
    const links = new Map<RepositoryName, { blobs: number; bytes: number; uniqueBytes: number }>();
    let kept: KeptSum = { blobs: 0, bytes: 0, objectBytes: 0, leasedBytes: 0, looseBytes: 0 };
    let window = await rows.imageSums.sumContents(null, ages);
    for (;;) {
      for (const { repository, blobs, bytes, uniqueBytes } of window.links) {
        const sum = links.get(repository) ?? { blobs: 0, bytes: 0, uniqueBytes: 0 };
        links.set(repository, {
          blobs: sum.blobs + blobs,
          bytes: sum.bytes + bytes,
          uniqueBytes: sum.uniqueBytes + uniqueBytes,
        });
      }
      kept = added(kept, window.kept);
      if (window.next === null) return { links, kept };
      await rest(0);
      window = await rows.imageSums.sumContents(window.next, ages);
    }
  }

  async #countTags() {
    const { rows, rest } = this.#deps;
    const sums = new Map<RepositoryName, { tags: number; lastPushAt: number | null }>();
    let found = await rows.imageSums.sumTags({ repository: "", name: "" });
    for (;;) {
      for (const { repository, tags, lastPushAt } of found) {
        const sum = sums.get(repository) ?? { tags: 0, lastPushAt: 0 };
        const latest = Math.max(sum.lastPushAt ?? 0, lastPushAt);
        sums.set(repository, { tags: sum.tags + tags, lastPushAt: latest });
      }
      const last = found.at(-1);
      if (last === undefined) return sums;
      await rest(0);
      found = await rows.imageSums.sumTags({ repository: last.repository, name: last.last });
    }
  }

  async #names(): Promise<readonly RepositoryName[]> {
    const { rows, rest } = this.#deps;
    const names: RepositoryName[] = [];
    for (let more = true; more; ) {
      const page = await rows.registry.listRepositories({
        after: names.at(-1) ?? null,
        limit: namesAtOnce,
      });
      names.push(...page.names);
      more = page.more;
      if (more) await rest(0);
    }
    return names;
  }
}

function added(one: KeptSum, other: KeptSum): KeptSum {
  return {
    blobs: one.blobs + other.blobs,
    bytes: one.bytes + other.bytes,
    objectBytes: one.objectBytes + other.objectBytes,
    leasedBytes: one.leasedBytes + other.leasedBytes,
    looseBytes: one.looseBytes + other.looseBytes,
  };
}
