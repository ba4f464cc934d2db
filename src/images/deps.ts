// What the functions about images work with, and who asks.
import type { Metadata } from "../metadata/metadata.ts";
import type { RepositoryName } from "../model/names.ts";
import type { RegistryDeps } from "../registry/manifests.ts";
import { Book } from "./book.ts";
import { Facts } from "./facts.ts";
import { TagBooks } from "./tagBooks.ts";
import type { UnfinishedBook } from "./unfinished.ts";
import { UsageBook } from "./usage.ts";

/** The rows that they read. */
export type ImageRows = Pick<Metadata, "images" | "imageSums" | "registry" | "history">;

/** What is given to the room. */
export interface ImagesSetup {
  readonly rows: ImageRows;
  /** Reads blobs and manifests, and deletes. */
  readonly registry: RegistryDeps;
  /** Metrics count them as well. */
  readonly unfinished: Pick<UnfinishedBook, "read">;
  /** `gc.minAge`, ms: younger content is not collected. */
  readonly minAgeMs: number;
  /** Waits; ms. Between windows, so that others are served. */
  readonly rest: (ms: number) => Promise<void>;
}

/** The dependencies of every function of this room. */
export interface ImagesDeps extends ImagesSetup {
  readonly facts: Facts;
  readonly book: Book;
  readonly tagBooks: TagBooks;
  readonly usage: UsageBook;
}

/** Who asks: what may be seen of repositories. */
export interface Viewer {
  /** null: all of them. */
  readonly maySee: ((repository: RepositoryName) => boolean) | null;
  /**
   * True for operators. Whether content is shared tells what other repositories hold: nobody else learns it, and gets null for
   * figures that depend on it.
   */
  readonly seesSharing: boolean;
}

/** Sees everything: an operator. */
export const operator: Viewer = { maySee: null, seesSharing: true };

/** Opens the room. */
export function openImages(setup: ImagesSetup): ImagesDeps {
  const { rows, registry, rest } = setup;
  const { clock } = registry;
  const book = new Book({ rows, clock, rest });
  return {
    ...setup,
    book,
    usage: new UsageBook({ ...setup, book }, clock),
    facts: new Facts(registry),
    tagBooks: new TagBooks({ rows, clock, rest }),
  };
}
