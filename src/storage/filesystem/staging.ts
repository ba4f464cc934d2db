// Staged bytes on a local file system: uploads/<uuid>/data, an object's tmp/multipart/<uuid>/whole. They are hashed as they come.
import { type FileHandle, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import type { StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { receiveBody } from "../receiveBody.ts";
import type {
  Appended,
  AppendOptions,
  Body,
  FollowOptions,
  Sealed,
  SealOptions,
  Session,
  Staged,
  StagedEntry,
  Staging,
} from "../staging.ts";
import type { Assembly } from "./assembly/assembly.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { folderEntries } from "./folderEntries.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import type { FreeSpace } from "./freeSpace.ts";
import type { Hashing } from "./hashing/hashing.ts";
import type { OnDisk } from "./onDisk.ts";
import type { Sealing } from "./sealing.ts";
import { listStagedEntries } from "./stagedEntries.ts";
import { noState, partsState, placeOf } from "./stagedPlaces.ts";
import type { StagedReaders } from "./stagedReaders.ts";
import { StagedWriter, type StagingFollower } from "./stagedWriter.ts";
import type { StagedWrites } from "./stagedWrites.ts";
import type { SyncPace } from "./syncPace.ts";

/** The storage's dependencies of staging. */
export interface StagingOptions {
  /** The data directory. */
  readonly directory: string;
  /** Staged bytes on their way out. */
  readonly discarded: string;
  readonly latch: WriteLatch;
  readonly newId: () => string;
  readonly space: FreeSpace;
  readonly pace: SyncPace;
  readonly syncs: FolderSyncs;
  readonly writes: StagedWrites;
  readonly onDisk: OnDisk;
  readonly readers: StagedReaders;
  readonly sealing: Sealing;
  readonly hashing: Hashing;
  readonly assembly: Pick<Assembly, "forget">;
}

/** This group of the port. */
export class FilesystemStaging implements Staging {
  readonly #options: StagingOptions;
  readonly #removals = new Set<Promise<void>>();

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  async begin(id: UploadId, startedAt: number | null): Promise<StagingState> {
    const { directory, latch } = this.#options;
    latch.assertWritable();
    const staging = startedAt === null ? partsState : noState;
    const { folder } = placeOf(directory, { id, staging });
    try {
      await mkdir(folder, { mode: 0o700 });
      if (startedAt !== null) {
        const text = new Date(startedAt).toISOString();
        await writeFile(join(folder, "startedat"), text, { flag: "wx" });
      }
    } catch (error) {
      throw writeFailure(error, latch);
    }
    return staging;
  }

  async append(session: Session, body: Body, options: AppendOptions): Promise<Appended> {
    const { latch, writes, readers, hashing } = this.#options;
    latch.assertWritable();
    const { id, staging } = session;
    const appended = await writes.alone(id, () =>
      readers.during(session, (advance) => this.#append(session, body, options, advance)),
    );
    const isOver = appended.cut === null ? !options.resumable : options.isWhole;
    if (isOver) return appended;
    return { ...appended, digest: await hashing.prefix(id, staging) };
  }

  async #append(
    session: Session,
    body: Body,
    options: AppendOptions,
    advance: (offset: number) => void,
  ): Promise<Appended> {
    const { space, writes, hashing } = this.#options;
    // Only asked here; each write takes its own share.
    if (options.expected !== null) await space.assertFits(options.expected);
    const file = await writes.openToWrite(session);
    try {
      // Not before: what is read must be the file that is written.
      await this.#takeUp(session);
      const { id, staging, offset, algorithm } = session;
      const hasher = hashing.follow(id, staging, offset, algorithm);
      return await this.#write(session, body, {
        ...options,
        file,
        follower: tell(hasher, advance),
      });
    } catch (error) {
      // The file was truncated: hash states beyond the old offset are invalid.
      hashing.forget(session.id);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #write(
    session: Session,
    body: Body,
    options: AppendOptions & { readonly file: FileHandle; readonly follower: StagingFollower },
  ): Promise<Appended> {
    const { latch, space, pace, onDisk } = this.#options;
    const { expected, signal, resumable, isWhole = false, file, follower } = options;
    const { id, offset } = session;
    // While the body arrives: its file has its name already.
    const keeping = resumable ? this.#keepFolder(session) : null;
    keeping?.catch(() => {});
    const release = body.release ?? null;
    const tools = { follower, signal, latch, space, pace, release };
    const writer = new StagedWriter(file, offset, tools);
    const giveBack = () => file.truncate(offset).catch(() => {});
    const ends = { expected, signal, keepsCut: !isWhole, giveBack };
    const cut = await receiveBody(body, writer, ends);
    if (cut !== null && isWhole) return { ...session, digest: null, cut };
    // The bytes of a broken body are reported as an offset as well, however the request was to end.
    if (resumable || cut !== null) await (keeping ?? this.#keepFolder(session));
    // Without a byte nothing was synced, not even the cut to the offset.
    if (writer.written > offset) onDisk.noteBytes(id, writer.written);
    return { ...session, offset: writer.written, digest: null, cut };
  }

  follow(staged: Staged, options: FollowOptions): AsyncIterable<Uint8Array> {
    return this.#options.readers.follow(staged, options);
  }

  async seal(session: Session, options: SealOptions): Promise<Sealed> {
    const { hashing, readers, sealing } = this.#options;
    const { id, staging, offset: size } = session;
    await this.#takeUp(session);
    const digestBy = (algorithm: Session["algorithm"]) =>
      hashing.digest(id, staging, { size, algorithm });
    const sealed = await sealing.seal(session, digestBy, options);
    if (sealed.kind === "sealed") readers.seal(session);
    return sealed;
  }

  list(): AsyncIterable<StagedEntry> {
    return listStagedEntries(join(this.#options.directory, "uploads"));
  }

  async discard(id: UploadId, staging: StagingState): Promise<void> {
    const { directory, discarded, latch, newId, readers } = this.#options;
    const isStored = readers.isSealed(id);
    this.forget(id);
    const aside = join(discarded, `${id}.${newId()}`);
    try {
      await rename(placeOf(directory, { id, staging }).folder, aside);
    } catch (error) {
      if (isAbsent(error)) return;
      throw writeFailure(error, latch);
    } finally {
      readers.drop(id);
    }
    const removing = rm(aside, { recursive: true, force: true }).catch((error: unknown) => {
      const failure = writeFailure(error, latch);
      // Out of sight it is: what cannot be removed for now `tidy` ends.
      if (!(failure instanceof RegistryError) || failure.situation !== "BUSY") throw failure;
    });
    // Who cancels may need the space at once. What is stored keeps its bytes, and an object's parts may be thousands, or many GiB: no
    // request waits for those. `tidy` finishes the rest.
    if (staging === noState && !isStored) return removing;
    const removal = removing.catch(() => {}).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  forget(id: UploadId): void {
    this.#options.hashing.forget(id);
    this.#options.assembly.forget(id);
    this.#options.onDisk.forget(id);
    this.#options.readers.drop(id);
  }

  async tidy(): Promise<void> {
    const { discarded } = this.#options;
    const failures: unknown[] = [];
    for await (const { name } of folderEntries(discarded)) {
      const path = join(discarded, name);
      await rm(path, { recursive: true, force: true }).catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, "not everything could be dropped");
  }

  /** Waits for removals that have begun. */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
  }

  /** A session that this process knows nothing of is read again in the background, and compared where its chunks ended. */
  async #takeUp({ id, staging, offset, algorithm, boundaries }: Session): Promise<void> {
    const { hashing } = this.#options;
    if (offset === 0 || hashing.knows(id)) return;
    hashing.takeUp(id, staging, { offset, algorithm, boundaries: await boundaries() });
  }

  /** After a power loss the session's folder must still be found from the top. */
  async #keepFolder(staged: Staged): Promise<void> {
    const { directory, syncs, onDisk } = this.#options;
    if (onDisk.hasFolder(staged.id)) return;
    const { folder, parent } = placeOf(directory, staged);
    await Promise.all([syncs.syncOnce(folder), syncs.sync(parent)]);
    onDisk.noteFolder(staged.id);
  }
}

/** Notifies readers of staged bytes as well. */
const tell = (hasher: StagingFollower, advance: (offset: number) => void): StagingFollower => ({
  staged(offset, chunks) {
    advance(offset + chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
    return hasher.staged(offset, chunks);
  },
});
