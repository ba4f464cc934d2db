// A backup's manifest: what it consists of. It is written last, so a backup that has one is complete.
import { type Digest, readDigest } from "../model/digest.ts";
import type { KeptBackup } from "./keep.ts";
import { BackupError, type BackupTarget, manifestName } from "./target.ts";
import { textOf } from "./transfer.ts";

/** The layout that this version reads and writes. */
export const backupVersion = 1;

/** A file of a backup. */
export interface BackupFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly digest: Digest;
  /** The file's permissions in the data directory. */
  readonly mode: number;
}

/** A content that the database names and the target does not have. */
export interface LostBackupContent {
  readonly digest: Digest;
  readonly reason: string;
}

/** The manifest. */
export interface BackupManifest extends Pick<KeptBackup, "id" | "sequence" | "takenAt"> {
  /** The database's id. */
  readonly store: string;
  /** The Breadbox that wrote it. */
  readonly writtenBy: string;
  /** Unix ms. */
  readonly finishedAt: number;
  readonly files: readonly BackupFile[];
  readonly contents: number;
  /** Of all contents. */
  readonly bytes: number;
  readonly lost: readonly LostBackupContent[];
}

/** As the rule of what stays sees it. */
export const asKept = ({ id, sequence, takenAt, lost }: BackupManifest): KeptBackup => ({
  ...{ id, sequence, takenAt },
  isWhole: lost.length === 0,
});

/** The text of a manifest. */
export const printManifest = (manifest: BackupManifest): string =>
  `${JSON.stringify({ version: backupVersion, ...manifest }, null, 2)}\n`;

/** A backup whose manifest is damaged: what it has cannot be known. */
class UnreadableManifestError extends BackupError {}

/** @throws BackupError when it is none, or of a newer version. */
export function parseManifest(text: string, name: string): BackupManifest {
  const damaged = new UnreadableManifestError(
    `${name}: the manifest of this backup (${manifestName}) cannot be read`,
  );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const fields = new Map(Object.entries(Object(value)));
  if (Number(fields.get("version")) > backupVersion) {
    throw new BackupError(`${name} was written by a newer Breadbox: use that one, or a newer one`);
  }
  const manifest = {
    ...{ id: fields.get("id"), store: fields.get("store"), writtenBy: fields.get("writtenBy") },
    ...{ sequence: fields.get("sequence"), takenAt: fields.get("takenAt") },
    ...{ finishedAt: fields.get("finishedAt"), contents: fields.get("contents") },
    ...{ bytes: fields.get("bytes"), files: fields.get("files"), lost: fields.get("lost") },
  };
  if (fields.get("version") !== backupVersion || !isManifest(manifest)) throw damaged;
  return manifest;
}

type Unread = Readonly<Record<keyof BackupManifest, unknown>>;

function isManifest(value: Unread): value is BackupManifest {
  const texts = [value.id, value.store, value.writtenBy];
  const counts = [value.sequence, value.takenAt, value.finishedAt, value.contents, value.bytes];
  return (
    texts.every((text) => typeof text === "string") &&
    counts.every(Number.isSafeInteger) &&
    Array.isArray(value.files) &&
    value.files.every(isFile) &&
    Array.isArray(value.lost) &&
    value.lost.every((each) => isDigest(each) && typeof Object(each).reason === "string")
  );
}

const isDigest = (value: unknown): boolean => readDigest(String(Object(value).digest)) !== null;

/** Names never lead out of the backup. */
const fileName = /^(?:files\/)?(?:tls\/)?[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

function isFile(value: unknown): boolean {
  const { name, size, mode } = Object(value);
  const isNamed = typeof name === "string" && fileName.test(name);
  return isNamed && isDigest(value) && Number.isSafeInteger(size) && Number.isSafeInteger(mode);
}

/** The backups of a target. */
export interface FoundBackups {
  /** Those with a manifest, the latest first. */
  readonly whole: readonly BackupManifest[];
  /** Ids of those that were never finished. */
  readonly unfinished: readonly string[];
  /** Those whose manifest is damaged, with a sentence that says so. */
  readonly unreadable: readonly { readonly id: string; readonly reason: string }[];
}

/** The number at the end of a backup's id; it may have no manifest. */
export const sequenceOf = (id: string): number => Number(/\.(\d{1,9})$/.exec(id)?.[1] ?? 0);

/** @throws BackupError when a manifest is of a newer version. */
export async function findBackups(
  target: Pick<BackupTarget, "backups" | "openFile" | "name">,
): Promise<FoundBackups> {
  const found: BackupManifest[] = [];
  const unfinished: string[] = [];
  const unreadable: FoundBackups["unreadable"][number][] = [];
  for (const id of await target.backups()) {
    const file = await target.openFile(id, manifestName);
    if (file === null) {
      unfinished.push(id);
      continue;
    }
    const text = await textOf(file);
    try {
      found.push(parseManifest(text, `${target.name}: ${id}`));
    } catch (error) {
      if (!(error instanceof UnreadableManifestError)) throw error;
      unreadable.push({ id, reason: error.message });
    }
  }
  return { whole: found.toSorted((a, b) => b.sequence - a.sequence), unfinished, unreadable };
}
