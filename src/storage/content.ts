// Port 1, content: stored under names that are used once.
import type { Digest } from "../model/digest.ts";
import type { Locator } from "../model/locator.ts";

/** A row's description of stored content. */
export interface StoredRow {
  readonly locator: Locator;
  /** Bytes. */
  readonly size: number;
}

/** Content that was found. */
export type OpenedContent =
  /** A file of this machine. The body is lazy: it reads nothing until it is sent or consumed. */
  | { readonly kind: "file"; readonly body: Blob }
  /** In memory. Not to be written to. */
  | { readonly kind: "bytes"; readonly body: Uint8Array<ArrayBuffer> }
  /** Elsewhere: it is read with `Content.reader`. */
  | { readonly kind: "remote"; readonly link: Link | null };

/** The answer of a URL's server. */
export interface LinkOptions {
  /** Content-Type. */
  readonly mediaType: string;
  /** Content-Disposition. */
  readonly disposition: string;
}

/** Makes a URL under which a client reads the content for a while, whole or one range. Null where clients are not to have one. */
export type Link = (options: LinkOptions) => Promise<string>;

/** Content that is opened to be sent; of a file of this machine it stays readable when it is deleted meanwhile. Closed by who opened it. */
export interface SendableContent {
  /**
   * How many bytes from `start` to before `end` are not in memory, or may not be: sending 0 waits for no disk. Waits for a moment while
   * another reader brings them into memory.
   */
  missing(start: number, end: number): Promise<number>;
  /** Brings them into memory, unless `isWanted` says no meanwhile. @returns whether they are there. @throws when they cannot be read. */
  fetch(start: number, end: number, isWanted: () => boolean): Promise<boolean>;
  /** Fills the beginning of `into` from `offset`; returns how many bytes it read, 0 at the end. Holds up nothing else while a disk is slow. */
  read(offset: number, into: Uint8Array<SharedArrayBuffer>): Promise<number>;
  close(): Promise<void>;
}

/** A stored name, and what it says. */
export interface StoredName {
  readonly locator: Locator;
  /** Null where names do not tell: they were given before all bytes had come. */
  readonly digest: Digest | null;
  /** The claim that it was published under, or the upload: while a row has either, a request may be about to name the content. */
  readonly owner: string;
  /** Not before its claim or its upload began, Unix ms. */
  readonly publishedAt: number;
}

/** What is under a stored name. */
export interface StoredStat {
  /** Bytes. */
  readonly size: number;
}

/** Stored content. */
export interface Content {
  /** Opens content whole. @returns null only when it is absent, or not as long as its row says; any other failure throws. */
  open(row: StoredRow): Promise<OpenedContent | null>;

  /** Opens content for reads of ranges. @returns null when it is absent, or nothing that can be read. */
  reader(locator: Locator): Promise<SendableContent | null>;

  /** Deletes content. Deleting what is absent is not an error. The row that named it must be durably deleted before. */
  delete(locator: Locator): Promise<void>;

  /**
   * Content that a seal has returned, and that the transaction which was to name it refused: deletes it, unless its session may
   * still need it. Then a collection finds it without a row.
   */
  release(locator: Locator): Promise<void>;

  /** Every stored name there is, with or without a row, in batches. Anything that is not named so is left out. @throws when a name may be missing. */
  list(): AsyncIterable<readonly StoredName[]>;

  /** The parsed stored name; null for another name. */
  nameOf(locator: Locator): StoredName | null;

  /** @returns null only when it is absent; any other failure throws. */
  stat(locator: Locator): Promise<StoredStat | null>;
}
