// Where backups are kept: what a directory and a bucket have in common. Contents are there once, under their digests; a backup is a few
// files of its own, the last of which is its manifest.
import type { Digest } from "../model/digest.ts";
import type { IntakeWay } from "../storage/intake.ts";
import type { StoredReader } from "../storage/repair.ts";

/** Why a backup or a restore cannot be done, in words for the operator. */
export class BackupError extends Error {
  override readonly name = "BackupError";
}

/** A content of the store. */
export interface ContentSource {
  readonly digest: Digest;
  /** Bytes, as its row says. */
  readonly size: number;
  /** @returns null when it is absent. Closed by who opened it. */
  readonly open: () => Promise<StoredReader | null>;
  /** Names it, or clones its blocks, at a path of this machine. @returns null where neither can be. */
  readonly share: (path: string) => Promise<"link" | "clone" | null>;
  /** Called with bytes as they are read. */
  readonly onBytes: (bytes: number) => void;
}

/** Of a content whose bytes the store does not have. */
export const missing = "its bytes are missing";
/** In the order of digests. */
export const algorithms = ["sha256", "sha512"] as const;

/** What came of one content. */
export type PutContent =
  | { readonly kind: "put"; readonly way: IntakeWay }
  /** Its bytes in the store are missing, unreadable, or others: nothing of it is in the target. */
  | { readonly kind: "lost"; readonly reason: string };

/** Bytes in a target. */
export interface TargetFile {
  /** Bytes. */
  readonly size: number;
  read(offset: number): Promise<AsyncIterable<Uint8Array>>;
}

/** A content that a target has. */
export interface HeldContent {
  readonly digest: Digest;
  /** Bytes; asked for only where it matters. */
  readonly size: () => Promise<number>;
}

/** A place for backups of one store. @throws BackupError for what the target refuses. */
export interface BackupTarget {
  /** For people: without a password. */
  readonly name: string;
  /** How many contents are best read at the same time. */
  readonly readsAtOnce: number;
  /** Takes it for this process, and for this store for good. @returns what gives it free. @throws BackupError */
  hold(store: string): Promise<() => Promise<void>>;
  /** An empty folder of this machine, in which the files of a backup are made. Removed with `hold`'s end. */
  scratch(): Promise<string>;

  /** The contents that it has, ascending, in batches. */
  contents(): AsyncIterable<readonly HeldContent[]>;
  /** Copies or shares a content, once its bytes were compared with its digest. It is there for good after `settle`. */
  putContent(source: ContentSource): Promise<PutContent>;
  openContent(digest: Digest): Promise<TargetFile | null>;
  removeContents(digests: readonly Digest[]): Promise<void>;

  /** Ids of backups, whole or not. */
  backups(): Promise<readonly string[]>;
  /** Takes a file of the scratch folder as a file of a backup. */
  putFile(id: string, name: string, path: string): Promise<void>;
  openFile(id: string, name: string): Promise<TargetFile | null>;
  /** Everything that was put outlives a power loss. */
  settle(): Promise<void>;
  /** Writes a backup's manifest, durably: from now on it is one. */
  publish(id: string, manifest: string): Promise<void>;
  /** Removes backups: their manifests first, durably. */
  removeBackups(ids: readonly string[]): Promise<void>;
}

/** The manifest's name among a backup's files. */
export const manifestName = "backup.json";
