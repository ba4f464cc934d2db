// Who else holds content.
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import type { BucketName } from "../model/objectNames.ts";
import type { ImagesDeps, Viewer } from "./deps.ts";

/** Who holds content. */
export interface Sharing {
  /** Repositories that the viewer may see, the asking one among them, by name. */
  readonly repositories: readonly RepositoryName[];
  /** Further repositories; null for who may not know it. */
  readonly others: number | null;
  /** Buckets with an object of it, for operators. */
  readonly buckets: readonly BucketName[];
}

/** Repositories that are named, and that are looked at for a viewer who sees some only. */
const [mostNamed, mostLooked] = [5, 200];

/** Of each digest that is stored. */
export async function findSharing(
  { rows, registry }: ImagesDeps,
  viewer: Viewer,
  digests: readonly Digest[],
): Promise<ReadonlyMap<Digest, Sharing>> {
  const unique = [...new Set(digests)];
  const links = await rows.imageSums.countLinks(unique);
  const objects = new Map(
    (await rows.images.findUses(unique)).map((use) => [use.digest, use.objects]),
  );
  const { contents } = registry;
  const limit = viewer.maySee === null ? mostNamed : mostLooked;
  const found = await Promise.all(
    links.map(async ({ digest, links }): Promise<readonly [Digest, Sharing]> => {
      const holders = await contents.listHolders(digest, { after: null, limit });
      const seen = holders.filter((name) => viewer.maySee?.(name) ?? true).slice(0, mostNamed);
      const areBucketsSeen = viewer.seesSharing && (objects.get(digest) ?? 0) > 0;
      const page = { after: null, limit: mostNamed };
      const buckets = areBucketsSeen ? await contents.listObjectHolders(digest, page) : [];
      const others = viewer.seesSharing ? links - seen.length : null;
      return [digest, { repositories: seen, others, buckets }];
    }),
  );
  return new Map(found);
}
