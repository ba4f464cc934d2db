// Images as the API prints them: names in snake_case, times in ISO 8601, sizes in bytes.
import type { Comparison } from "../../images/compare.ts";
import type { ImageDetail, LayerDetail } from "../../images/detail.ts";
import type { DeletionPlan } from "../../images/plan.ts";
import type { RepositoryRow } from "../../images/repositories.ts";
import type { ManifestEntry, TagEntry, UntaggedEntry } from "../../images/tags.ts";
import { printTarget } from "../../images/targets.ts";
import type { StoredPush } from "../../metadata/history.ts";
import { isoTime } from "./requests.ts";

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

export function printRepository(row: RepositoryRow) {
  return {
    name: row.name,
    tags: row.tags,
    untagged: row.untagged,
    blobs: row.blobs,
    size_bytes: row.bytes,
    unique_bytes: row.uniqueBytes,
    pushed_at: timeOrNull(row.lastPushAt),
  };
}

/** @param isStranger names of people are not for callers without a login. */
export function printManifest(entry: ManifestEntry, isStranger: boolean) {
  return {
    digest: entry.digest,
    kind: entry.kind,
    media_type: entry.mediaType,
    artifact_type: entry.artifactType,
    platforms: entry.platforms,
    size_bytes: entry.bytes,
    pushed_at: isoTime(entry.pushedAt),
    pushed_by: isStranger ? null : entry.pushedBy,
  };
}

function printOrigin(push: StoredPush | null, isStranger: boolean) {
  const origin = push?.origin ?? null;
  return origin === null ? null : { ...origin, actor: isStranger ? null : origin.actor };
}

export const printTag = (entry: TagEntry, isStranger: boolean) => ({
  name: entry.name,
  ...printManifest(entry, isStranger),
  origin: printOrigin(entry.push, isStranger),
});

export const printUntagged = (entry: UntaggedEntry, isStranger: boolean) => ({
  ...printManifest(entry, isStranger),
  subject: entry.subject,
});

function printLayer({ digest, mediaType, size, command, title, sharing }: LayerDetail) {
  return {
    ...{ digest, media_type: mediaType, size_bytes: size, command, title },
    repositories: sharing.repositories,
    other_repositories: sharing.others,
    buckets: sharing.buckets,
  };
}

export function printImage(image: ImageDetail, isStranger: boolean) {
  const { repository, tags, subject, annotations, configPart, config, chart } = image;
  return {
    name: repository,
    ...printManifest(image, isStranger),
    ...{ tags, subject, manifest_bytes: image.manifestBytes, annotations },
    origin: printOrigin(image.push, isStranger),
    entries: image.entries.map(({ digest, platform, kind, bytes }) => ({
      ...{ digest, platform, kind, size_bytes: bytes },
    })),
    layers: image.layers.map(printLayer),
    config: configPart && {
      digest: configPart.digest,
      media_type: configPart.mediaType,
      size_bytes: configPart.size,
    },
    image: config && {
      ...config,
      history: config.history.map(({ command, created, isEmpty }) => ({
        ...{ command, created, empty: isEmpty },
      })),
    },
    chart: chart && {
      name: chart.name,
      version: chart.version,
      app_version: chart.appVersion,
      description: chart.description,
      type: chart.type,
      home: chart.home,
      keywords: chart.keywords,
      sources: chart.sources,
      // Addresses of people are for those who may read the chart: it is theirs.
      maintainers: chart.maintainers,
      dependencies: chart.dependencies,
    },
    referrers: image.referrers.map((each) => ({
      ...printManifest(each, isStranger),
      tag: each.tag,
      annotations: each.annotations,
    })),
  };
}

export function printComparison(comparison: Comparison, isStranger: boolean) {
  const { from, to, layers, config, sharedBytes, removedBytes, addedBytes } = comparison;
  return {
    from: { name: from.repository, ...printManifest(from, isStranger) },
    to: { name: to.repository, ...printManifest(to, isStranger) },
    layers: layers.map((layer) => ({ ...printLayer(layer), in: layer.in })),
    config,
    shared_bytes: sharedBytes,
    removed_bytes: removedBytes,
    added_bytes: addedBytes,
  };
}

export function printPlan({ id, repositories, absent, released, keptByUntagged }: DeletionPlan) {
  return {
    id,
    repositories: repositories.map(({ name, isWhole, tags, manifests }) => ({
      name,
      whole: isWhole,
      tags: tags.map((tag) => ({
        name: tag.name,
        digest: tag.digest,
        locked_by: tag.lockedBy,
        other_tags: tag.otherTags,
        indexes: tag.indexes,
        leaves_untagged: tag.leavesUntagged,
      })),
      manifests: manifests.map(({ digest, kind, reason, tags, locked, brokenIndexes }) => ({
        ...{ digest, kind, reason, tags, locked, broken_indexes: brokenIndexes },
      })),
    })),
    absent: absent.map(printTarget),
    released: released && {
      now_bytes: released.nowBytes,
      later_bytes: released.laterBytes,
      later_at: timeOrNull(released.laterAt),
      shared_bytes: released.sharedBytes,
      object_bytes: released.objectBytes,
    },
    kept_by_untagged_bytes: keptByUntagged,
  };
}
