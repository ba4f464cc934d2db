// What stands under uploads/: read without following a link, whatever somebody put there.
import { constants } from "node:fs";
import { open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { readUploadId } from "../uploads/session.ts";
import type { StagedEntry } from "./storage.ts";

/** An ISO time has 24 characters; more than this is no time. */
const longestTime = 64;

/** Lists entries that are named like a session. Anything with another name is not ours and is left alone. */
export async function* listStagedEntries(folder: string): AsyncGenerator<StagedEntry> {
  for await (const entry of await opendir(folder)) {
    const id = readUploadId(entry.name);
    if (id === null) continue;
    // A link or a file in the place of a folder has no start time: it is dropped, never looked into.
    yield { id, startedAt: entry.isDirectory() ? await readStart(join(folder, id)) : null };
  }
}

/** @returns Unix ms, or null for a start time that is absent, strange or unreadable. */
async function readStart(folder: string): Promise<number | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(folder, "startedat"), flags).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(longestTime), 0, longestTime, 0);
    const time = Date.parse(new TextDecoder().decode(buffer.subarray(0, bytesRead)).trim());
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
