// Repair in a bucket. Damaged objects are copied below damaged/ by the key that they had, on the server.
import { RegistryError } from "../../errors.ts";
import type { Locator } from "../../model/locator.ts";
import type { StagedPart } from "../../model/staged.ts";
import type { StoredName } from "../content.ts";
import type { PartFault, Repair, StoredReader } from "../repair.ts";
import type { Staged } from "../staging.ts";
import type { BucketClient } from "./client.ts";
import { answering, keyOf } from "./content.ts";
import { copyObject } from "./copying.ts";
import { cellAt, cellStart } from "./grid.ts";
import { folders, partKey, readStoredName, stagedOwner } from "./names.ts";
import { openRemote } from "./remoteReader.ts";
import { parseState } from "./state.ts";
import type { S3Tools } from "./tools.ts";
import { bucketWarnings, othersIn } from "./warnings.ts";

/** This group of the port. */
export class S3Repair implements Repair {
  readonly #tools: S3Tools;
  readonly #client: BucketClient;

  constructor(tools: S3Tools, client: BucketClient) {
    this.#tools = tools;
    this.#client = client;
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
      const copy = { from: key, to: folders.damaged + key, size: found.size };
      if (!(await copyObject(this.#tools, copy))) {
        throw new RegistryError("BUSY", { cause: "the object changed while it was copied" });
      }
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

  /** Where another program writes below the same prefix, the names of its folders. */
  async *listUnknown(): AsyncGenerator<string> {
    yield* await othersIn(this.#client);
    for (const folder of Object.values(folders)) {
      for await (const page of this.#tools.objects.list(folder)) {
        for (const { key } of page) if (!isOurs(key)) yield key;
      }
    }
  }

  warnings(): Promise<readonly string[]> {
    return bucketWarnings(this.#client);
  }
}

function isOurs(key: string): boolean {
  if (key.startsWith(folders.damaged)) {
    return readStoredName(key.slice(folders.damaged.length)) !== null;
  }
  return readStoredName(key) !== null || stagedOwner(key) !== null;
}
