// Pushes of a tag or a manifest: from a digest to the commit that it was built from.
import type { HistoryMetadata, StoredPush } from "../metadata/history.ts";
import type { RegistryMetadata } from "../metadata/metadata.ts";
import type { UsageMetadata } from "../metadata/usage.ts";
import { readDigest } from "../model/digest.ts";
import type { Reference, RepositoryName } from "../model/names.ts";
import { mostPushes } from "../model/pushes.ts";
import { readImage } from "./imageNames.ts";
import { unknownManifest } from "./manifests.ts";

/** What history is read from. */
export interface HistoryDeps {
  readonly metadata: Pick<RegistryMetadata, "findManifestSummary">;
  readonly history: HistoryMetadata;
}

/** @returns the latest first; none for a manifest that was pushed before pushes were kept. @throws RegistryError MANIFEST_UNKNOWN */
export async function listPushes(
  { metadata, history }: HistoryDeps,
  repository: RepositoryName,
  reference: Reference,
): Promise<readonly StoredPush[]> {
  const pushes =
    "tag" in reference
      ? await history.listTagPushes(repository, reference.tag, mostPushes)
      : await history.listDigestPushes(repository, reference.digest, mostPushes);
  if (pushes.length > 0) return pushes;
  const stored = await metadata.findManifestSummary(repository, reference);
  if (stored === null) throw unknownManifest(repository, reference);
  return pushes;
}

/** As people ask. @param text `REPO:TAG`, `REPO@DIGEST`, or a digest in any repository. @returns null for another text. */
export async function findPushes(
  {
    history,
    usage,
  }: Pick<HistoryDeps, "history"> & { readonly usage: Pick<UsageMetadata, "listManifests"> },
  text: string,
): Promise<readonly StoredPush[] | null> {
  const digest = readDigest(text);
  const image = readImage(text);
  if (digest !== null) {
    const { some } = await usage.listManifests(digest, mostPushes);
    const found = await Promise.all(
      some.map(({ repository }) => history.listDigestPushes(repository, digest, mostPushes)),
    );
    return found.flat();
  }
  if (image === null) return null;
  const { repository, reference } = image;
  return "tag" in reference
    ? history.listTagPushes(repository, reference.tag, mostPushes)
    : history.listDigestPushes(repository, reference.digest, mostPushes);
}
