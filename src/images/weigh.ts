// The bytes that only some manifests keep. What each of them names is counted; content that is named more often is kept by others.
import type { ManifestKey } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { ImagesDeps } from "./deps.ts";
import { DigestTable } from "./digestTable.ts";
import { chunks } from "./selection.ts";

/** Bytes that come back when manifests are deleted. */
export interface Released {
  /** What the next collection deletes. */
  readonly nowBytes: number;
  /** What a later one deletes: it was pushed, or asked for by a push, a short while ago. */
  readonly laterBytes: number;
  /** From when on a collection deletes all of it, Unix ms; null when all of it can be deleted now. */
  readonly laterAt: number | null;
  /** Named by these manifests, and kept by other manifests or by objects. */
  readonly sharedBytes: number;
  /** Part of that: kept by objects of buckets. */
  readonly objectBytes: number;
}

type Deps = Pick<ImagesDeps, "rows" | "rest" | "minAgeMs"> & { readonly now: number };

/** Chunks after which others are served. */
const chunksAtOnce = 4;
/** Digests of one question. */
const usesAtOnce = 500;

/** Counts how often digests are named, and by which repository first. More may be added to it. */
export class Named {
  readonly #deps: Pick<ImagesDeps, "rows" | "rest">;
  readonly #digests = new DigestTable();
  /** By the number of the digest: how often it is named, and the number of the repository that did so first. */
  #counts = new Uint32Array(usesAtOnce);
  #namers = new Uint32Array(usesAtOnce);
  readonly #repositories = new Map<RepositoryName, number>();
  #chunks = 0;

  constructor(deps: Pick<ImagesDeps, "rows" | "rest">) {
    this.#deps = deps;
  }

  /** Each manifest once. */
  async add(manifests: readonly ManifestKey[]): Promise<void> {
    for (const [repository, keys] of Map.groupBy(manifests, (key) => key.repository)) {
      for (const some of chunks(keys.map(({ digest }) => digest))) {
        for (const { digest } of await this.#deps.rows.images.listNamed(repository, some)) {
          this.#count(digest, repository);
        }
        await this.#rest();
      }
    }
  }

  /** What manifests of a repository name, as often as they do. */
  async addNames(names: readonly ManifestKey[]): Promise<void> {
    for (const { digest, repository } of names) this.#count(digest, repository);
    await this.#rest();
  }

  /** Content that is named, with whether only the added manifests name it. Content that is not stored is left out. */
  async *uses() {
    const repositories = [...this.#repositories.keys()];
    for (let from = 0; from < this.#digests.size; from += usesAtOnce) {
      const some = this.#digests.list(from, from + usesAtOnce);
      for (const use of await this.#deps.rows.images.findUses(some)) {
        const number = this.#digests.find(use.digest);
        const repository = number === null ? undefined : repositories[this.#namers[number] ?? 0];
        if (number === null || repository === undefined) continue;
        const isOnly = use.references <= (this.#counts[number] ?? 0) && use.objects === 0;
        yield { ...use, repository, isOnly };
      }
      await this.#rest();
    }
  }

  #count(digest: Digest, repository: RepositoryName): void {
    const number = this.#digests.add(digest);
    if (number === this.#counts.length) {
      this.#counts = doubled(this.#counts);
      this.#namers = doubled(this.#namers);
    }
    const before = this.#counts[number] ?? 0;
    if (before === 0) this.#namers[number] = this.#numberOf(repository);
    this.#counts[number] = before + 1;
  }

  #numberOf(repository: RepositoryName): number {
    const number = this.#repositories.get(repository) ?? this.#repositories.size;
    this.#repositories.set(repository, number);
    return number;
  }

  async #rest(): Promise<void> {
    this.#chunks += 1;
    if (this.#chunks % chunksAtOnce === 0) await this.#deps.rest(0);
  }
}

function doubled(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

/** What comes back when these manifests are deleted. */
export async function weigh(deps: Deps, manifests: readonly ManifestKey[]): Promise<Released> {
  const named = new Named(deps);
  await named.add(manifests);
  let [nowBytes, laterBytes, laterAt, sharedBytes, objectBytes] = [0, 0, 0, 0, 0];
  for await (const { size, isOnly, objects, keptUntil, createdAt } of named.uses()) {
    if (!isOnly) {
      sharedBytes += size;
      if (objects > 0) objectBytes += size;
      continue;
    }
    const freeAt = Math.max(keptUntil, createdAt + deps.minAgeMs);
    if (freeAt <= deps.now) nowBytes += size;
    else {
      laterBytes += size;
      laterAt = Math.max(laterAt, freeAt);
    }
  }
  return {
    nowBytes,
    laterBytes,
    laterAt: laterBytes === 0 ? null : laterAt,
    sharedBytes,
    objectBytes,
  };
}
