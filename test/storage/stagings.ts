// The file system's staged bytes over a hashing that the test has made.
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { FolderSyncs } from "../../src/storage/filesystem/folderSyncs.ts";
import { FreeSpace } from "../../src/storage/filesystem/freeSpace.ts";
import type { Hashing } from "../../src/storage/filesystem/hashing/hashing.ts";
import { OnDisk } from "../../src/storage/filesystem/onDisk.ts";
import { Sealing } from "../../src/storage/filesystem/sealing.ts";
import { StagedReaders } from "../../src/storage/filesystem/stagedReaders.ts";
import { StagedWrites } from "../../src/storage/filesystem/stagedWrites.ts";
import { FilesystemStaging } from "../../src/storage/filesystem/staging.ts";
import { SyncPace } from "../../src/storage/filesystem/syncPace.ts";

/** @param directory a data directory that was opened before, so that its folders are there. */
export function stagingWith(directory: string, hashing: Hashing): FilesystemStaging {
  const latch = new WriteLatch(() => {});
  const syncs = new FolderSyncs(latch);
  const onDisk = new OnDisk();
  const writes = new StagedWrites({ directory, latch, syncs, onDisk });
  const onNamed = () => {};
  const blobs = join(directory, "blobs");
  return new FilesystemStaging({
    ...{ directory, latch, syncs, writes, onDisk, hashing },
    discarded: join(directory, "tmp", "discarded"),
    newId: Bun.randomUUIDv7,
    space: new FreeSpace(directory, () => performance.now()),
    pace: new SyncPace(() => performance.now()),
    sealing: new Sealing({ directory, blobs, latch, syncs, writes, onNamed }),
    readers: new StagedReaders(directory),
    assembly: { forget: () => {} },
  });
}
