// Rows of content against their files: are they there, are they whole, and, in a full inspection, are they what their digest says.
import type { InspectedContent, InspectionTotals } from "../metadata/inspection.ts";
import { type ContentFault, faultOfFile } from "./findings.ts";
import type { Inspection } from "./fsckRun.ts";
import { rehash } from "./rehash.ts";

/** Rows read at a time. */
const page = 500;
/** Files that are looked at together: most of a look is waiting. */
const together = 32;
/** Looks at content that changes under them; a push would have to be as fast as each of them. */
const looks = 8;
/** Most repositories and tags listed for each damaged content. */
export const mostHolders = 10;

/** Every row of content. */
export async function inspectContents(
  inspection: Inspection,
  totals: InspectionTotals,
): Promise<void> {
  const { metadata, progress, full } = inspection;
  const total = full ? totals.bytes : totals.contents;
  let done = 0;
  const advance = (count: number): void => {
    done += count;
    progress({ phase: "contents", done, total });
  };
  advance(0);
  for (let after: InspectedContent["digest"] | null = null; ; ) {
    const rows = await metadata.inspection.listContents({ after, limit: page });
    for (let start = 0; start < rows.length; start += together) {
      const batch = rows.slice(start, start + together);
      if (full) {
        // One at a time: they share one disk, and memory stays what it is.
        for (const row of batch) await inspectOne(inspection, row, advance);
      } else {
        await Promise.all(batch.map((row) => inspectOne(inspection, row, () => {})));
        advance(batch.length);
      }
    }
    after = rows.at(-1)?.digest ?? null;
    if (rows.length < page) return;
  }
}

async function inspectOne(
  inspection: Inspection,
  first: InspectedContent,
  onBytes: (count: number) => void,
): Promise<void> {
  const { metadata, attempt, found } = inspection;
  await attempt(`stored content ${first.digest}`, async () => {
    const confirmed = await lookUntilSure(inspection, first, onBytes);
    if (confirmed === null) return;
    const holders = await metadata.manifestInspection.holdersOf(first.digest, mostHolders);
    found({ ...confirmed.fault, content: confirmed.content, holders });
  });
}

/** A fault counts when the row is still the one it was found with: rows change before their files do. */
async function lookUntilSure(
  inspection: Inspection,
  first: InspectedContent,
  onBytes: (count: number) => void,
): Promise<{ readonly content: InspectedContent; readonly fault: ContentFault } | null> {
  let content = first;
  for (let look = 0; look < looks; look += 1) {
    const fault = await findFault(inspection, content, onBytes);
    if (fault === null) return null;
    const now = await inspection.metadata.inspection.findContentRow(content.digest);
    if (now === null) return null;
    if (now.locator === content.locator && now.damagedAt === content.damagedAt) {
      return { content, fault };
    }
    content = now;
  }
  throw new Error("it changes faster than it can be checked");
}

async function findFault(
  inspection: Inspection,
  content: InspectedContent,
  onBytes: (count: number) => void,
): Promise<ContentFault | null> {
  const found = await inspection.storage.content.stat(content.locator);
  if (content.damagedAt !== null) {
    return { kind: found === null ? "contentWaits" : "contentInPlace" };
  }
  const fault = faultOfFile(found, content);
  if (fault !== null || !inspection.full) return fault;
  return findWrongBytes(inspection, content, onBytes);
}

async function findWrongBytes(
  { storage, hashed }: Inspection,
  content: InspectedContent,
  onBytes: (count: number) => void,
): Promise<ContentFault | null> {
  const count = (bytes: number): void => {
    hashed(bytes);
    onBytes(bytes);
  };
  const actual = await rehash(storage.repair, content, count);
  if (actual === content.digest) return null;
  // Once more: memory and cables fail as well, and content is not set aside for that.
  const again = await rehash(storage.repair, content, hashed);
  if (again === content.digest) return null;
  if (again === null) return { kind: "contentMissing" };
  return { kind: "contentHashDiffers", found: again };
}
