// Bytes on a local file system: uploads/<uuid>/data while staged (an object's: tmp/multipart/<uuid>/whole),
// blobs/<algorithm>/<2 hex>/<hex>.<uuidv7> once published.
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Staged } from "../staging.ts";
import type { Storage } from "../storage.ts";
import { Assembly } from "./assembly/assembly.ts";
import { FilesystemContent } from "./content.ts";
import { FolderSyncs, syncFolder } from "./folderSyncs.ts";
import { FreeSpace } from "./freeSpace.ts";
import { Hashing } from "./hashing/hashing.ts";
import { FilesystemIntake } from "./intake.ts";
import { OnDisk } from "./onDisk.ts";
import { FilesystemParts } from "./parts.ts";
import { filesystemRepair } from "./repair.ts";
import { Sealing } from "./sealing.ts";
import { multipartFolder, partsState } from "./stagedPlaces.ts";
import { StagedReaders } from "./stagedReaders.ts";
import { StagedWrites } from "./stagedWrites.ts";
import { FilesystemStaging } from "./staging.ts";
import { SyncPace } from "./syncPace.ts";

/** `00` to `ff`. */
const prefixes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The options of the file system storage. */
export interface FilesystemOptions {
  /** The data directory. */
  readonly directory: string;
  readonly latch: WriteLatch;
  readonly clock: () => number;
  /** UUIDv7 source for names that are never used twice. */
  readonly newId: () => string;
  /** Absent where nothing but small bodies is received or sent: in commands and maintenance. */
  readonly serving?: Serving;
}

/** The file system's workers, each of which is given the data directory. */
export type FilesystemWorker = "hashing" | "assembly" | "reading";

/** Options of a server only. */
export interface Serving {
  readonly spawn: (worker: FilesystemWorker) => Worker;
  /** How many workers hash at most; each is started when it is first needed. */
  readonly hashers: number;
  /** See `HashingOptions`. */
  readonly inlineBytes?: number;
  /** Called when a session's staged bytes turn out to differ from what was received. */
  readonly onDamaged: (id: UploadId) => void;
  /** Called when a worker was lost and its work starts again. */
  readonly onWorkerLost: (worker: FilesystemWorker, reason: string) => void;
  /** Receives notices about workers and disks for the operator, in a sentence. */
  readonly onNotice: (sentence: string) => void;
}

/** How often idle states are forgotten. Unit: ms. */
const forgetEveryMs = 60_000;

const alone: Serving = {
  spawn: (worker) => {
    throw new Error(`the storage was opened without workers: ${worker} cannot be done here`);
  },
  hashers: 1,
  onDamaged: () => {},
  onWorkerLost: () => {},
  onNotice: () => {},
};

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
  return compose(options, folders);
}

/** The five groups, over the same folders. */
function compose(
  options: FilesystemOptions,
  { uploads, blobs, discarded }: Readonly<Record<"uploads" | "blobs" | "discarded", string>>,
): Storage {
  const { directory, latch, serving } = options;
  const syncs = new FolderSyncs(latch);
  const elapsed = () => performance.now();
  const [space, pace] = [new FreeSpace(directory, elapsed), new SyncPace(elapsed)];
  const onDisk = new OnDisk();
  const writes = new StagedWrites({ directory, latch, syncs, onDisk });
  const { hashing, assembly, close } = openWorkers(options);
  const onNamed = ({ id }: Staged) => hashing.forget(id);
  const sealing = new Sealing({ directory, blobs, latch, syncs, writes, onNamed });
  const shared = { ...options, space, pace, syncs, sealing, hashing, assembly };
  const staging = new FilesystemStaging({
    ...shared,
    discarded,
    writes,
    onDisk,
    readers: new StagedReaders(directory),
  });
  const spawnReader = serving === undefined ? null : () => serving.spawn("reading");
  const content = new FilesystemContent({ blobs, latch, spawnReader });
  // Runs in the background: an earlier push makes the folder it needs.
  const preparing = syncs.makeAll(blobs, "sha256", prefixes).catch(() => {});
  return {
    staging,
    content,
    parts: new FilesystemParts({ ...shared, discard: (id) => staging.discard(id, partsState) }),
    repair: filesystemRepair({ ...options, syncs }),
    intake: new FilesystemIntake({ ...shared, blobs, staging }),
    check: async () => {
      await Promise.all([stat(uploads), stat(blobs)]);
    },
    async space() {
      const { free, total } = await space.read();
      return { free, total };
    },
    close: async () => {
      await Promise.all([close(), preparing, staging.close(), content.close()]);
    },
  };
}

/** Hashing and assembly: worker threads that start when there is work. */
function openWorkers({ directory, latch, serving = alone }: FilesystemOptions) {
  const { spawn, hashers, inlineBytes, onDamaged, onNotice, onWorkerLost } = serving;
  const hashing = new Hashing({
    ...{ directory, onDamaged, onNotice },
    ...(inlineBytes === undefined ? {} : { inlineBytes }),
    workers: hashers,
    spawn: () => spawn("hashing"),
    onWorkerLost: (reason) => onWorkerLost("hashing", reason),
  });
  const assembly = new Assembly({
    ...{ directory, latch },
    spawn: () => spawn("assembly"),
    onWorkerLost: (reason) => onWorkerLost("assembly", reason),
  });
  const forgetting = setInterval(() => {
    const now = performance.now();
    hashing.forgetIdle(now);
    assembly.forgetIdle(now);
  }, forgetEveryMs);
  forgetting.unref();
  const close = async () => {
    clearInterval(forgetting);
    await Promise.all([hashing.close(), assembly.close()]);
  };
  return { hashing, assembly, close };
}
