// Images as the API and `--json` print them: names in snake_case, times in ISO 8601, sizes in bytes.

import { isoTime, timeOrNull } from "../amounts.ts";
import type { BackupRun } from "../metadata/backups.ts";
import type { GcRun } from "../metadata/gcRuns.ts";
import type { StoredPush } from "../metadata/history.ts";
import { version } from "../version.ts";
import type { Comparison } from "./compare.ts";
import type { ImageDetail, LayerDetail } from "./detail.ts";
import type { Listed } from "./pages.ts";
import type { DeletionPlan } from "./plan.ts";
import type { RepositoryPage, RepositoryRow } from "./repositories.ts";
import type { Status } from "./status.ts";
import type { ManifestEntry, TagEntry, UntaggedEntry } from "./tags.ts";
import { printTarget } from "./targets.ts";
import type { Usage } from "./usage.ts";

export function printRepository(row: RepositoryRow) {
  return {
    name: row.name,
    tags: row.tags,
    untagged: row.untagged,
    blobs: row.blobs,
    size_bytes: row.bytes,
    unique_bytes: row.uniqueBytes,
    pushed_at: timeOrNull(row.lastPushAt),
    pulled_at: timeOrNull(row.lastPullAt),
  };
}

export const printRepositories = ({ rows, total, countedAt, next }: RepositoryPage) => ({
  repositories: rows.map(printRepository),
  ...{ total, counted_at: isoTime(countedAt), next },
});

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
    pulled_at: timeOrNull(entry.pulledAt),
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

export const printTags = (name: string, page: Listed<TagEntry>, isStranger: boolean) => ({
  ...{ name, tags: page.rows.map((row) => printTag(row, isStranger)), next: page.next },
});

export const printUntagged = (entry: UntaggedEntry, isStranger: boolean) => ({
  ...printManifest(entry, isStranger),
  subject: entry.subject,
});

export const printUntaggedPage = (
  name: string,
  page: Listed<UntaggedEntry>,
  isStranger: boolean,
) => ({
  ...{ name, manifests: page.rows.map((row) => printUntagged(row, isStranger)), next: page.next },
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

/** A plan, or what was deleted. */
export const printDeletion = (
  plan: DeletionPlan | null,
  deleted: { readonly tags: number; readonly manifests: number } | null,
) => ({ plan: plan && printPlan(plan), deleted });

export function printUsage(usage: Usage) {
  return {
    blobs: usage.blobs,
    size_bytes: usage.bytes,
    saved_bytes: usage.savedBytes,
    held_by: usage.heldBy,
    uploads: usage.uploads,
    upload_bytes: usage.uploadBytes,
    untagged_manifests: usage.untaggedManifests,
    repositories: usage.repositories.map((row) => ({
      ...printRepository(row),
      untagged_bytes: row.untaggedBytes,
    })),
    counted_at: isoTime(usage.countedAt),
  };
}

const printCollection = ({ id, state, trigger, startedAt, finishedAt, counts, reason }: GcRun) => ({
  ...{ id, state, trigger, started_at: isoTime(startedAt), finished_at: timeOrNull(finishedAt) },
  ...{ deleted_blobs: counts.deletedBlobs, deleted_bytes: counts.deletedBytes, reason },
});

const printBackup = ({ id, state, trigger, target, startedAt, finishedAt, ...run }: BackupRun) => ({
  ...{ id, state, trigger, target },
  ...{ started_at: isoTime(startedAt), finished_at: isoTime(finishedAt) },
  ...{ contents: run.contents, size_bytes: run.bytes, added_bytes: run.addedBytes },
  reason: run.reason,
});

export function printStatus({ server, space, lastCollection, lastSuccessAt, ...found }: Status) {
  return {
    version,
    server: {
      ...{ door: server.door, listen: server.listen, scheme: server.scheme },
      ...{ loopback: server.isLoopback, read_only: server.readOnlySince },
      running: server.isRunning,
    },
    ...{ users: found.users, repositories: found.repositories, tags: found.tags },
    ...{ blobs: found.blobs, size_bytes: found.bytes },
    space: space && { free_bytes: space.free, total_bytes: space.total },
    ...{ uploads: found.uploads, upload_bytes: found.uploadBytes },
    last_collection: lastCollection && printCollection(lastCollection),
    last_success_at: timeOrNull(lastSuccessAt),
    last_backup: found.backups.last && printBackup(found.backups.last),
    last_backup_at: timeOrNull(found.backups.lastCompleteAt),
    warnings: found.warnings,
  };
}

/** The answers, as both sides know them. */
export type PrintedRepositories = ReturnType<typeof printRepositories>;
export type PrintedTags = ReturnType<typeof printTags>;
export type PrintedUntagged = ReturnType<typeof printUntaggedPage>;
export type PrintedImage = ReturnType<typeof printImage>;
export type PrintedComparison = ReturnType<typeof printComparison>;
export type PrintedDeletion = ReturnType<typeof printDeletion>;
export type PrintedUsage = ReturnType<typeof printUsage>;
export type PrintedStatus = ReturnType<typeof printStatus>;
