// All tags of a repository, to sort them by something else than their names. Of few tags it is read each time.
import type { TagRow } from "../metadata/images.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import { AgedValue } from "./aged.ts";
import type { ImageRows } from "./deps.ts";

/** A tag with what it can be sorted by. */
export interface SizedTag extends TagRow {
  /** Bytes of everything behind it: of an index, of all its platforms. */
  readonly bytes: number;
}

interface TagBooksDeps {
  readonly rows: { readonly images: Pick<ImageRows["images"], "listTagRows" | "sumNamed"> };
  readonly clock: () => number;
  readonly rest: (ms: number) => Promise<void>;
}

/** Repositories whose tags are kept in memory at a time, and their tags together: 200 bytes each. Those of the latest are kept in any case. */
const [mostBooks, mostTags] = [4, 100_000];
const [tagsAtOnce, sizesAtOnce] = [5_000, 500];

/** The tags of one repository. */
interface Book {
  readonly value: AgedValue<{ readonly tags: readonly SizedTag[] }>;
  /** How many there are; 0 before they were read. */
  tags: number;
}

/** Reads tags, and remembers those of the latest repositories that have many. */
export class TagBooks {
  readonly #deps: TagBooksDeps;
  readonly #books = new Map<RepositoryName, Book>();

  constructor(deps: TagBooksDeps) {
    this.#deps = deps;
  }

  /** All tags, by name. */
  async read(repository: RepositoryName): Promise<readonly SizedTag[]> {
    const book = this.#books.get(repository) ?? this.#open(repository);
    // The latest one is the last to be forgotten.
    this.#books.delete(repository);
    this.#books.set(repository, book);
    const { tags } = await book.value.get();
    this.#forget();
    return tags;
  }

  #open(repository: RepositoryName): Book {
    const value = new AgedValue(this.#deps.clock, async () => {
      const tags = await this.#readAll(repository);
      book.tags = tags.length;
      return { tags, rows: tags.length };
    });
    const book: Book = { value, tags: 0 };
    return book;
  }

  #forget(): void {
    let tags = [...this.#books.values()].reduce((sum, book) => sum + book.tags, 0);
    for (const [oldest, book] of this.#books) {
      const { size } = this.#books;
      if (size === 1 || (size <= mostBooks && tags <= mostTags)) return;
      this.#books.delete(oldest);
      tags -= book.tags;
    }
  }

  async #readAll(repository: RepositoryName): Promise<readonly SizedTag[]> {
    const { rows, rest } = this.#deps;
    const tags: TagRow[] = [];
    for (let full = true; full; ) {
      const page = await rows.images.listTagRows(repository, {
        after: tags.at(-1)?.name ?? null,
        limit: tagsAtOnce,
        pattern: null,
      });
      tags.push(...page);
      full = page.length === tagsAtOnce;
      if (full) await rest(0);
    }
    const sizes = await sizesOf(this.#deps, repository, [
      ...new Set(tags.map((tag) => tag.digest)),
    ]);
    return tags.map((tag) => ({ ...tag, bytes: sizes.get(tag.digest) ?? 0 }));
  }
}

/** The bytes behind some manifests, as declared. */
export async function sizesOf(
  { rows, rest }: Omit<TagBooksDeps, "clock">,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, number>> {
  const sizes = new Map<Digest, number>();
  for (let at = 0; at < digests.length; at += sizesAtOnce) {
    if (at > 0) await rest(0);
    const some = digests.slice(at, at + sizesAtOnce);
    for (const { digest, bytes } of await rows.images.sumNamed(repository, some)) {
      sizes.set(digest, bytes);
    }
  }
  return sizes;
}
