// Repair in a bucket. Damaged objects are copied below damaged/ by the key that they had, on the server.
import { RegistryError } from "../../errors.ts";
import type { Locator } from "../../model/locator.ts";
import type { StagedPart } from "../../model/staged.ts";
import type { StoredName } from "../content.ts";
import type { PartFault, Repair, StoredReader } from "../repair.ts";
import type { Staged } from "../staging.ts";
import { answering, keyOf } from "./content.ts";
import { cellAt, cellStart } from "./grid.ts";
import { formatKey } from "./guard.ts";
import { folders, partKey, readStoredName, stagedOwner } from "./names.ts";
import { openRemote } from "./remoteReader.ts";
import { parseState } from "./state.ts";
import type { S3Tools } from "./tools.ts";

/** The largest object that is copied in one call; bytes. */
const copied = 5 * 1024 * 1024 * 1024;

/** This group of the port. */
export class S3Repair implements Repair {
  readonly #tools: S3Tools;

  constructor(tools: S3Tools) {
    this.#tools = tools;
  }

  read(locator: Locator): Promise<StoredReader | null> {
    return answering(() => openRemote(this.#tools.objects, keyOf(locator)));
  }

  holdsStaged(staged: Staged): Promise<boolean> {
    return answering(() => this.#holds(staged));
  }

  async #holds({ offset, staging }: Staged): Promise<boolean> {
    if (offset === 0) return true;
    const { objects, uploads, grid } = this.#tools;
    const { key, upload, parts, tail } = parseState(staging);
    const found = upload === null ? null : await uploads.parts({ key, upload });
    // Without an S3 upload, or after it was completed, one object has all bytes.
    if (found === null || (found.length === 0 && parts > 0)) {
      return ((await objects.head(key))?.size ?? -1) >= offset;
    }
    const counted = found.filter(({ number }) => number <= parts).length;
    const rest = offset - cellStart(grid, cellAt(grid, offset));
    if (counted !== parts || cellAt(grid, offset) !== parts) return false;
    return rest === 0 || (tail !== null && ((await objects.head(tail))?.size ?? -1) >= rest);
  }

  async partFault({ place, size }: Pick<StagedPart, "place" | "size">): Promise<PartFault | null> {
    const found = await answering(() => this.#tools.objects.head(partKey(place)));
    if (found === null) return "missing";
    if (found.size === size) return null;
    return found.size < size ? "shorter" : "longer";
  }

  async setAside(locator: Locator): Promise<boolean> {
    const { objects, latch } = this.#tools;
    latch.assertWritable();
    const key = keyOf(locator);
    return answering(async () => {
      const found = await objects.head(key);
      if (found === null) return false;
      if (found.size > copied) {
        throw new RegistryError("BUSY", { cause: "objects above 5 GiB cannot be set aside yet" });
      }
      await objects.copy(key, folders.damaged + key);
      await objects.remove(key);
      return true;
    });
  }

  async *listSetAside(): AsyncGenerator<readonly StoredName[]> {
    for await (const page of this.#tools.objects.list(folders.damaged)) {
      yield page
        .map(({ key }) => readStoredName(key.slice(folders.damaged.length)))
        .filter((name) => name !== null);
    }
  }

  async *listUnknown(): AsyncGenerator<string> {
    for await (const page of this.#tools.objects.list("")) {
      for (const { key } of page) if (!isOurs(key)) yield key;
    }
  }
}

function isOurs(key: string): boolean {
  if (key.startsWith(folders.damaged)) {
    return readStoredName(key.slice(folders.damaged.length)) !== null;
  }
  return key === formatKey || readStoredName(key) !== null || stagedOwner(key) !== null;
}
