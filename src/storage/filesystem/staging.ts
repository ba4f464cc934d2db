// Staged bytes on a local file system: uploads/<uuid>/data, an object's tmp/multipart/<uuid>/whole.
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import { algorithmOf, type Digest, hexOf } from "../../model/digest.ts";
import type { Locator, StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type {
  Appended,
  AppendOptions,
  Body,
  Staged,
  StagedEntry,
  StagedReader,
  Staging,
  StagingFollower,
} from "../staging.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import type { FreeSpace } from "./freeSpace.ts";
import { giveName } from "./links.ts";
import { receiveBody } from "./receiveBody.ts";
import { listStagedEntries } from "./stagedEntries.ts";
import { openStagedFiles } from "./stagedFiles.ts";
import { noState, placeOf } from "./stagedPlaces.ts";
import { StagedWriter } from "./stagedWriter.ts";
import { StagedWrites } from "./stagedWrites.ts";

/** What it works with; all of it is the storage's. */
export interface StagingOptions {
  /** The data directory. */
  readonly directory: string;
  readonly uploads: string;
  readonly blobs: string;
  /** Staged bytes on their way out. */
  readonly discarded: string;
  readonly latch: WriteLatch;
  readonly newId: () => string;
  readonly space: FreeSpace;
  readonly syncs: FolderSyncs;
}

/** This group of the port. */
export class FilesystemStaging implements Staging {
  readonly #directory: string;
  readonly #uploads: string;
  readonly #blobs: string;
  readonly #discarded: string;
  readonly #latch: WriteLatch;
  readonly #newId: () => string;
  readonly #space: FreeSpace;
  readonly #syncs: FolderSyncs;
  readonly #staged: StagedWrites;
  readonly openStaged: (id: UploadId, staging: StagingState) => Promise<StagedReader>;
  readonly #removals = new Set<Promise<void>>();
  /** What the last append of a closing request has put on disk, to the byte: publishing it needs no second look. */
  readonly #settled = new WeakSet<Staged>();

  constructor(options: StagingOptions) {
    this.#directory = options.directory;
    this.#uploads = options.uploads;
    this.#blobs = options.blobs;
    this.#discarded = options.discarded;
    this.#latch = options.latch;
    this.#newId = options.newId;
    this.#space = options.space;
    this.#syncs = options.syncs;
    this.#staged = new StagedWrites(options.directory, options.latch, options.syncs);
    this.openStaged = openStagedFiles(options.directory);
  }

  async begin(id: UploadId, startedAt: number): Promise<StagingState> {
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

  list(): AsyncIterable<StagedEntry> {
    return listStagedEntries(this.#uploads);
  }

  async discard(id: UploadId, staging: StagingState): Promise<void> {
    const aside = join(this.#discarded, `${id}.${this.#newId()}`);
    try {
      await rename(placeOf(this.#directory, { id, staging }).folder, aside);
    } catch (error) {
      if (isAbsent(error)) return;
      throw writeFailure(error, this.#latch);
    }
    const removing = rm(aside, { recursive: true, force: true }).catch((error: unknown) => {
      const failure = writeFailure(error, this.#latch);
      // Out of sight it is: what cannot be removed for now `tidy` ends.
      if (!(failure instanceof RegistryError) || failure.situation !== "BUSY") throw failure;
    });
    if (staging === noState) return removing;
    // An object's parts may be thousands, or many GiB: nobody waits for them. What is left `tidy` ends.
    const removal = removing.catch(() => {}).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  async tidy(): Promise<void> {
    const failures: unknown[] = [];
    for (const name of await readdir(this.#discarded)) {
      const path = join(this.#discarded, name);
      await rm(path, { recursive: true, force: true }).catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be dropped");
  }

  /** Waits for removals that have begun. */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
  }

  /** After a power loss the session's folder must still be found from the top. */
  async #keepFolder(staged: Staged): Promise<void> {
    const { folder, parent } = placeOf(this.#directory, staged);
    await Promise.all([this.#syncs.syncOnce(folder), this.#syncs.sync(parent)]);
  }
}
