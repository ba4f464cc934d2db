// Files against rows: stored names that no row knows, what was set aside, and what is none of ours.
import type { StrayName } from "../metadata/collection.ts";
import type { Inspection } from "./fsckRun.ts";

/** A file without a row this old was passed over by the garbage collection; ms. */
const strayAgeMs = 24 * 60 * 60_000;

/** Every name in the data directory. @returns how many stored names there are. */
export async function inspectNames(inspection: Inspection): Promise<number> {
  const { metadata, storage, found, progress, attempt } = inspection;
  let done = 0;
  for await (const names of storage.content.list()) {
    progress({ phase: "names", done, total: 0 });
    for (const stray of await metadata.collection.findStrays(names)) {
      await inspectStray(inspection, stray);
    }
    done += names.length;
  }
  await attempt("content that was set aside", async () => {
    for await (const names of storage.repair.listSetAside()) {
      for (const { locator, digest } of names) found({ kind: "setAside", locator, digest });
    }
  });
  await attempt("other names in the data directory", async () => {
    for await (const name of storage.repair.listUnknown()) found({ kind: "unknownName", name });
  });
  for (const sentence of await storage.repair.warnings()) found({ kind: "placeWarning", sentence });
  return done;
}

async function inspectStray(inspection: Inspection, stray: StrayName): Promise<void> {
  const { storage, metadata, clock, found, attempt } = inspection;
  // A request is about to name it.
  if (stray.awaited) return;
  const { locator, digest, publishedAt } = stray;
  const file = await attempt(`the file ${locator}`, () => storage.content.stat(locator));
  // Deleted, or named by a row, between the two looks.
  if (file === null || (await metadata.collection.findStrays([stray])).length === 0) return;
  const kind = clock() - publishedAt > strayAgeMs ? "strayOld" : "strayYoung";
  found({ kind, stray: { locator, digest, publishedAt, size: file.size } });
}
