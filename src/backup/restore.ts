// A backup becomes a data directory: everything is there and compared before its database, and with it the store, is visible.
import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { showTime } from "../amounts.ts";
import { syncDirectory, writeDurably } from "../durability/files.ts";
import { download } from "../import/download.ts";
import { each } from "../import/each.ts";
import type { CopySource } from "../metadata/copy.ts";
import { type CopiedContent, contentsOf, readContent } from "../migrate/contents.ts";
import { rowsOf } from "../migrate/syncRows.ts";
import type { Digest } from "../model/digest.ts";
import type { Storage } from "../storage/storage.ts";
import { namesIn, targetFile, writeAll } from "./directoryFiles.ts";
import {
  type BackupFile,
  type BackupManifest,
  findBackups,
  type LostBackupContent,
  parseManifest,
  printManifest,
  sequenceOf,
} from "./manifest.ts";
import type { BackupProgress, ContentSum } from "./report.ts";
import { BackupError, type BackupTarget, manifestName } from "./target.ts";
import { faultOf, portion, textOf } from "./transfer.ts";

/** What a restore works with. */
export interface RestoreDeps {
  readonly target: BackupTarget;
  /** The new data directory. */
  readonly data: string;
  /** Opens the bytes of the new data directory, for the store of this id. */
  readonly openStorage: (storeId: string) => Promise<Storage>;
  /** Opens the database in a folder. */
  readonly openSnapshot: (folder: string) => CopySource;
  /** Brings the database in a folder up to this version's schema. */
  readonly upgradeRows: (folder: string) => void;
  /** Marks the database in a folder as restored, and these contents as damaged; durably. */
  readonly finishRows: (folder: string, lost: readonly Digest[]) => void;
  /** Writes the format file of the new data directory. */
  readonly writeFormat: (storeId: string) => Promise<void>;
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** ms. */
  readonly rest: (ms: number) => Promise<void>;
}

