// Giving up objects whose rows are lost: possible content of theirs is kept for a while, before the count goes
// that kept the collection away from it.
import type { Finding } from "./findings.ts";
import type { Inspection, Repaired } from "./fsckRun.ts";
import { rehash } from "./rehash.ts";

/** How long possible content of given-up objects is kept; ms. The command's texts give it in days. */
const lostKeptMs = 30 * 24 * 3_600_000;
/** Younger files without a row may be those of requests that are about to name them; ms. */
const strayAgeMs = 3_600_000;

type Miscount = Extract<Finding, { readonly kind: "bucketMiscounted" | "objectsLost" }>;

/** @returns `failed` when the bucket counts more than it holds and the objects were not given up. */
export async function countAnew(
  { metadata, clock, forgetLost }: Inspection,
  { bucket }: Miscount,
): Promise<Repaired> {
  const until = forgetLost ? clock() + lostKeptMs : null;
  if (await metadata.objectInspection.recountBucket(bucket, until)) return { kind: "solved" };
  const reason =
    "restore a backup of the data directory, or put the objects again; --repair --forget-lost-objects gives up the objects that are still missing";
  return { kind: "failed", reason };
}

/**
 * The rows of their content may be lost as well: files that no row names get one, with the same lease. @returns the outcome;
 * while there is a failed one, nothing may be given up.
 */
export async function nameStrays(
  inspection: Inspection,
  findings: readonly Finding[],
): Promise<ReadonlyMap<Finding, Repaired>> {
  const named = new Map<Finding, Repaired>();
  for (const finding of findings) {
    if (finding.kind !== "strayOld" && finding.kind !== "strayYoung") continue;
    try {
      if (await nameStray(inspection, finding)) named.set(finding, { kind: "solved" });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      named.set(finding, { kind: "failed", reason });
    }
  }
  return named;
}

/** Only right bytes: a push of this content would find them, and store its own no more. */
async function nameStray(
  { metadata, storage, clock }: Inspection,
  { stray }: Extract<Finding, { readonly kind: "strayOld" | "strayYoung" }>,
): Promise<boolean> {
  const now = clock();
  if (now - stray.publishedAt < strayAgeMs) return false;
  const digest = await rehash(storage.repair, stray);
  if (digest === null || digest !== (stray.digest ?? digest)) return false;
  return metadata.objectInspection.nameContent({ ...stray, digest }, now, now + lostKeptMs);
}
