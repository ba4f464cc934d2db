// Files of this machine that become content: by hard link, by shared blocks, or as a copy. Runs in commands, which have nothing else to
// do meanwhile: reads block, since for 100,000 small files another thread for each call costs more than the call.
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "../../durability/errno.ts";
import { GroupSync } from "../../durability/groupSync.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import {
  type Algorithm,
  algorithmOf,
  type Digest,
  digestFromHex,
  hexOf,
} from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import { makeUploadId } from "../../model/uploadId.ts";
import type { Intake, OutsideFile, Taken } from "../intake.ts";
import type { Staging } from "../staging.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import type { FolderSyncs } from "./folderSyncs.ts";
import type { FreeSpace } from "./freeSpace.ts";
import type { Sealing } from "./sealing.ts";
import { placeOf } from "./stagedPlaces.ts";
import { readStoredName } from "./storedNames.ts";
import { canSyncWhole, syncWhole } from "./wholeSync.ts";

/** What it works with; all of it is the storage's. */
interface FilesystemIntakeOptions {
  /** The data directory. */
  readonly directory: string;
  readonly blobs: string;
  readonly latch: WriteLatch;
  readonly clock: () => number;
  readonly newId: () => string;
  readonly space: FreeSpace;
  readonly syncs: FolderSyncs;
  readonly staging: Staging;
  readonly sealing: Sealing;
}

/** File systems and rights that do not allow a link: the bytes are then cloned or copied. */
const noLink: ReadonlySet<string | null> = new Set([
  ...["EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP"],
]);
const notFollowed = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
const buffer = new Uint8Array(1_048_576);

/** This group of the port. */
export class FilesystemIntake implements Intake {
  readonly #options: FilesystemIntakeOptions;
  /** File systems that have refused to share blocks: it is not tried for each of their files. */
  readonly #uncloneable = new Set<number>();
  /** Names, and what another program left in memory of their bytes: it would be lost with the power under both names. */
  readonly #whole: GroupSync;
  /** The file system of the stored content. */
  #device: bigint | null = null;

