// Taking tags, manifests and blobs out of a repository (OCI distribution-spec, "Content Management"). Bytes stay until nothing
// keeps them; for clients the deletion is immediate.

import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { ExpectedNames } from "../metadata/removals.ts";
import type { Digest } from "../model/digest.ts";
import type { Reference, RepositoryName, Tag } from "../model/names.ts";
import { unknownBlob } from "./blobs.ts";
import { lockedTag } from "./immutableTags.ts";
import { type RegistryDeps, unknownManifest } from "./manifests.ts";

/** The deleted rows. */
export interface ManifestDeletion {
  /** Of the manifest: deleted as well when the request was by digest. */
  readonly digest: Digest;
  /** How many tags went. */
  readonly tags: number;
}

/**
 * By tag: removes that tag, and the manifest stays. By digest: removes the manifest with all its tags.
 * @param by is written down with it. @throws RegistryError MANIFEST_UNKNOWN; TAG_IMMUTABLE when a pattern locks one of the tags, and nothing is removed.
 */
export async function deleteManifest(
  { metadata, immutable, clock }: Pick<RegistryDeps, "metadata" | "immutable" | "clock">,
  repository: RepositoryName,
  reference: Reference,
  by?: Author,
): Promise<ManifestDeletion> {
  const removal = { repository, immutable, now: clock(), by };
  const outcome =
    "tag" in reference
      ? await metadata.removeTag({ ...removal, tag: reference.tag })
      : await metadata.removeManifest({ ...removal, digest: reference.digest });
  if (outcome.kind === "unknown") throw unknownManifest(repository, reference);
  if (outcome.kind === "locked") throw lockedTag(repository, outcome);
  // Without expectations nothing can be otherwise.
  if (outcome.kind === "changed") throw new RegistryError("PLAN_CHANGED");
  return outcome;
}

/** A deletion as somebody has seen it in a plan. */
export interface PlannedDeletion {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  /** The manifest that a tag has to name. */
  readonly digest: Digest;
  /** What may name the manifest, when it is deleted by its digest. */
  readonly expected: ExpectedNames;
  /** Written down with it. */
  readonly by?: Author | undefined;
}

/**
 * As `deleteManifest`, if nothing more is deleted than was seen. @returns null when it is gone already.
 * @throws RegistryError PLAN_CHANGED, TAG_IMMUTABLE; nothing is removed then.
 */
export async function deletePlanned(
  { metadata, immutable, clock }: Pick<RegistryDeps, "metadata" | "immutable" | "clock">,
  { repository, reference, digest, expected, by }: PlannedDeletion,
): Promise<ManifestDeletion | null> {
  const removal = { repository, immutable, now: clock(), by };
  const outcome =
    "tag" in reference
      ? await metadata.removeTag({ ...removal, tag: reference.tag, names: digest })
      : await metadata.removeManifest({ ...removal, digest, expected });
  if (outcome.kind === "unknown") return null;
  if (outcome.kind === "changed") throw new RegistryError("PLAN_CHANGED");
  if (outcome.kind === "locked") throw lockedTag(repository, outcome);
  return { digest: outcome.digest, tags: outcome.tags };
}

/**
 * Removes the repository's hold on a blob. Others keep theirs.
 * @param by is written down with it. @throws RegistryError BLOB_UNKNOWN; BLOB_IN_USE while a manifest of the repository refers to it.
 */
export async function deleteBlob(
  { metadata, clock }: Pick<RegistryDeps, "metadata" | "clock">,
  repository: RepositoryName,
  digest: Digest,
  by?: Author,
): Promise<void> {
  const outcome = await metadata.removeLink(repository, digest, by && { ...by, at: clock() });
  if (outcome.kind === "unknown") throw unknownBlob(repository, digest);
  if (outcome.kind === "referenced") throw usedBlob(digest, outcome);
}

function usedBlob(
  digest: Digest,
  { manifest, tag }: { readonly manifest: Digest; readonly tag: Tag | null },
): RegistryError {
  const called = tag === null ? manifest : `${manifest} (tag ${tag})`;
  return new RegistryError("BLOB_IN_USE", {
    message: `the manifest ${called} refers to this blob; delete the manifest first`,
    detail: { digest, manifest, ...(tag !== null && { tag }) },
  });
}
