// Repair on a local file system. What is set aside stands under damaged/ by the name it had under blobs/.
import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, readFailure } from "../../durability/errno.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { Locator } from "../../model/locator.ts";
import type { Repair } from "../repair.ts";
import type { StagedReader } from "../staging.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { type FolderSyncs, syncFolder } from "./folderSyncs.ts";
import { giveName } from "./links.ts";
import { listStoredNames, readStoredName } from "./storedNames.ts";
import { listStrangers } from "./strangers.ts";

/** What it works with. */
export interface RepairOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  readonly syncs: FolderSyncs;
}

/** Builds this group of the port. */
export function filesystemRepair(options: RepairOptions): Repair {
  const { directory } = options;
  return {
    read: (locator) => openContent(join(directory, "blobs", nameOf(locator))),
    setAside: (locator) => setAside(options, nameOf(locator)),
    listSetAside: () => listStoredNames(join(directory, "damaged")),
    listStrangers: () => listStrangers(directory),
  };
}

function nameOf(locator: Locator): string {
  if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
  return locator;
}

async function openContent(path: string): Promise<StagedReader | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    // A link is refused with ELOOP: whatever it leads to is not ours.
    if (isAbsent(error) || errnoOf(error) === "ELOOP") return null;
    throw readFailure(error);
  });
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) {
      await file.close();
      return null;
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  return {
    read: async (offset, into) => (await file.read(into, 0, into.byteLength, offset)).bytesRead,
    close: () => file.close(),
  };
}

/** The new name is durable before the old one goes: a power loss leaves one of them, or both. */
async function setAside(
  { directory, latch, syncs }: RepairOptions,
  name: string,
): Promise<boolean> {
  latch.assertWritable();
  const from = join(directory, "blobs", name);
  const to = join(directory, "damaged", name);
  const [algorithm = "", prefix = ""] = name.split("/");
  try {
    if ((await inodeOf(from)) === null) return false;
    await syncs.make(join(directory, "damaged"), algorithm, prefix);
    await syncFolder(directory);
    await nameOnce(from, to);
    await syncs.sync(dirname(to));
    // Gone already where it had to be renamed, for want of links.
    await unlink(from).catch(ignoreAbsent);
  } catch (error) {
    throw writeFailure(error, latch);
  }
  await syncs.sync(dirname(from));
  return true;
}

/** A run that was cut short may have given the name already. */
async function nameOnce(from: string, to: string): Promise<void> {
  const [before, after] = [await inodeOf(from), await inodeOf(to)];
  if (after !== null && before === after) return;
  await giveName(from, to);
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).ino;
  } catch (error) {
    return ignoreAbsent(error);
  }
}

function ignoreAbsent(error: unknown): null {
  if (isAbsent(error)) return null;
  throw error;
}
