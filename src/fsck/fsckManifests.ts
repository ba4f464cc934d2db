// Manifests: their bytes against their digest, and the rows that were derived from them against their bytes.

import type { Derived, InspectedManifest, InspectionTotals } from "../metadata/inspection.ts";
import type { ManifestKey } from "../metadata/metadata.ts";
import { algorithmOf, digestOf } from "../model/digest.ts";
import type { Inspection } from "./fsckRun.ts";

/** Bodies held at a time; each may have some MiB. */
const page = 8;
/** Most manifests listed with missing references. */
const mostIncomplete = 1_000;
/** Most tags listed for each manifest. */
const mostTags = 10;

/** Missing references of manifests, and, in a full inspection, every manifest. */
export async function inspectManifests(
  inspection: Inspection,
  totals: InspectionTotals,
): Promise<void> {
  await inspectReferences(inspection);
  if (inspection.full) await inspectBodies(inspection, totals.manifests);
}

async function inspectReferences({ metadata, found }: Inspection): Promise<void> {
  const { inspection, manifestInspection } = metadata;
  for (const { manifest, kind, missing } of await manifestInspection.listIncomplete(
    mostIncomplete,
  )) {
    const tags = await manifestInspection.tagsOf(manifest, mostTags);
    found({ kind: kind === "child" ? "entryMissing" : "incomplete", manifest, missing, tags });
  }
  for (const manifest of await manifestInspection.listWrongReferrers(mostIncomplete)) {
    const tags = await manifestInspection.tagsOf(manifest, mostTags);
    found({ kind: "derivedDiffers", manifest, what: ["referrers"], tags });
  }
  for (const content of await inspection.listTrashInUse(mostIncomplete)) {
    found({ kind: "trashInUse", content });
  }
}

async function inspectBodies(inspection: Inspection, total: number): Promise<void> {
  const { metadata, progress, attempt } = inspection;
  for (let [after, done]: [ManifestKey | null, number] = [null, 0]; ; ) {
    progress({ phase: "manifests", done, total });
    const rows: readonly InspectedManifest[] = await metadata.manifestInspection.listManifests({
      after,
      limit: page,
    });
    for (const row of rows) {
      await attempt(`manifest ${row.repository}@${row.digest}`, () => inspectBody(inspection, row));
    }
    done += rows.length;
    after = rows.at(-1) ?? null;
    if (rows.length < page) return;
  }
}

async function inspectBody(inspection: Inspection, row: InspectedManifest): Promise<void> {
  const { metadata, found, derive } = inspection;
  const manifest = { repository: row.repository, digest: row.digest };
  const tags = () => metadata.manifestInspection.tagsOf(manifest, mostTags);
  const actual = digestOf(row.body, algorithmOf(row.digest));
  if (actual !== row.digest || row.size !== row.body.byteLength) {
    found({ kind: "manifestDamaged", manifest, found: actual, tags: await tags() });
    return;
  }
  let derived: Derived;
  try {
    derived = derive(row.body, row.mediaType);
  } catch (error) {
    found({ kind: "manifestUnread", manifest, reason: String(error) });
    return;
  }
  const what = differences(row, derived);
  // The lists of referrers were looked at before, for all manifests.
  if (what.length > 0) found({ kind: "derivedDiffers", manifest, what, tags: await tags() });
}

/** References may be more than the bytes say: what an earlier reading found stays kept. */
function differences(row: InspectedManifest, derived: Derived): ("references" | "subject")[] {
  const known = new Set(row.references.map(({ digest, kind }) => `${kind} ${digest}`));
  const lacks = derived.references.some(({ digest, kind }) => !known.has(`${kind} ${digest}`));
  const differs = row.subject !== derived.subject || row.artifactType !== derived.artifactType;
  return [...(lacks ? (["references"] as const) : []), ...(differs ? (["subject"] as const) : [])];
}
