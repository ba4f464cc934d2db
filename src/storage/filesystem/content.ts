// Content on a local file system: blobs/<algorithm>/<2 hex>/<hex>.<uuidv7>.
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { Locator } from "../../model/locator.ts";
import type {
  Content,
  OpenedContent,
  SendableContent,
  StoredName,
  StoredRow,
  StoredStat,
} from "../content.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { Sendables } from "./reading/sendables.ts";
import { listStoredNames, readStoredName, statStored } from "./storedNames.ts";

/** Its dependencies. */
export interface ContentOptions {
  /** Where content is. */
  readonly blobs: string;
  readonly latch: WriteLatch;
  /** Starts a worker that reads what is sent; null where nothing is: files are then read by the runtime's own threads. */
  readonly spawnReader: (() => Worker) | null;
}

/** This group of the port. */
export class FilesystemContent implements Content {
  readonly #options: ContentOptions;
  readonly #sendables: Sendables;

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#sendables = new Sendables(options.spawnReader);
  }

  async open({ locator, size }: StoredRow): Promise<OpenedContent | null> {
    const path = this.#path(locator);
    // Anything but a regular file is damage: no stored size is negative, so it never passes for the content.
    const found = await statStored(path);
    return found?.size === size ? { kind: "file", body: Bun.file(path) } : null;
  }

  async reader(locator: Locator): Promise<SendableContent | null> {
    return this.#sendables.open(this.#path(locator));
  }

  stat(locator: Locator): Promise<StoredStat | null> {
    return statStored(this.#path(locator));
  }

  list(): AsyncIterable<readonly StoredName[]> {
    return listStoredNames(this.#options.blobs);
  }

  async delete(locator: Locator): Promise<void> {
    try {
      await unlink(this.#path(locator));
    } catch (error) {
      if (!isAbsent(error)) throw writeFailure(error, this.#options.latch);
    }
  }

  /** The session has its bytes under a name of its own. */
  release(locator: Locator): Promise<void> {
    return this.delete(locator);
  }

  readonly nameOf = readStoredName;

  close(): Promise<void> {
    return this.#sendables.close();
  }

  #path(locator: Locator): string {
    if (readStoredName(locator) === null) throw new Error("malformed locator in the database");
    return join(this.#options.blobs, locator);
  }
}
