// One backup: lock → snapshot of the database → contents that the target lacks → its own files → its manifest → what the rule removes.
import { appendFile, copyFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { each } from "../import/each.ts";
import type { CopySource } from "../metadata/copy.ts";
import { type CopiedContent, contentsOf, readContent } from "../migrate/contents.ts";
import { rowsOf } from "../migrate/syncRows.ts";
import type { KeepRule } from "../model/keepRule.ts";
import type { Storage } from "../storage/storage.ts";
import { namesIn, targetFile } from "./directoryFiles.ts";
import {
  chunks,
  compared,
  type Difference,
  flat,
  listingLine,
  listingName,
  readListing,
} from "./listing.ts";
import {
  type BackupFile,
  type BackupManifest,
  findBackups,
  type LostBackupContent,
  printManifest,
  sequenceOf,
} from "./manifest.ts";
import { prune } from "./prune.ts";
import type { BackupProgress, BackupReport } from "./report.ts";
import { BackupError, type BackupTarget, type ContentSource } from "./target.ts";
import { hashed, portion } from "./transfer.ts";

/** What a backup works with. */
export interface BackupDeps {
  readonly target: BackupTarget;
  /** The data directory. */
  readonly data: string;
  /** The database's id. */
  readonly storeId: string;
  /** Writes the database as it is now to `breadbox.db` in this folder. */
  readonly snapshot: (folder: string) => void;
  /** Opens that file. */
  readonly openSnapshot: (folder: string) => CopySource;
  /** Keeps the store's files from being deleted until it is released. @returns null when another backup does. */
  readonly hold: () => Promise<{ release(): void } | null>;
  readonly storage: Pick<Storage, "repair" | "intake">;
  /** Unix ms. */
  readonly clock: () => number;
  /** This Breadbox. */
  readonly version: string;
}

/** What is asked for, and who is told of it. */
export interface BackupOrder {
  /** null: everything stays. */
  readonly keep: KeepRule | null;
  readonly onProgress: (progress: BackupProgress) => void;
  /** Ends the backup between two contents. */
  readonly signal: AbortSignal;
}

/** Calls for small ones are mostly waited for; large ones take memory. */
const atOnce = { small: 16, large: 3 };
/** Contents that are compared at a time. */
const chunk = 500;

interface Run extends BackupDeps, BackupOrder {
  readonly id: string;
  /** Of this machine, for the backup's own files. */
  readonly folder: string;
}

/**
 * Makes a backup while servers and collections work with the store. Files that its snapshot names are not deleted until it has ended.
 * What an earlier run brought, whole or not, is not brought again.
 * @throws BackupError
 */
export async function makeBackup(deps: BackupDeps, order: BackupOrder): Promise<BackupReport> {
  const begun = performance.now();
  const release = await deps.target.hold(deps.storeId);
  try {
    // Before the snapshot: whatever it names is there until the end.
    const hold = await deps.hold();
    if (hold === null) throw new BackupError("another backup of this store is running");
    try {
      return { ...(await carryOut(deps, order)), durationMs: performance.now() - begun };
    } finally {
      hold.release();
    }
  } finally {
    await release();
  }
}

async function carryOut(
  deps: BackupDeps,
  order: BackupOrder,
): Promise<Omit<BackupReport, "durationMs">> {
  const { target, clock } = deps;
  const sequence = await nextSequence(target);
  const folder = await target.scratch();
  order.onProgress({ label: "database", unit: "things", done: 0, total: 0 });
  const takenAt = clock();
  const id = `${new Date(takenAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z.${sequence}`;
  deps.snapshot(folder);
  const run = { ...deps, ...order, id, folder };
  const { lost, ...brought } = await bringContents(run);
  const files = await bringFiles(run);
  await target.settle();
  await assertThere(run);
  const { contents, bytes, ...rest } = brought;
  const manifest: BackupManifest = {
    ...{ id, sequence, takenAt, store: deps.storeId, writtenBy: deps.version, finishedAt: clock() },
    ...{ files, contents, bytes, lost },
  };
  await target.publish(id, printManifest(manifest));
  const pruned = await prune(target, order, lost.length === 0);
  return { id, takenAt, contents, bytes, ...rest, lost, pruned };
}

/** Of backups that were never finished as well: no id is used twice. */
async function nextSequence(target: BackupTarget): Promise<number> {
  const { whole, unfinished, unreadable } = await findBackups(target);
  const begun = [...unfinished, ...unreadable.map(({ id }) => id)].map(sequenceOf);
  return Math.max(whole[0]?.sequence ?? 0, ...begun) + 1;
}

/** Whatever else worked on the target meanwhile: everything that this backup lists is still there. @throws BackupError */
async function assertThere({ target, id }: Run): Promise<void> {
  const listing = await target.openFile(id, listingName);
  if (listing === null) throw new BackupError(`${id} is gone from ${target.name}: run it again`);
  for await (const found of compared(readListing(listing, id), flat(target.contents()))) {
    if (found.kind !== "missing") continue;
    throw new BackupError(
      `${found.wanted.digest} was removed from ${target.name} while this backup was made: run it again`,
    );
  }
}

interface Brought {
  contents: number;
  bytes: number;
  readonly added: { contents: number; bytes: number };
  readonly ways: { link: number; clone: number; copy: number };
  readonly lost: LostBackupContent[];
}

/** Puts what is missing, and lists what is there in the end. */
async function bringContents(run: Run): Promise<Brought> {
  const { folder, openSnapshot, target, signal } = run;
  const [listing, source] = [join(folder, listingName), openSnapshot(folder)];
  const differences = () => compared(snapshotContents(source), flat(target.contents()));
  const brought: Brought = {
    ...{ contents: 0, bytes: 0, added: { contents: 0, bytes: 0 }, lost: [] },
    ways: { link: 0, clone: 0, copy: 0 },
  };
  try {
    let total = 0;
    for await (const found of differences()) {
      if (found.kind === "missing") total += found.wanted.size;
    }
    let read = 0;
    const onBytes = (bytes: number): void => {
      read += bytes;
      run.onProgress({ label: "contents", unit: "bytes", done: read, total });
    };
    await appendFile(listing, "", { mode: 0o600 });
    for await (const some of chunks(differences(), chunk)) {
      signal.throwIfAborted();
      await appendFile(listing, await bringChunk(run, some, { brought, onBytes }));
    }
    return brought;
  } finally {
    await source.close();
  }
}

async function* snapshotContents(source: CopySource): AsyncGenerator<CopiedContent, undefined> {
  const table = contentsOf(source);
  for await (const rows of rowsOf(source, table)) {
    for (const row of rows) yield readContent(table, row);
  }
}

/** @returns the lines of those that the target has now. */
async function bringChunk(
  run: Run,
  some: readonly Difference<CopiedContent>[],
  { brought, onBytes }: { readonly brought: Brought } & Pick<ContentSource, "onBytes">,
): Promise<string> {
  const missing = some.flatMap((found) => (found.kind === "missing" ? [found.wanted] : []));
  const lost = new Set<string>();
  const bring = async (content: CopiedContent): Promise<void> => {
    const put = await putOne(run, content, onBytes);
    if (put.kind === "lost") {
      lost.add(content.digest);
      brought.lost.push({ digest: content.digest, reason: put.reason });
      return;
    }
    brought.added.contents += 1;
    brought.added.bytes += content.size;
    brought.ways[put.way] += 1;
  };
  await eachToItsEnd(missing, bring);
  const listed = some.flatMap((found) => (found.kind === "surplus" ? [] : [found.wanted]));
  const there = listed.filter(({ digest }) => !lost.has(digest));
  brought.contents += there.length;
  brought.bytes += there.reduce((sum, { size }) => sum + size, 0);
  return there.map(listingLine).join("");
}

/** The others end what they have begun before a failure is thrown: nothing works on the target after that. */
async function eachToItsEnd(
  contents: readonly CopiedContent[],
  use: (content: CopiedContent) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const attempt = async (content: CopiedContent): Promise<void> => {
    if (failures.length > 0) return;
    await use(content).catch((error: unknown) => failures.push(error));
  };
  const isSmall = ({ size }: CopiedContent): boolean => size <= portion;
  await each(contents.filter(isSmall), atOnce.small, attempt);
  await each(
    contents.filter((content) => !isSmall(content)),
    atOnce.large,
    attempt,
  );
  if (failures.length > 0) throw failures[0];
}

async function putOne(
  { target, storage, signal }: Run,
  { digest, size, locator, isDamaged }: CopiedContent,
  onBytes: (bytes: number) => void,
) {
  signal.throwIfAborted();
  if (isDamaged) return { kind: "lost", reason: "its bytes were wrong or missing before" } as const;
  const open = () => storage.repair.read(locator);
  const share = (path: string) => storage.intake.share(locator, path);
  return target.putContent({ digest, size, open, share, onBytes });
}

/** Files of the data directory that a server needs, besides database and contents. */
async function ownFiles(data: string): Promise<string[]> {
  const tls = await namesIn(join(data, "tls"));
  const names = ["format", "settings.json", ...tls.map((name) => join("tls", name))];
  const found = await Promise.all(
    names.map(async (name) => ((await targetFile(join(data, name))) === null ? [] : [name])),
  );
  return found.flat();
}

/** Puts the backup's own files. */
async function bringFiles({ target, data, folder, id }: Run): Promise<BackupFile[]> {
  const files: BackupFile[] = [];
  const put = async (name: string, path: string, mode: number): Promise<void> => {
    const file = await targetFile(path);
    if (file === null) throw new Error(`${path} is gone`);
    files.push({ name, mode, ...(await hashed(await file.read(0), "sha256")) });
    await target.putFile(id, name, path);
  };
  for (const name of await ownFiles(data)) {
    const draft = join(folder, `file-${files.length}`);
    await copyFile(join(data, name), draft);
    await put(join("files", name), draft, (await stat(join(data, name))).mode & 0o777);
  }
  for (const name of await readdir(folder)) {
    if (name === listingName || name === "breadbox.db") await put(name, join(folder, name), 0o600);
  }
  return files;
}
