// Folders whose entries must outlive a power loss. Callers who wait for the same folder at the same moment share one sync.
import { constants } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { GroupSync } from "../../durability/groupSync.ts";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import { RegistryError } from "../../errors.ts";
import { FailedSync, isAbsent, writeFailure } from "./failures.ts";

/** Syncs and makes folders. */
export class FolderSyncs {
  readonly #latch: WriteLatch;
  readonly #groups = new Map<string, GroupSync>();
  readonly #made = new Set<string>();

  constructor(latch: WriteLatch) {
    this.#latch = latch;
  }

  /**
   * Makes the entries of a folder durable. @throws RegistryError UPLOAD_UNKNOWN when the folder is missing, BUSY when it cannot be opened
   * for now, DISK_FULL, READ_ONLY.
   */
  async sync(folder: string): Promise<void> {
    let group = this.#groups.get(folder);
    if (group === undefined) {
      group = new GroupSync(() => syncFolder(folder));
      this.#groups.set(folder, group);
    }
    try {
      await group.wait();
    } catch (error) {
      if (isAbsent(error)) throw new RegistryError("UPLOAD_UNKNOWN", { cause: error });
      throw writeFailure(error, this.#latch);
    }
  }

  /** As `sync`, for a folder that will not be synced again. */
  async syncOnce(folder: string): Promise<void> {
    try {
      await this.sync(folder);
    } finally {
      this.#groups.delete(folder);
    }
  }

  /** Makes `<top>/<middle>/<bottom>`, durably, when it is first used. */
  async make(top: string, middle: string, bottom: string): Promise<void> {
    const folder = join(top, middle, bottom);
    if (this.#made.has(folder)) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.sync(top);
    await this.sync(join(top, middle));
    this.#made.add(folder);
  }

  /** As `make`, for many: one by one, each would cost the first push into it two syncs more. */
  async makeAll(top: string, middle: string, bottoms: readonly string[]): Promise<void> {
    const parent = join(top, middle);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const found = new Set(await readdir(parent));
    for (const bottom of bottoms) {
      if (!found.has(bottom)) await mkdir(join(parent, bottom), { recursive: true, mode: 0o700 });
    }
    // Also for those that were there: an earlier process may have died before it synced them.
    await this.sync(top);
    await this.sync(parent);
    for (const bottom of bottoms) this.#made.add(join(parent, bottom));
  }

  /** As `make`, for a folder that should have been there. */
  async makeAgain(top: string, middle: string, bottom: string): Promise<void> {
    this.#made.delete(join(top, middle, bottom));
    await this.make(top, middle, bottom);
  }
}

/** One sync of one folder. @throws FailedSync; what opening throws, which says nothing of its entries. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } catch (error) {
    throw new FailedSync(error);
  } finally {
    await folder.close();
  }
}
