// Reads every byte of a target and compares it with its digest.
import { each } from "../import/each.ts";
import { chunks, flat, listingName, type MergedContent } from "./listing.ts";
import { type BackupManifest, findBackups } from "./manifest.ts";
import { namedBy } from "./prune.ts";
import type { BackupProgress, VerifyReport } from "./report.ts";
import { BackupError, type BackupTarget, manifestName } from "./target.ts";
import { faultOf } from "./transfer.ts";

/** Contents that are read from their lists at a time. */
const chunk = 100;

/** Checks all backups of a target. @throws BackupError when it is none. */
export async function verifyBackups(
  target: BackupTarget,
  onProgress: (progress: BackupProgress) => void,
): Promise<VerifyReport> {
  const { whole, unreadable } = await findBackups(target);
  if (whole.length + unreadable.length === 0) throw new BackupError(`${target.name} has no backup`);
  const total = await sumOf(target, whole);
  let done = 0;
  const onPortion = ({ byteLength }: Uint8Array): void => {
    done += byteLength;
    onProgress({ label: "reading", unit: "bytes", done, total });
  };
  const backups: VerifyReport["backups"][number][] = unreadable.map(({ id, reason }) => ({
    ...{ id, problems: [reason] },
  }));
  for (const backup of whole) {
    const problems = await faultsOf(target, backup, onPortion);
    // Another process may have removed it meanwhile.
    if (problems.length > 0 && (await target.openFile(backup.id, manifestName)) === null) continue;
    backups.push({ id: backup.id, problems });
  }
  const listed = whole.filter(({ id }) =>
    backups.some((found) => found.id === id && !found.problems.some(isOfListing)),
  );
  const { damaged, ...read } = await readContents(target, listed, onPortion);
  const gone = damaged.length === 0 ? new Set<string>() : await goneOf(target, listed);
  return {
    ...read,
    backups: backups.filter(({ id }) => !gone.has(id)),
    damaged: damaged.flatMap(({ backups: ids, ...content }) => {
      const left = ids.filter((id) => !gone.has(id));
      return left.length === 0 ? [] : [{ ...content, backups: left }];
    }),
  };
}

/** Backups that another process has removed meanwhile, with the contents that only they named. */
async function goneOf(
  target: BackupTarget,
  backups: readonly BackupManifest[],
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (const { id } of backups) {
    if ((await target.openFile(id, manifestName)) === null) gone.add(id);
  }
  return gone;
}

const isOfListing = (problem: string): boolean => problem.startsWith(`${listingName}:`);

async function sumOf(target: BackupTarget, backups: readonly BackupManifest[]): Promise<number> {
  let total = 0;
  for await (const { size } of flat(target.contents())) total += await size();
  for (const { files } of backups) for (const { size } of files) total += size;
  return total;
}

async function faultsOf(
  target: BackupTarget,
  { id, files, lost }: BackupManifest,
  onPortion: (portion: Uint8Array) => void,
): Promise<string[]> {
  const problems = lost.map(({ digest, reason }) => `${digest} was not backed up: ${reason}`);
  for (const file of files) {
    const fault = await faultOf(await target.openFile(id, file.name), file, onPortion);
    if (fault !== null) problems.push(`${file.name}: ${fault}`);
  }
  return problems;
}

async function readContents(
  target: BackupTarget,
  backups: readonly BackupManifest[],
  onPortion: (portion: Uint8Array) => void,
): Promise<Omit<VerifyReport, "backups">> {
  const damaged: VerifyReport["damaged"][number][] = [];
  let [contents, bytes] = [0, 0];
  const read = async ({ digest, size, lists }: MergedContent): Promise<void> => {
    const file = await target.openContent(digest);
    const reason = await faultOf(file, { digest, size }, onPortion).catch(unreadable);
    contents += 1;
    bytes += size;
    if (reason === null) return;
    const ids = lists.flatMap((place) => backups[place]?.id ?? []);
    damaged.push({ digest, reason, backups: ids });
  };
  for await (const some of chunks(namedBy(target, backups), chunk)) {
    await each(some, target.readsAtOnce, read);
  }
  return { contents, bytes, damaged };
}

/** @throws BackupError of a target that cannot be used at all. */
function unreadable(error: unknown): string {
  if (error instanceof BackupError) throw error;
  return `it cannot be read: ${String(error)}`;
}
