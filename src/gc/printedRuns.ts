// A run as the API and commands print it.
import { isoTime, timeOrNull } from "../amounts.ts";
import type { GcRun } from "../metadata/gcRuns.ts";

/** Times in ISO 8601, sizes in bytes. */
export function printRun({ id, trigger, dryRun, state, startedAt, ...run }: GcRun) {
  const { finishedAt, counts, reason } = run;
  return {
    id,
    state,
    trigger,
    dry_run: dryRun,
    started_at: isoTime(startedAt),
    finished_at: timeOrNull(finishedAt),
    total_blobs: counts.totalBlobs,
    referenced_blobs: counts.referencedBlobs,
    orphaned_blobs: counts.orphanedBlobs,
    orphaned_bytes: counts.orphanedBytes,
    deleted_blobs: counts.deletedBlobs,
    deleted_bytes: counts.deletedBytes,
    deleted_manifests: counts.deletedManifests,
    deleted_links: counts.deletedLinks,
    reason,
  };
}

export type PrintedRun = ReturnType<typeof printRun>;
