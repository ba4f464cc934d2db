// The rule for untagged manifests: a part of port 2. The registry's group deletes a manifest at a client's request.

import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { AgeLimits, Swept } from "./collection.ts";
import type { Hold } from "./locks.ts";
import type { ManifestKey } from "./metadata.ts";

/** When the rule is applied, and to what. */
export interface UntaggedRule {
  /** Unix ms; what was pushed later stays. */
  readonly pushedBefore: number;
}

/** Content as it would be collected. */
export interface ReleasedContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** True when answered requests took the names of all manifests that name it; false when any of them lost its names otherwise. */
  readonly isExplained: boolean;
}

/** The rule at one moment. */
export interface UntaggedPlan {
  /** Those that may go, indexes before what they name, subjects before their referrers. */
  readonly manifests: readonly ManifestKey[];
  /** Content that only they name, and that could be collected without them. */
  readonly released: readonly ReleasedContent[];
}

/** The content kept by manifests that the rule would delete once they are old enough. */
export interface UntaggedSpace {
  readonly manifests: number;
  /** Content that they alone name, each counted once; bytes. */
  readonly blobs: number;
  readonly bytes: number;
  /** Content kept by several repositories counts for the first of them by name. The most bytes first. */
  readonly repositories: readonly UntaggedRepository[];
  /** The number of further repositories. */
  readonly otherRepositories: number;
}

/** One repository's part of it. */
export interface UntaggedRepository {
  readonly repository: RepositoryName;
  readonly manifests: number;
  readonly bytes: number;
}

/**
 * A manifest may go when it has no tag, no index of its repository names it, its subject (if it has one) is not in its repository,
 * and it was pushed long enough ago. Deleting an index releases the manifests it names, a subject its referrers; each of them is then judged
 * by its own age.
 */
export interface UntaggedMetadata {
  /** Changes nothing. What `limits` keeps is not released. */
  planUntagged(rule: UntaggedRule, limits: AgeLimits): Promise<UntaggedPlan>;
  /** Changes nothing, and looks at no age. @param limit repositories that are named. */
  sumUntagged(limit: number): Promise<UntaggedSpace>;
  /** Removes those that may still go, in this order, as a deletion at `now` (Unix ms) would. @returns how many. */
  removeUntagged(
    hold: Hold,
    manifests: readonly ManifestKey[],
    rule: UntaggedRule & { readonly now: number },
  ): Swept<number>;
}
