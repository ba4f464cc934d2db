// The sums of all repositories. They are counted window by window, so that nobody waits for them who pulls, and kept for a while where
// there is much to count.
import type { KeptSum } from "../metadata/images.ts";
import type { ManifestKey } from "../metadata/metadata.ts";
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
  /** When something was last pulled from it, Unix ms; null for never. */
  readonly lastPullAt: number | null;
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
  readonly rows: {
    readonly imageSums: Pick<
      ImageRows["imageSums"],
      "sumContents" | "sumTags" | "sumReleased" | "listPulls"
    >;
    readonly registry: Pick<ImageRows["registry"], "listRepositories">;
  };
  readonly clock: () => number;
  readonly rest: (ms: number) => Promise<void>;
}

const namesAtOnce = 1_000;

/** Which repositories there are, and their tags. */
interface Names {
  readonly names: readonly RepositoryName[];
  readonly tags: ReadonlyMap<
    RepositoryName,
    { readonly tags: number; readonly lastPushAt: number | null }
  >;
  readonly untagged: ReadonlyMap<RepositoryName, number>;
  /** Unix ms. */
  readonly pulls: ReadonlyMap<RepositoryName, number>;
  readonly rows: number;
}

/** What their content adds up to. */
interface Contents {
  readonly links: ReadonlyMap<
    RepositoryName,
    Pick<RepositorySums, "blobs" | "bytes" | "uniqueBytes">
  >;
  readonly kept: KeptSum;
  readonly countedAt: number;
  readonly rows: number;
}

/** Names are looked up quickly: a new repository is listed within this time. Sizes may be those of the last time somebody asked. Unit: ms. */
const [longestNamesMs, longestContentsMs] = [10_000, 24 * 3_600_000];

/** Counts, and remembers. */
export class Book {
  readonly #deps: BookDeps;
  readonly #names: AgedValue<Names>;
  readonly #contents: AgedValue<Contents>;
  /** Made of the latest two: ten thousand rows are not put together for each page. */
  #latest: { readonly names: Names; readonly contents: Contents; readonly page: BookPage } | null =
    null;

  constructor(deps: BookDeps) {
    this.#deps = deps;
    this.#names = new AgedValue(deps.clock, () => this.#countNames(), longestNamesMs);
    this.#contents = new AgedValue(deps.clock, () => this.#countContents(0), longestContentsMs);
  }

  /** Sums of this moment where there is little to count; else sizes that `countedAt` dates, and names of the last seconds. */
  async read(): Promise<BookPage> {
    const [names, contents] = await Promise.all([this.#names.get(), this.#contents.get()]);
    const latest = this.#latest;
    if (latest?.names === names && latest.contents === contents) return latest.page;
    const page = combined(names, contents);
    this.#latest = { names, contents, page };
    return page;
  }

  /** Counts what takes long, before anybody asks. Names are looked up quickly, and many of them are many megabytes. */
  async prepare(): Promise<void> {
    await this.#contents.get();
  }

  /** Counts now. @param minAgeMs younger content counts as leased. */
  async count(minAgeMs: number): Promise<BookPage> {
    const contents = await this.#countContents(minAgeMs);
    return combined(await this.#countNames(), contents);
  }

  async #countNames(): Promise<Names> {
    const tags = await this.#countTags();
    const untagged = await this.#countReleased();
    const pulls = await this.#listPulls();
    const names = await this.#listNames();
    const tagged = [...tags.values()].reduce((sum, each) => sum + each.tags, 0);
    const released = [...untagged.values()].reduce((sum, manifests) => sum + manifests, 0);
    return { names, tags, untagged, pulls, rows: tagged + released + names.length };
  }

  async #countReleased(): Promise<Names["untagged"]> {
    const { rows, rest } = this.#deps;
    const sums = new Map<RepositoryName, number>();
    for (let after: ManifestKey | null = null; ; ) {
      const found: Awaited<ReturnType<ImageRows["imageSums"]["sumReleased"]>> =
        await rows.imageSums.sumReleased(after);
      for (const { repository, manifests } of found) {
        sums.set(repository, (sums.get(repository) ?? 0) + manifests);
      }
      const last = found.at(-1);
      if (last === undefined) return sums;
      after = { repository: last.repository, digest: last.last };
      await rest(0);
    }
  }

  async #countContents(minAgeMs: number): Promise<Contents> {
    const { rows, rest, clock } = this.#deps;
    const now = clock();
    const ages = { now, olderThan: now - minAgeMs };
    const links = new Map<RepositoryName, { blobs: number; bytes: number; uniqueBytes: number }>();
    let kept: KeptSum = {
      blobs: 0,
      bytes: 0,
      objectBytes: 0,
      leasedBytes: 0,
      looseBytes: 0,
      savedBytes: 0,
    };
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
      if (window.next === null) return { links, kept, countedAt: now, rows: kept.blobs };
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

  async #listPulls(): Promise<Names["pulls"]> {
    const { rows, rest } = this.#deps;
    const pulls = new Map<RepositoryName, number>();
    for (let after: RepositoryName | null = null; ; ) {
      const page: Awaited<ReturnType<ImageRows["imageSums"]["listPulls"]>> =
        await rows.imageSums.listPulls({ after, limit: namesAtOnce });
      for (const { repository, pulledAt } of page) pulls.set(repository, pulledAt);
      if (page.length < namesAtOnce) return pulls;
      after = page.at(-1)?.repository ?? null;
      await rest(0);
    }
  }

  async #listNames(): Promise<readonly RepositoryName[]> {
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

function combined(
  { names, tags, untagged, pulls }: Names,
  { links, kept, countedAt }: Contents,
): BookPage {
  const repositories = names.map((name): RepositorySums => {
    const link = links.get(name) ?? { blobs: 0, bytes: 0, uniqueBytes: 0 };
    const tag = tags.get(name) ?? { tags: 0, lastPushAt: null };
    return {
      ...{ name, ...link, ...tag, untagged: untagged.get(name) ?? 0 },
      lastPullAt: pulls.get(name) ?? null,
    };
  });
  return { repositories, kept, countedAt };
}

function added(one: KeptSum, other: KeptSum): KeptSum {
  return {
    blobs: one.blobs + other.blobs,
    bytes: one.bytes + other.bytes,
    objectBytes: one.objectBytes + other.objectBytes,
    leasedBytes: one.leasedBytes + other.leasedBytes,
    looseBytes: one.looseBytes + other.looseBytes,
    savedBytes: one.savedBytes + other.savedBytes,
  };
}
