// The entries under uploads/, read without following links.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { StagedEntry } from "../staging.ts";
import { folderEntries } from "./folderEntries.ts";
import { noState, readFolderName } from "./stagedPlaces.ts";

/** Longer than any ISO time: a file that fills this is none. */
const longestTime = 64;
/** RFC 3339; `Date.parse` alone would find a year in almost any text. */
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Lists entries that are named like a session. Anything with another name is not ours and is left alone. */
export async function* listStagedEntries(folder: string): AsyncGenerator<StagedEntry> {
  for await (const entry of folderEntries(folder)) {
    const id = readFolderName(entry.name);
    if (id === null) continue;
    // A link or a file in the place of a folder has no start time: it is dropped, never looked into.
    const startedAt = async () => ((await entry.isFolder()) ? readStart(join(folder, id)) : null);
    yield { id, startedAt, staging: noState };
  }
}

/** @returns Unix ms, or null for a start time that is absent, strange or unreadable. */
async function readStart(folder: string): Promise<number | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, "startedat"), flags).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(longestTime), 0, longestTime, 0);
    const text = new TextDecoder().decode(buffer.subarray(0, bytesRead)).trim();
    const time = bytesRead < longestTime && isoTime.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
