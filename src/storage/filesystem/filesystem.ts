// Bytes on a local file system: uploads/<uuid>/data while staged (an object's: tmp/multipart/<uuid>/whole),
// blobs/<algorithm>/<2 hex>/<hex>.<uuidv7> once published.
import { mkdir, readdir, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import { algorithmOf, type Digest, hexOf } from "../../model/digest.ts";
import type { Locator, StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { StorageInspection } from "../inspection.ts";
import type { PartsStorage } from "../parts.ts";
import type {
  Appended,
  AppendOptions,
  Body,
  Capacity,
  SendableFile,
  Staged,
  StagedEntry,
  StagedReader,
  StagingFollower,
  Storage,
  StoredFile,
  StoredName,
  StoredStat,
} from "../storage.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { FolderSyncs, syncFolder } from "./folderSyncs.ts";
import { FreeSpace } from "./freeSpace.ts";
import { inspectFilesystem } from "./inspection.ts";
import { giveName } from "./links.ts";
import { FilesystemParts } from "./parts.ts";
import { Sendables } from "./reading/sendables.ts";
import { receiveBody } from "./receiveBody.ts";
import { listStagedEntries } from "./stagedEntries.ts";
import { openStagedFiles } from "./stagedFiles.ts";
import { multipartFolder, noState, placeOf } from "./stagedPlaces.ts";
import { StagedWriter } from "./stagedWriter.ts";
import { StagedWrites } from "./stagedWrites.ts";
import { listStoredNames, readStoredName, statStored } from "./storedNames.ts";

/** `00` to `ff`. */
const prefixes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** What the file system storage is opened with. */
export interface FilesystemOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  readonly clock: () => number;
  /** UUIDv7 source for names that are never used twice. */
  readonly newId: () => string;
  /** Starts a worker that reads what is sent. Absent where nothing is: files are then read by the runtime's own threads. */
  readonly spawnReader?: () => Worker;
}

/** Opens (and where needed creates) the folders. @throws when they cannot be written, or are on different file systems. */
export async function openFilesystem(options: FilesystemOptions): Promise<Storage> {
  const folders = {
    uploads: join(options.directory, "uploads"),
    blobs: join(options.directory, "blobs"),
    discarded: join(options.directory, "tmp", "discarded"),
    multipart: multipartFolder(options.directory),
  };
  const found = await Promise.all(
    Object.values(folders).map(async (folder) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return stat(folder);
    }),
  );
  await syncFolder(join(options.directory, "tmp"));
  await syncFolder(options.directory);
  if (new Set(found.map(({ dev }) => dev)).size > 1) {
    throw new Error(
      "uploads, blobs and tmp must be on one file system: mount the whole data directory, not a part of it",
    );
  }
  return new FilesystemStorage(options, folders);
}

/** Where things stand. */
interface Folders {
  readonly uploads: string;
  readonly blobs: string;
  /** Staged bytes on their way out. */
  readonly discarded: string;
}

class FilesystemStorage implements Storage {
  readonly inspection: StorageInspection;
  readonly parts: PartsStorage;
  readonly #directory: string;
  readonly #uploads: string;
  readonly #blobs: string;
  readonly #discarded: string;
  readonly #latch: WriteLatch;
  readonly #newId: () => string;
  readonly #space: FreeSpace;
  readonly openStaged: (id: UploadId, staging: StagingState) => Promise<StagedReader>;
  readonly #syncs: FolderSyncs;
  readonly #staged: StagedWrites;
  readonly #preparing: Promise<void>;
  readonly #sendables: Sendables;
  readonly #removals = new Set<Promise<void>>();
  /** What the last append of a closing request has put on disk, to the byte: publishing it needs no second look. */
  readonly #settled = new WeakSet<Staged>();