/** What is asked for, and who is told of it. */
export interface RestoreOrder {
  /** The latest backup whose moment is not later, Unix ms, or the backup of this id; null: the latest one. */
  readonly asOf: number | string | null;
  /** Contents that the backup lacks are damaged ones of the store; otherwise it is not restored. */
  readonly acceptsDamage: boolean;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** What was restored. */
export interface RestoreReport extends ContentSum {
  readonly id: string;
  /** The moment that it holds, Unix ms. */
  readonly takenAt: number;
  readonly lost: readonly LostBackupContent[];
}

/** Holds the database and the manifest until everything else is there. */
const draftName = "restoring";
/** Names that an empty data directory may have. */
const harmless: ReadonlySet<string> = new Set(["lock", "pid", "lost+found"]);
const atOnce = { small: 16, large: 3 };
const databaseName = "breadbox.db";

/**
 * Restores into an empty directory, which the caller holds. One that was broken off goes on, if it is of the same backup.
 * @throws BackupError when something is missing or damaged: then there is no store yet.
 */
export async function restore(deps: RestoreDeps, order: RestoreOrder): Promise<RestoreReport> {
  const { data, target } = deps;
  const backup = await chooseBackup(target, order.asOf);
  await begin(deps, backup);
  const draft = join(data, draftName);
  const rows = fileOf(backup, databaseName);
  await fetchFile(deps, backup, { file: rows, path: join(draft, databaseName) });
  deps.upgradeRows(draft);
  const { lost, ...sum } = await bringContents(deps, order);
  if (lost.length > 0 && !order.acceptsDamage) {
    const [first] = lost;
    throw new BackupError(
      `${lost.length} of its contents cannot be restored (${first?.digest}: ${first?.reason}). Choose another backup with --as-of, or take the rest with --accept-damage`,
    );
  }
  const others = backup.files.filter(({ name }) => name.startsWith("files/"));
  for (const file of others.filter(({ name }) => name !== "files/format")) {
    const path = join(data, file.name.slice("files/".length));
    await fetchFile(deps, backup, { file, path });
  }
  deps.finishRows(
    draft,
    lost.map(({ digest }) => digest),
  );
  await appear(deps, backup);
  return { id: backup.id, takenAt: backup.takenAt, ...sum, lost };
}

async function chooseBackup(
  target: BackupTarget,
  asOf: RestoreOrder["asOf"],
): Promise<BackupManifest> {
  const { whole, unreadable } = await findBackups(target);
  const fits = ({ id, takenAt }: BackupManifest): boolean =>
    asOf === null || (typeof asOf === "string" ? id === asOf : takenAt <= asOf);
  const found = whole.find(fits);
  // A later one may be what is meant.
  const damaged = unreadable.find(({ id }) =>
    typeof asOf === "string" ? id === asOf : sequenceOf(id) > (found?.sequence ?? 0),
  );
  if (damaged !== undefined) {
    const [other] = found === undefined ? whole : [found];
    throw new BackupError(damaged.reason + (other ? `. Choose another: --as-of ${other.id}` : ""));
  }
  if (found !== undefined) return found;
  const first = whole.at(-1);
  if (first === undefined) throw new BackupError(`${target.name} has no backup`);
  throw new BackupError(
    typeof asOf === "string"
      ? `${target.name} has no backup ${asOf}: breadbox backup list shows all`
      : `${target.name} has no backup of that time or before: the first is of ${showTime(first.takenAt)}`,
  );
}

/** @throws BackupError when the directory has anything else in it. */
async function begin({ data }: RestoreDeps, backup: BackupManifest): Promise<void> {
  const draft = join(data, draftName);
  const others = (await namesIn(data)).filter((name) => !harmless.has(name));
  const begun = await targetFile(join(draft, manifestName));
  const earlier = begun === null ? null : parseManifest(await textOf(begun), draft).id;
  const isServed = others.includes(databaseName);
  if (earlier === backup.id && !isServed) return;
  if (others.some((name) => name !== draftName)) {
    throw new BackupError(
      earlier === null || isServed
        ? `${data} is not empty (${others[0]}): name an empty data directory`
        : `${data} has a part of backup ${earlier}: finish that one with --as-of ${earlier}, or name an empty data directory`,
    );
  }
  await mkdir(draft, { recursive: true, mode: 0o700 });
  await writeDurably(join(draft, manifestName), printManifest(backup));
  await syncDirectory(data);
}

function fileOf({ id, files }: BackupManifest, name: string): BackupFile {
  const found = files.find((file) => file.name === name);
  if (found === undefined) throw new BackupError(`backup ${id} has no ${name}`);
  return found;
}

/** Copies a file of the backup, durably. @throws BackupError when its bytes are wrong. */
async function fetchFile(
  { target }: RestoreDeps,
  { id }: BackupManifest,
  { file, path }: { readonly file: BackupFile; readonly path: string },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const to = await open(path, "w", 0o600);
  try {
    const from = await target.openFile(id, file.name);
    const fault = await faultOf(from, file, (bytes) => writeAll(to, bytes));
    if (fault !== null) {
      throw new BackupError(`${file.name} of backup ${id}: ${fault}. Choose another one (--as-of)`);
    }
    await to.sync();
  } finally {
    await to.close();
  }
  await chmod(path, file.mode);
  await syncDirectory(dirname(path));
}

async function bringContents(
  deps: RestoreDeps,
  { onProgress }: RestoreOrder,
): Promise<ContentSum & { readonly lost: readonly LostBackupContent[] }> {
  const source = deps.openSnapshot(join(deps.data, draftName));
  const storage = await deps.openStorage(source.store.id);
  const table = contentsOf(source);
  const sum = { contents: 0, bytes: 0 };
  const lost: LostBackupContent[] = [];
  let done = 0;
  const bring = async (content: CopiedContent): Promise<void> => {
    const reason = await bringOne(deps, storage, content, (bytes) => {
      done += bytes;
      onProgress({ label: "contents", unit: "bytes", done, total: 0 });
    });
    if (reason !== null) lost.push({ digest: content.digest, reason });
    sum.contents += reason === null ? 1 : 0;
    sum.bytes += reason === null ? content.size : 0;
  };
  const isSmall = ({ size }: CopiedContent): boolean => size <= portion;
  try {
    for await (const rows of rowsOf(source, table)) {
      const contents = rows.map((row) => readContent(table, row));
      await each(contents.filter(isSmall), atOnce.small, bring);
      const large = contents.filter((content) => !isSmall(content));
      await each(large, atOnce.large, bring);
    }
    return { ...sum, lost };
  } finally {
    await storage.close();
    await source.close();
  }
}

/** Stores a content under the name that its row has. @returns why that cannot be; null when it is there. */
async function bringOne(
  { target, clock, newId, rest }: RestoreDeps,
  storage: Storage,
  { digest, size, locator }: CopiedContent,
  onBytes: (bytes: number) => void,
): Promise<string | null> {
  const there = await storage.content.stat(locator);
  if (there?.size === size) return null;
  const file = await target.openContent(digest);
  if (file === null) return "the backup does not have it";
  if (file.size !== size) return `it has ${file.size} bytes instead of ${size}`;
  const owner = storage.content.nameOf(locator)?.owner;
  if (owner === undefined) return "its stored name is none of files";
  const open = async (offset: number) => ({ offset, body: await file.read(offset) });
  const sealed = await download(
    { storage, clock, newId },
    { digest, size, open, owner },
    { rest, onBytes },
  );
  if (sealed.kind === "mismatch") return `its bytes are ${sealed.actual}`;
  if (sealed.locator !== locator) throw new Error(`${digest} was stored as ${sealed.locator}`);
  return null;
}

/** From the database's rename on it is a store; the format file belongs to it. */
async function appear({ data, writeFormat }: RestoreDeps, backup: BackupManifest): Promise<void> {
  const draft = join(data, draftName);
  await rename(join(draft, databaseName), join(data, databaseName));
  await syncDirectory(data);
  await writeFormat(backup.store);
  await rm(draft, { recursive: true });
}
