// What is imported from: repositories with tags, manifests and blobs, wherever they are. Nothing here ever writes to a source.
import type { Digest } from "../model/digest.ts";

/** A manifest as the source has it. */
export interface SourceManifest {
  readonly body: Uint8Array;
  /** What the source serves it as; null where only its own bytes say. */
  readonly mediaType: string | null;
}

/** Where the bytes of a blob are. */
export type SourceBlob =
  | { readonly kind: "file"; readonly path: string }
  /** `open` continues at `offset`. @throws SourceError when the source does not give it. */
  | { readonly kind: "stream"; open(offset: number): Promise<BlobStream> };

/** Bytes on their way. */
export interface BlobStream {
  /** Where they begin: 0 when the source cannot continue. */
  readonly offset: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What a repository holds, as far as the source tells. */
export interface SourceListing {
  /** Tags as they are spelled there. */
  readonly tags: ReadonlyMap<string, Digest>;
  /** Manifests with and without a tag. Those that an index names need not be among them. */
  readonly manifests: readonly Digest[];
}

/** One repository of a source. */
export interface SourceRepository {
  /** @throws SourceError */
  list(): Promise<SourceListing>;
  /** @returns null when the source holds no manifest of that digest in this repository. */
  readManifest(digest: Digest): Promise<SourceManifest | null>;
  blob(digest: Digest): SourceBlob;
  /** How many blobs are best read at the same time. */
  readonly blobsAtOnce: number;
}

/** Files: while one waits for the disk others are read. */
export const filesAtOnce = 2048;

/** A registry, or a directory, to import from. */
export interface Source {
  /** For people: what it is, and where. */
  readonly label: string;
  /** True when it lies in `directory`, or is that. */
  isBelow(directory: string): boolean;
  /** Names as they are spelled there. @throws SourceError */
  repositories(): Promise<readonly string[]>;
  open(repository: string): SourceRepository;
}

/** A source that cannot be read, or is not understood. The message is a sentence that says what to do. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}
