// The brake limits how much content a run deletes that no request gave up. Pure.
import type { GcPlan, GcSettings } from "./gcRun.ts";

/**
 * Up to both of these nothing is refused: a crash leaves that much, and in a small store it is a large share. Blobs, and bytes.
 */
export const brakeFloor = { blobs: 5, bytes: 1_048_576 } as const;

/**
 * Content that answered requests gave up (deletions, replacements, uploads that no manifest ever named) is deleted without a limit.
 * Only lost rows can explain the rest: a run deletes no more of it than the share of `gc.brake`, unless a user confirms.
 * @returns the reason for a refusal and what to do; null when the run may delete.
 */
export function brakeReason(
  { brakeShare }: Pick<GcSettings, "brakeShare">,
  { unexplained, total, totalBytes }: Pick<GcPlan, "unexplained" | "total" | "totalBytes">,
): string | null {
  const { blobs, bytes } = unexplained;
  const share = Math.max(blobs / (total || 1), bytes / (totalBytes || 1));
  const isSmall = blobs <= brakeFloor.blobs && bytes <= brakeFloor.bytes;
  if (brakeShare === 0 || isSmall || share <= brakeShare) return null;
  const what = blobs === 1 ? "1 blob" : `${blobs} blobs`;
  return `${what} (${percent(share)} of the stored content) would be deleted that no client deleted, replaced or left unused: rows of the database may be lost, and gc.brake allows ${percent(brakeShare)}. Run breadbox fsck, look at breadbox gc --dry-run, and run breadbox gc --yes if it is right`;
}

const percent = (part: number): string => `${Math.round(part * 100)} %`;
