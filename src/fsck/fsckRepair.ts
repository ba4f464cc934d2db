// Repairs: each is safe to repeat, asks the row again in its transaction, and deletes nothing that may be the only copy.

import type { ContentKey } from "../metadata/inspection.ts";
import type { ManifestKey } from "../metadata/metadata.ts";
import { algorithmOf, digestOf } from "../model/digest.ts";
import type { Finding } from "./findings.ts";
import { repairOf } from "./findings.ts";
import { countAnew, nameStrays } from "./fsckLost.ts";
import type { Inspection, Repaired } from "./fsckRun.ts";
import { rehash } from "./rehash.ts";

const solved: Repaired = { kind: "solved" };
const waits: Repaired = { kind: "waits" };

/** Repairs what can be repaired, in turn. A repair that fails does not keep the others from being made. */
export async function repairFindings(
  inspection: Inspection,
  findings: readonly Finding[],
): Promise<ReadonlyMap<Finding, Repaired>> {
  const repairable = findings.filter((finding) => repairOf(finding) !== null);
  const isForgetting =
    inspection.forgetLost && repairable.some(({ kind }) => kind === "objectsLost");
  const repaired = new Map(isForgetting ? await nameStrays(inspection, findings) : []);
  const forgetLost = isForgetting && repaired.values().every(({ kind }) => kind === "solved");
  for (const [done, finding] of repairable.entries()) {
    inspection.progress({ phase: "repairs", done, total: repairable.length });
    repaired.set(finding, await repairOne({ ...inspection, forgetLost }, finding));
  }
  return repaired;
}

async function repairOne(inspection: Inspection, finding: Finding): Promise<Repaired> {
  try {
    return await repair(inspection, finding);
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function repair(inspection: Inspection, finding: Finding): Promise<Repaired> {
  const { metadata, storage, clock } = inspection;
  switch (finding.kind) {
    case "contentMissing":
      return (await metadata.inspection.markDamaged(finding.content, clock())) ? waits : solved;
    case "contentSizeDiffers":
    case "contentHashDiffers":
      return setAside(inspection, finding.content);
    case "contentInPlace":
      return decide(inspection, finding.content);
    case "derivedDiffers":
      return derive(inspection, finding.manifest);
    case "sessionShort": {
      const { id } = finding.session;
      const removed = await metadata.uploads.removeUpload(id, null);
      if (removed !== null) await storage.staging.discard(id, removed.staging);
      return solved;
    }
    case "trashInUse":
      await metadata.inspection.keepTrash(finding.content.locator);
      return solved;
    case "objectSizeDiffers":
      await metadata.objectInspection.refitObject(finding.object);
      return solved;
    case "bucketMiscounted":
    case "objectsLost":
      return countAnew(inspection, finding);
    case "partLost": {
      const isGone = await metadata.objectInspection.forgetPart(finding.part);
      return isGone ? solved : { kind: "failed", reason: "its upload is being completed" };
    }
    default:
      return { kind: "failed", reason: "there is no repair for it" };
  }
}

/** The row first: from then on it answers 404, and a push of it is stored under another name. */
export async function setAside(
  { metadata, storage, clock }: Pick<Inspection, "metadata" | "storage" | "clock">,
  content: ContentKey,
): Promise<Repaired> {
  // Otherwise it was pushed again, or collected, since it was found.
  if (!(await metadata.inspection.markDamaged(content, clock()))) return solved;
  await storage.repair.setAside(content.locator);
  return waits;
}

async function decide(inspection: Inspection, content: ContentKey & { readonly size: number }) {
  const { metadata, storage, clock } = inspection;
  const file = await storage.content.stat(content.locator);
  const isWhole =
    file?.size === content.size && (await rehash(storage.repair, content)) === content.digest;
  if (isWhole) {
    await metadata.inspection.markSound(content, clock());
    return solved;
  }
  const now = await metadata.inspection.findContentRow(content.digest);
  // Pushed again meanwhile: the file under the earlier name is not this row's any more.
  if (now?.locator !== content.locator) return solved;
  await storage.repair.setAside(content.locator);
  return waits;
}

async function derive({ metadata, derive: read }: Inspection, key: ManifestKey): Promise<Repaired> {
  const row = await metadata.manifestInspection.findManifestRow(key);
  if (row === null) return solved;
  if (digestOf(row.body, algorithmOf(key.digest)) !== key.digest) {
    return { kind: "failed", reason: "the manifest itself is damaged" };
  }
  await metadata.manifestInspection.deriveAgain(key, read(row.body, row.mediaType));
  return solved;
}
