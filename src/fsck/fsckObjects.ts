// Objects: their rows against those of their content, what buckets counted against what they hold, and parts that were acknowledged
// against what is staged.
import type { OpenMultipart } from "../metadata/inspectionObjects.ts";
import type { StagedPart } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Inspection } from "./fsckRun.ts";

/** Most objects and buckets that are listed. */
const mostRows = 1_000;
/** Rows read at a time. */
const page = 200;
/** Looks at a part that changes under them; its client would have to be as fast as each of them. */
const looks = 8;

/** Rows that contradict each other. Each query reads one snapshot: concurrent requests never look like a fault. */
export async function inspectObjects({ metadata, found }: Inspection): Promise<void> {
  const { objectInspection } = metadata;
  for (const misfit of await objectInspection.listMisfits(mostRows)) {
    found({ kind: "objectSizeDiffers", ...misfit });
  }
  for (const miscounted of await objectInspection.listMiscounted(mostRows)) {
    const { noted, counted } = miscounted;
    const hasLost = counted.objects < noted.objects || counted.bytes < noted.bytes;
    found({ kind: hasLost ? "objectsLost" : "bucketMiscounted", ...miscounted });
  }
}

/** Every open upload into a bucket, and everything that is staged for one. @returns how many uploads there are. */
export async function inspectMultipart(inspection: Inspection): Promise<number> {
  const { metadata, storage, attempt, found } = inspection;
  const listStaged = () => Array.fromAsync(storage.parts.list());
  // Listed on both sides of the rows: an upload has its row before its first byte, and loses it before its last.
  const strays = new Set(await listStaged());
  let done = 0;
  for (let after: UploadId | null = null; ; ) {
    const rows: readonly OpenMultipart[] = await metadata.objectInspection.listOpenMultipart({
      after,
      limit: page,
    });
    for (const row of rows) {
      strays.delete(row.id);
      await attempt(`upload ${row.id}`, () => inspectParts(inspection, row));
    }
    done += rows.length;
    after = rows.at(-1)?.id ?? null;
    if (rows.length < page) break;
  }
  if (strays.size === 0) return done;
  for (const id of await listStaged())
    if (strays.has(id)) found({ kind: "stagedWithoutSession", id });
  return done;
}

async function inspectParts(inspection: Inspection, upload: OpenMultipart): Promise<void> {
  const { metadata } = inspection;
  for (let after = 0; ; ) {
    const parts = await metadata.multipart.listParts(upload, { after, limit: page });
    for (const part of parts ?? []) await inspectPart(inspection, upload, part);
    const last = parts?.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}

/** A fault counts when the row is still the one it was found with: a replaced part has another version, an ended upload no row. */
async function inspectPart(
  { metadata, storage, found }: Inspection,
  upload: OpenMultipart,
  first: StagedPart,
): Promise<void> {
  const { bucket, id, object } = upload;
  let part = first;
  for (let look = 0; look < looks; look += 1) {
    const fault = await storage.repair.partFault(part);
    if (fault === null) return;
    const { number } = part;
    const [now] =
      (await metadata.multipart.listParts(upload, { after: number - 1, limit: 1 })) ?? [];
    if (now?.number !== number) return;
    const { version } = now.place;
    if (version === part.place.version) {
      const key = { upload: id, number, version, object: { bucket, object }, size: part.size };
      found({ kind: "partLost", part: key, fault });
      return;
    }
    part = now;
  }
  throw new Error("a part changes faster than it can be checked");
}