  constructor(options: FilesystemIntakeOptions) {
    this.#options = options;
    this.#whole = new GroupSync(async () => {
      // Everyone who is about to ask joins in.
      await new Promise((resolve) => setImmediate(resolve));
      syncWhole(options.blobs);
    });
  }

  async take(file: OutsideFile): Promise<Taken> {
    this.#options.latch.assertWritable();
    let read: Read | null;
    try {
      read = readWhole(file);
    } catch (error) {
      return unreadable(reasonOf(error));
    }
    if (read === null) return unreadable("it is not a file");
    if (read.actual !== file.digest) return { kind: "mismatch", actual: read.actual };
    try {
      const isShareable = file.share && this.#isOursAlone(read.stats);
      return (isShareable ? await this.#link(file, read.stats) : null) ?? (await this.#copy(file));
    } catch (error) {
      throw writeFailure(error, this.#options.latch);
    }
  }

  async share(locator: Locator, path: string): Promise<"link" | "clone" | null> {
    if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
    const from = join(this.#options.blobs, locator);
    const device = statSync(this.#options.blobs).dev;
    if (statSync(dirname(path)).dev !== device) return null;
    try {
      if (await this.#clone(from, path, device)) return "clone";
      linkSync(from, path);
      return "link";
    } catch (error) {
      if (isAbsent(error) || noLink.has(errnoOf(error))) return null;
      throw error;
    }
  }

  /** Nobody else may write to it: a change through its other name would be a change of our content. */
  #isOursAlone({ dev, uid, mode }: BigIntStats): boolean {
    this.#device ??= statSync(this.#options.blobs, { bigint: true }).dev;
    const isPrivate = Number(uid) === process.getuid?.() && (mode & 0o022n) === 0n;
    return canSyncWhole() && dev === this.#device && isPrivate;
  }

  /** @returns null when a link cannot be made, or the name is no longer that of the file that was read. */
  async #link({ path, digest, owner }: OutsideFile, read: BigIntStats): Promise<Taken | null> {
    const { blobs, syncs } = this.#options;
    const [algorithm, prefix] = [algorithmOf(digest), hexOf(digest).slice(0, 2)];
    const locator = `${algorithm}/${prefix}/${hexOf(digest)}.${owner}` as Locator;
    const to = join(blobs, locator);
    await syncs.make(blobs, algorithm, prefix);
    try {
      linkSync(path, to);
    } catch (error) {
      if (isAbsent(error) || noLink.has(errnoOf(error))) return null;
      throw error;
    }
    const { ino, mtimeNs, size } = lstatSync(to, { bigint: true });
    if (ino !== read.ino || mtimeNs !== read.mtimeNs || size !== read.size) {
      unlinkSync(to);
      return null;
    }
    await this.#whole.wait();
    return { kind: "taken", locator, size: Number(size), way: "link" };
  }

  /** Bytes of our own: cloned where the file system can, read back, and sealed like an upload. */
  async #copy({ path, digest, owner, share }: OutsideFile): Promise<Taken> {
    const { directory, staging, sealing, clock, newId, space } = this.#options;
    const { size: announced, dev } = lstatSync(path);
    await space.take(announced);
    const id = makeUploadId(newId());
    const state = await staging.begin(id, clock());
    const { file: copy } = placeOf(directory, { id, staging: state });
    let descriptor: number | null = null;
    try {
      const way = await this.#duplicate(path, copy, share ? dev : null);
      const own = openSync(copy, notFollowed);
      descriptor = own;
      fchmodSync(own, 0o600);
      const { size } = fstatSync(own);
      const sealed = await sealing.seal(
        { id, staging: state, offset: size },
        async (algorithm) => hash(own, algorithm),
        { as: algorithmOf(digest), expected: [digest], owner, isStored: async () => false },
      );
      if (sealed.kind === "mismatch") return { kind: "mismatch", actual: sealed.actual };
      if (sealed.locator === null) throw new Error("sealed bytes have no name");
      return { kind: "taken", locator: sealed.locator, size, way };
    } finally {
      if (descriptor !== null) closeSync(descriptor);
      await staging.discard(id, state);
    }
  }

  /** @param device of the source; null where blocks are not to be shared. */
  async #duplicate(from: string, to: string, device: number | null): Promise<"clone" | "copy"> {
    if (device !== null && (await this.#clone(from, to, device))) return "clone";
    await copyFile(from, to);
    return "copy";
  }

  /** @param device of both. @returns false where blocks cannot be shared, and leaves nothing then. */
  async #clone(from: string, to: string, device: number): Promise<boolean> {
    if (this.#uncloneable.has(device)) return false;
    try {
      await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      await rm(to, { force: true });
      if (!isAbsent(error)) this.#uncloneable.add(device);
      return false;
    }
  }
}

/** A file as it was read. */
interface Read {
  readonly actual: Digest;
  readonly stats: BigIntStats;
}

/** @returns null for what is no file. @throws errno errors. */
function readWhole({ path, digest }: OutsideFile): Read | null {
  const descriptor = openSync(path, notFollowed);
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    return stats.isFile() ? { stats, actual: hash(descriptor, algorithmOf(digest)) } : null;
  } finally {
    closeSync(descriptor);
  }
}

function hash(descriptor: number, algorithm: Algorithm): Digest {
  const hasher = new Bun.CryptoHasher(algorithm);
  for (let at = 0; ; ) {
    const count = readSync(descriptor, buffer, 0, buffer.length, at);
    if (count === 0) return digestFromHex(algorithm, hasher.digest("hex"));
    hasher.update(buffer.subarray(0, count));
    at += count;
  }
}

const unreadable = (reason: string): Taken => ({ kind: "unreadable", reason });

function reasonOf(error: unknown): string {
  if (isAbsent(error) || errnoOf(error) === "ENOTDIR") return "it is missing";
  if (errnoOf(error) === "ELOOP") return "it is a symbolic link";
  if (errnoOf(error) === null) throw error;
  return error instanceof Error ? error.message : String(error);
}