  constructor(options: FilesystemOptions, { uploads, blobs, discarded }: Folders) {
    this.#directory = options.directory;
    this.#uploads = uploads;
    this.#blobs = blobs;
    this.#discarded = discarded;
    this.#latch = options.latch;
    this.#newId = options.newId;
    this.#syncs = new FolderSyncs(options.latch);
    this.inspection = inspectFilesystem({ ...options, syncs: this.#syncs });
    this.#staged = new StagedWrites(options.directory, options.latch, this.#syncs);
    this.#space = new FreeSpace(options.directory, () => performance.now());
    this.parts = new FilesystemParts({ ...options, space: this.#space, syncs: this.#syncs });
    this.#sendables = new Sendables(options.spawnReader ?? null);
    this.openStaged = openStagedFiles(options.directory);
    // Nobody waits for it: a push that comes first makes the folder it needs.
    this.#preparing = this.#syncs.makeAll(blobs, "sha256", prefixes).catch(() => {});
  }

  async createStaging(id: UploadId, startedAt: number): Promise<StagingState> {
    this.#latch.assertWritable();
    const folder = join(this.#uploads, id);
    try {
      await mkdir(folder, { mode: 0o700 });
      await writeFile(join(folder, "startedat"), new Date(startedAt).toISOString(), { flag: "wx" });
    } catch (error) {
      throw writeFailure(error, this.#latch);
    }
    return noState;
  }

  async append(
    staged: Staged,
    body: Body,
    follower: StagingFollower,
    options: AppendOptions,
  ): Promise<Appended> {
    this.#latch.assertWritable();
    const { expected, signal } = options;
    // Only asked here; each write takes its own share.
    if (expected !== null) await this.#space.assertFits(expected);
    return this.#staged.alone(staged.id, async () => {
      const file = await this.#staged.openToWrite(staged);
      try {
        const writer = new StagedWriter(file, staged.offset, {
          ...{ follower, signal, latch: this.#latch, space: this.#space },
          release: body.release ?? null,
        });
        const giveBack = () => file.truncate(staged.offset).catch(() => {});
        const cut = await receiveBody(body, writer, { expected, signal, keepsCut: true, giveBack });
        // What arrived of a body that broke is told as an offset as well, whatever the request was to end with.
        if (options.resumable || cut !== null) await this.#keepFolder(staged);
        const appended = { ...staged, offset: writer.written, cut };
        // Without a byte nothing was synced, not even the cut to the offset.
        if (cut === null && !options.resumable && writer.written > staged.offset) {
          this.#settled.add(appended);
        }
        return appended;
      } finally {
        await file.close();
      }
    });
  }

  async separateStaged(staged: Staged): Promise<void> {
    this.#latch.assertWritable();
    await this.#staged.alone(staged.id, async () => {
      const file = await this.#staged.openToWrite(staged);
      await file.close();
    });
  }

  publish(staged: Staged, digest: Digest, owner: string): Promise<Locator> {
    return this.#staged.alone(staged.id, () => this.#publish(staged, digest, owner));
  }

  async #publish(staged: Staged, digest: Digest, owner: string): Promise<Locator> {
    this.#latch.assertWritable();
    if (!this.#settled.delete(staged)) await this.#staged.settle(staged);
    const hex = hexOf(digest);
    const [algorithm, prefix] = [algorithmOf(digest), hex.slice(0, 2)];
    const locator = `${algorithm}/${prefix}/${hex}.${owner}` as Locator;
    const from = placeOf(this.#directory, staged).file;
    const to = join(this.#blobs, locator);
    try {
      await this.#syncs.make(this.#blobs, algorithm, prefix);
      await giveName(from, to).catch(async (error: unknown) => {
        if (!isAbsent(error)) throw error;
        // Somebody may have removed the folder that was made long ago.
        await this.#syncs.makeAgain(this.#blobs, algorithm, prefix);
        await giveName(from, to);
      });
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw writeFailure(error, this.#latch);
    }
    await this.#syncs.sync(join(this.#blobs, algorithm, prefix));
    return locator;
  }

  listStaged(): AsyncIterable<StagedEntry> {
    return listStagedEntries(this.#uploads);
  }

  async discardStaged(id: UploadId, staging: StagingState): Promise<void> {
    const aside = join(this.#discarded, `${id}.${this.#newId()}`);
    try {
      await rename(placeOf(this.#directory, { id, staging }).folder, aside);
    } catch (error) {
      if (isAbsent(error)) return;
      throw writeFailure(error, this.#latch);
    }
    const removing = rm(aside, { recursive: true, force: true }).catch((error: unknown) => {
      const failure = writeFailure(error, this.#latch);
      // Out of sight it is: what cannot be removed for now `finishDiscards` ends.
      if (!(failure instanceof RegistryError) || failure.situation !== "BUSY") throw failure;
    });
    if (staging === noState) return removing;
    // An object's parts may be thousands, or many GiB: nobody waits for them. What is left `finishDiscards` ends.
    const removal = removing.catch(() => {}).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  async finishDiscards(): Promise<void> {
    const failures: unknown[] = [];
    for (const name of await readdir(this.#discarded)) {
      const path = join(this.#discarded, name);
      await rm(path, { recursive: true, force: true }).catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be dropped");
  }

  async open(locator: Locator): Promise<StoredFile | null> {
    const path = this.#path(locator);
    // Anything but a regular file is damage: no stored size is negative, so it never passes for the content.
    const found = await statStored(path);
    return found === null ? null : { size: found.size, body: Bun.file(path) };
  }

  async openToSend(locator: Locator): Promise<SendableFile | null> {
    return this.#sendables.open(this.#path(locator));
  }

  async delete(locator: Locator): Promise<void> {
    try {
      await unlink(this.#path(locator));
    } catch (error) {
      if (!isAbsent(error)) throw writeFailure(error, this.#latch);
    }
  }

  readonly readName = readStoredName;

  listStored(): AsyncIterable<readonly StoredName[]> {
    return listStoredNames(this.#blobs);
  }

  stat(locator: Locator): Promise<StoredStat | null> {
    return statStored(this.#path(locator));
  }

  capacity(): Promise<Capacity> {
    return this.#space.read();
  }

  async check(): Promise<void> {
    await Promise.all([stat(this.#uploads), stat(this.#blobs)]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#preparing, ...this.#removals, this.#sendables.close()]);
  }

  /** After a power loss the session's folder must still be found from the top. */
  async #keepFolder(staged: Staged): Promise<void> {
    const { folder, parent } = placeOf(this.#directory, staged);
    await Promise.all([this.#syncs.syncOnce(folder), this.#syncs.sync(parent)]);
  }

  #path(locator: Locator): string {
    if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
    return join(this.#blobs, locator);
  }
}
