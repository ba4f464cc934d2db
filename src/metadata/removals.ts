// The registry's half of port 2, continued: what removes tags, manifests and links.
import type { Digest } from "../model/digest.ts";
import type { Immutability, RepositoryName, Tag } from "../model/names.ts";
import type { Author, Signed } from "./audit.ts";

/** A tag to be removed, without the manifest. */
export interface TagRemoval {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  /** Asked in the transaction: the manifest that the tag has to name. */
  readonly names?: Digest | undefined;
  /** Asked in the transaction. */
  readonly immutable: Immutability;
  /** Unix ms: when the manifest was released, if this was its last name. */
  readonly now: number;
  /** Written down with it, if given. */
  readonly by?: Author | undefined;
}

/** A manifest to be removed, with its tags, references and its entry among the referrers of its subject. */
export interface ManifestRemoval {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Asked in the transaction, for every tag of the manifest. */
  readonly immutable: Immutability;
  /** Unix ms: when the content that it named was released. */
  readonly now: number;
  /** Written down with it and with each of its tags, if given. */
  readonly by?: Author | undefined;
  /** Asked in the transaction: nothing but these may name the manifest. */
  readonly expected?: ExpectedNames | undefined;
}

/** The names of a manifest that somebody has seen: its tags, and the indexes that name it. */
export interface ExpectedNames {
  readonly tags: Pick<ReadonlySet<Tag>, "has">;
  readonly indexes: Pick<ReadonlySet<Digest>, "has">;
}

/** Nothing is removed: `pattern` locks `tag`. */
export interface LockedTag {
  readonly kind: "locked";
  readonly tag: Tag;
  readonly pattern: string;
}

export type RemovalOutcome =
  /** `digest` is the manifest's, `tags` how many of its tags went. */
  | { readonly kind: "removed"; readonly digest: Digest; readonly tags: number }
  | { readonly kind: "unknown" }
  /** Nothing is removed: it is not what was expected. */
  | { readonly kind: "changed" }
  | LockedTag;

export type LinkRemovalOutcome =
  | { readonly kind: "removed" }
  | { readonly kind: "unknown" }
  /** Nothing is removed: a manifest of the repository refers to it. `tag` is one of the manifest's, if it has any. */
  | { readonly kind: "referenced"; readonly manifest: Digest; readonly tag: Tag | null };

/** Deletes rows of a repository. Content stays until it is collected. */
export interface RemovalsMetadata {
  removeTag(removal: TagRemoval): Promise<RemovalOutcome>;
  removeManifest(removal: ManifestRemoval): Promise<RemovalOutcome>;
  /** Removes the repository's link to content, which other repositories may hold on to. */
  removeLink(
    repository: RepositoryName,
    digest: Digest,
    by?: Signed | undefined,
  ): Promise<LinkRemovalOutcome>;
}
