// Bytes on a local file system: uploads/<uuid>/data while staged (an object's: tmp/multipart/<uuid>/whole),
// blobs/<algorithm>/<2 hex>/<hex>.<uuidv7> once published.
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { Storage } from "../storage.ts";
import { FilesystemContent } from "./content.ts";
import { FolderSyncs, syncFolder } from "./folderSyncs.ts";
import { FreeSpace } from "./freeSpace.ts";
import { FilesystemParts } from "./parts.ts";
import { filesystemRepair } from "./repair.ts";
import { multipartFolder } from "./stagedPlaces.ts";
import { FilesystemStaging } from "./staging.ts";

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
  return compose(options, folders);
}

/** The four groups, over the same folders. */
function compose(
  options: FilesystemOptions,
  folders: Readonly<Record<"uploads" | "blobs" | "discarded", string>>,
): Storage {
  const { directory, latch, spawnReader = null } = options;
  const { uploads, blobs } = folders;
  const syncs = new FolderSyncs(latch);
  const space = new FreeSpace(directory, () => performance.now());
  const staging = new FilesystemStaging({ ...options, ...folders, space, syncs });
  const content = new FilesystemContent({ blobs, latch, spawnReader });
  // Nobody waits for it: a push that comes first makes the folder it needs.
  const preparing = syncs.makeAll(blobs, "sha256", prefixes).catch(() => {});
  return {
    staging,
    content,
    parts: new FilesystemParts({ ...options, space, syncs }),
    repair: filesystemRepair({ ...options, syncs }),
    check: async () => {
      await Promise.all([stat(uploads), stat(blobs)]);
    },
    close: async () => {
      await Promise.all([preparing, staging.close(), content.close()]);
    },
  };
}
