// Staged parts of objects on a local file system: tmp/multipart/<upload id>/part-00001, a new version next to it under a name of
// its own until its row is durable. `whole` in the same folder is staged bytes like any session's.
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, rename, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "../../durability/errno.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import type { PartPlace, StagedPart } from "../../model/staged.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Parts, ReceivedPart, RecordedPart } from "../parts.ts";
import { receiveBody } from "../receiveBody.ts";
import type { AppendOptions, Body, Sealed, SealOptions } from "../staging.ts";
import type { Assembly } from "./assembly/assembly.ts";
import { isAbsent, syncFailure, writeFailure } from "./failures.ts";
import { folderEntries } from "./folderEntries.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import type { FreeSpace } from "./freeSpace.ts";
import { partPaths, partPlace } from "./partNames.ts";
import type { Sealing } from "./sealing.ts";
import { multipartFolder, partsState, readFolderName } from "./stagedPlaces.ts";
import { StagedWriter, unfollowed } from "./stagedWriter.ts";
import type { SyncPace } from "./syncPace.ts";

/** How often a folder is made that another request's end removes again, because it is empty for a moment. */
const attempts = 5;
const newFile = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** The storage's dependencies of parts. */
export interface PartsOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  readonly newId: () => string;
  readonly space: FreeSpace;
  readonly pace: SyncPace;
  readonly syncs: FolderSyncs;
  readonly sealing: Sealing;
  readonly assembly: Assembly;
  /** Drops everything staged for an object. */
  readonly discard: (id: UploadId) => Promise<void>;
}

/** This group of the port. */
export class FilesystemParts implements Parts {
  readonly #options: PartsOptions;
  readonly #folder: string;

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#folder = multipartFolder(options.directory);
  }

  async receive(
    id: UploadId,
    number: number,
    body: Body,
    { expected, signal }: Pick<AppendOptions, "expected" | "signal">,
  ): Promise<ReceivedPart> {
    const { latch, space, pace, newId } = this.#options;
    latch.assertWritable();
    // Only asked here; each write takes its own share.
    if (expected !== null) await space.assertFits(expected);
    const place = partPlace(id, number, newId());
    const file = await this.#create(place);
    const release = body.release ?? null;
    const tools = { follower: unfollowed, latch, space, pace, signal, release };
    const writer = new StagedWriter(file, 0, tools);
    const giveBack = () => this.#remove(place).catch(() => {});
    try {
      const cut = await receiveBody(body, writer, { expected, signal, keepsCut: false, giveBack });
      if (cut === null) await this.#keep(file, writer.written, place);
      else await giveBack();
      return { place, size: writer.written, cut };
    } catch (error) {
      await giveBack();
      throw error;
    } finally {
      await file.close();
    }
  }

  /** What is replaced has the same name. */
  async recorded(
    id: UploadId,
    { part }: RecordedPart,
    all: () => Promise<readonly StagedPart[]>,
  ): Promise<void> {
    const { own, plain } = this.#paths(part.place);
    try {
      await rename(own, plain);
    } catch (error) {
      if (!isAbsent(error)) throw writeFailure(error, this.#options.latch);
    }
    this.#options.assembly.partRecorded(id, part, all);
  }

  async complete(
    id: UploadId,
    parts: readonly StagedPart[],
    options: Omit<SealOptions, "as">,
  ): Promise<Sealed> {
    const { assembly, sealing } = this.#options;
    const { size, digest } = await assembly.complete(id, parts);
    const whole = { id, offset: size, staging: partsState };
    return sealing.seal(whole, async () => digest, { ...options, as: "sha256" });
  }

  discard(id: UploadId): Promise<void> {
    return this.#options.discard(id);
  }

  async drop(place: PartPlace): Promise<void> {
    try {
      await this.#remove(place);
    } catch (error) {
      throw writeFailure(error, this.#options.latch);
    }
  }

  async *list(): AsyncGenerator<UploadId> {
    for await (const { name } of folderEntries(this.#folder)) {
      const id = readFolderName(name);
      // Anything with another name is not ours and is left alone.
      if (id !== null) yield id;
    }
  }

  /** The upload's folder is made by its first part. */
  async #create(place: PartPlace): Promise<FileHandle> {
    const { own } = this.#paths(place);
    try {
      for (let attempt = 1; ; attempt += 1) {
        await mkdir(dirname(own), { mode: 0o700 }).catch(ignore("EEXIST"));
        try {
          return await open(own, newFile, 0o600);
        } catch (error) {
          if (!isAbsent(error) || attempt === attempts) throw error;
        }
      }
    } catch (error) {
      throw writeFailure(error, this.#options.latch);
    }
  }

  /** After a power loss the part must still be found from the top. @throws RegistryError MULTIPART_UNKNOWN, READ_ONLY. */
  async #keep(file: FileHandle, size: number, place: PartPlace): Promise<void> {
    const { latch, syncs } = this.#options;
    const { own } = this.#paths(place);
    // The writer syncs what it has written.
    if (size === 0) {
      await file.datasync().catch((error: unknown) => {
        throw syncFailure(error, latch);
      });
    }
    try {
      await Promise.all([syncs.syncOnce(dirname(own)), syncs.sync(this.#folder)]);
      // The folder may have been dropped, and made again for a part that came even later.
      await lstat(own);
    } catch (error) {
      const isGone =
        isAbsent(error) || (error instanceof RegistryError && error.situation === "UPLOAD_UNKNOWN");
      throw isGone ? new RegistryError("MULTIPART_UNKNOWN", { cause: error }) : error;
    }
  }

  /** With its folder, if nothing else is in it. */
  async #remove(place: PartPlace): Promise<void> {
    const { own } = this.#paths(place);
    await unlink(own).catch(ignore("ENOENT"));
    await rmdir(dirname(own)).catch(ignore("ENOENT", "ENOTEMPTY", "EEXIST"));
  }

  #paths(place: PartPlace): { readonly own: string; readonly plain: string } {
    const { own, plain } = partPaths(place);
    const { directory } = this.#options;
    return { own: join(directory, own), plain: join(directory, plain) };
  }
}

function ignore(...names: readonly string[]): (error: unknown) => null {
  return (error) => {
    if (names.includes(errnoOf(error) ?? "")) return null;
    throw error;
  };
}
