// Repair on a local file system. Damaged files are moved to damaged/ by the name they had under blobs/.
import { lstat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import type { Locator } from "../../model/locator.ts";
import type { StagedPart } from "../../model/staged.ts";
import type { PartFault, Repair, StoredReader } from "../repair.ts";
import type { Staged } from "../staging.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { type FolderSyncs, syncFolder } from "./folderSyncs.ts";
import { giveName } from "./links.ts";
import { partPaths } from "./partNames.ts";
import { openRegular, openStagedFiles } from "./stagedFiles.ts";
import { placeOf } from "./stagedPlaces.ts";
import { listStoredNames, readStoredName } from "./storedNames.ts";
import { listUnknown } from "./unknownNames.ts";

/** Its dependencies. */
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
    read: (locator) => openRegular(join(directory, "blobs", nameOf(locator))),
    holdsStaged: (staged) => holdsStaged(directory, staged),
    partFault: (part) => partFault(directory, part),
    setAside: (locator) => setAside(options, nameOf(locator)),
    listSetAside: () => listStoredNames(join(directory, "damaged")),
    listUnknown: () => listUnknown(directory),
    warnings: async () => [],
  };
}

function nameOf(locator: Locator): string {
  if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
  return locator;
}

async function holdsStaged(directory: string, staged: Staged): Promise<boolean> {
  if (staged.offset === 0) return (await inodeOf(placeOf(directory, staged).folder)) !== null;
  const reader = await openStagedFiles(directory)(staged.id, staged.staging).catch(refuseUnknown);
  if (reader === null) return false;
  return closing(reader, () => hasByte(reader, staged.offset - 1));
}

function refuseUnknown(error: unknown): null {
  if (error instanceof RegistryError && error.situation === "UPLOAD_UNKNOWN") return null;
  throw error;
}

async function partFault(
  directory: string,
  { place, size }: Pick<StagedPart, "place" | "size">,
): Promise<PartFault | null> {
  const { own, plain } = partPaths(place);
  // In this order: between the two looks it may be renamed from the first to the second, never back.
  const reader =
    (await openRegular(join(directory, own))) ?? (await openRegular(join(directory, plain)));
  if (reader === null) return "missing";
  return closing(reader, async () => {
    if (size > 0 && !(await hasByte(reader, size - 1))) return "shorter";
    return (await hasByte(reader, size)) ? "longer" : null;
  });
}

const hasByte = async (reader: StoredReader, offset: number) =>
  (await reader.read(offset, new Uint8Array(1))) === 1;

async function closing<T>(reader: StoredReader, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await reader.close();
  }
}

/** The new name is durable before the old one is removed: a power loss leaves one of them, or both. */
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
    // Removed already where it had to be renamed, without links.
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
