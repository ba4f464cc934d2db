// Removing backups that no rule keeps, and contents that no kept backup names. Any doubt removes nothing.
import type { Digest } from "../model/digest.ts";
import type { KeepRule } from "../model/keepRule.ts";
import { keptOf } from "./keep.ts";
import { compared, flat, listingName, type MergedContent, merged, readListing } from "./listing.ts";
import { asKept, type BackupManifest, findBackups } from "./manifest.ts";
import type { Pruned } from "./report.ts";
import { BackupError, type BackupTarget } from "./target.ts";
import { faultOf } from "./transfer.ts";

/** Contents that are removed at a time. */
const batch = 500;

const nothing = { contents: 0, bytes: 0, backups: [] } as const;

/**
 * Removes what the rule does not keep.
 * @param isWhole false for a backup that lacks contents: then nothing is removed.
 * @returns null without a rule.
 */
export async function prune(
  target: BackupTarget,
  { keep, signal }: { readonly keep: KeepRule | null; readonly signal: AbortSignal },
  isWhole: boolean,
): Promise<Pruned | null> {
  if (keep === null) return null;
  if (!isWhole) {
    return {
      ...nothing,
      refused: "contents of the store are lost, and older backups may have them",
    };
  }
  try {
    const { whole, unfinished, unreadable } = await findBackups(target);
    const [damaged] = unreadable;
    if (damaged !== undefined) throw new BackupError(damaged.reason);
    const ids = keptOf(whole.map(asKept), keep);
    const kept = whole.filter(({ id }) => ids.has(id));
    for (const backup of kept) await assertListing(target, backup);
    for await (const found of named(target, kept)) {
      if (found.kind === "missing") throw new BackupError(`${found.wanted.digest} is missing`);
    }
    signal.throwIfAborted();
    const gone = whole.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
    await target.removeBackups([...gone, ...unfinished]);
    return { ...(await removeUnnamed(target, kept)), backups: gone, refused: null };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return { ...nothing, refused: `${error.message}; breadbox backup verify has more` };
  }
}

/** @throws BackupError when a kept backup's list of contents is not what its manifest says. */
async function assertListing(target: BackupTarget, { id, files }: BackupManifest): Promise<void> {
  const listing = files.find(({ name }) => name === listingName);
  if (listing === undefined) throw new BackupError(`${id} has no list of contents`);
  const fault = await faultOf(await target.openFile(id, listingName), listing);
  if (fault !== null) throw new BackupError(`the list of contents of ${id}: ${fault}`);
}

/** What these backups name. */
export async function* namedBy(
  target: Pick<BackupTarget, "openFile">,
  backups: readonly BackupManifest[],
): AsyncGenerator<MergedContent, undefined> {
  const lists = backups.map(async ({ id }) => {
    const file = await target.openFile(id, listingName);
    if (file === null) throw new BackupError(`${id} has no list of contents`);
    return readListing(file, id);
  });
  yield* merged(await Promise.all(lists));
}

const named = (target: BackupTarget, backups: readonly BackupManifest[]) =>
  compared(namedBy(target, backups), flat(target.contents()));

async function removeUnnamed(target: BackupTarget, kept: readonly BackupManifest[]) {
  const sum = { contents: 0, bytes: 0 };
  let going: Digest[] = [];
  const remove = async (): Promise<void> => {
    await target.removeContents(going);
    sum.contents += going.length;
    going = [];
  };
  for await (const found of named(target, kept)) {
    if (found.kind !== "surplus") continue;
    sum.bytes += await found.there.size();
    going.push(found.there.digest);
    if (going.length === batch) await remove();
  }
  await remove();
  return sum;
}
