// What a backup, its check and a restore say about themselves.
import type { Digest } from "../model/digest.ts";
import type { LostBackupContent } from "./manifest.ts";

/** How far it is. */
export interface BackupProgress {
  /** What is done, a word or two. */
  readonly label: string;
  readonly unit: "bytes" | "things";
  readonly done: number;
  /** 0 while it is not known. */
  readonly total: number;
}

/** Contents and their bytes. */
export interface ContentSum {
  readonly contents: number;
  readonly bytes: number;
}

/** What was removed from a target. */
export interface Pruned extends ContentSum {
  /** Ids of backups. */
  readonly backups: readonly string[];
  /** Why nothing was removed although the rule says so; null: nothing kept it from being removed. */
  readonly refused: string | null;
}

/** A backup that was made. */
export interface BackupReport extends ContentSum {
  readonly id: string;
  /** The moment that it holds, Unix ms. */
  readonly takenAt: number;
  /** What this run brought. */
  readonly added: ContentSum;
  /** How it came: by link, by clone, or as a copy. */
  readonly ways: { readonly link: number; readonly clone: number; readonly copy: number };
  readonly lost: readonly LostBackupContent[];
  /** null: no rule was given. */
  readonly pruned: Pruned | null;
  readonly durationMs: number;
}

/** What a check of a target found. */
export interface VerifyReport extends ContentSum {
  readonly backups: readonly { readonly id: string; readonly problems: readonly string[] }[];
  /** Contents that are missing or wrong, and the backups that name them. */
  readonly damaged: readonly {
    readonly digest: Digest;
    readonly reason: string;
    readonly backups: readonly string[];
  }[];
}
