// PORT 2, the group of what was done with manifests: who set a tag to which manifest, and from which commit; when it was pulled.
import type { Digest } from "../model/digest.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { RepositoryName, Tag } from "../model/names.ts";

/** A push of a manifest, with the one tag that it set. */
export interface StoredPush {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** null for a push by digest alone. */
  readonly tag: Tag | null;
  /** Unix ms. */
  readonly pushedAt: number;
  /** As `user:ann`; null when nobody had to log in. */
  readonly pushedBy: string | null;
  /** Of the job that pushed it; null for everybody else. */
  readonly origin: JobOrigin | null;
}

/** A pull of a manifest. */
export interface NotedPull {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Unix ms. */
  readonly pulledAt: number;
}

/** Pushes of manifests that are stored, the latest first. Of one tag, and of one digest without a tag, the latest hundred are kept. */
export interface HistoryMetadata {
  listTagPushes(
    repository: RepositoryName,
    tag: Tag,
    limit: number,
  ): Promise<readonly StoredPush[]>;
  listDigestPushes(
    repository: RepositoryName,
    digest: Digest,
    limit: number,
  ): Promise<readonly StoredPush[]>;
  /**
   * Keeps the latest pull of each manifest, and of its repository: the later time wins. What is gone is left out. Not durable on purpose.
   */
  notePulls(pulls: readonly NotedPull[]): Promise<void>;
}
