// What this store holds already: an import that was cut short continues, and a dry run counts.
import type { Metadata } from "../metadata/metadata.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName, Tag } from "../model/names.ts";

/** Looks into the store that is imported into. */
export interface Target {
  hasManifest(repository: RepositoryName, digest: Digest): Promise<boolean>;
  /** @returns null when there is no such tag. */
  digestOfTag(repository: RepositoryName, tag: Tag): Promise<Digest | null>;
  /** True when any repository or bucket has the content, intact as far as is known. */
  hasContent(digest: Digest): Promise<boolean>;
}

/** A store that is open. */
export const storeTarget = ({
  registry,
  contents,
}: Pick<Metadata, "registry" | "contents">): Target => ({
  hasManifest: async (repository, digest) =>
    (await registry.findManifestSummary(repository, { digest })) !== null,
  digestOfTag: async (repository, tag) =>
    (await registry.findManifestSummary(repository, { tag }))?.digest ?? null,
  hasContent: async (digest) => (await contents.findContent(digest)) !== null,
});

/** A store that a dry run must not create. */
export const emptyTarget: Target = {
  hasManifest: async () => false,
  digestOfTag: async () => null,
  hasContent: async () => false,
};
