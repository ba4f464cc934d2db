// Content on a local file system: blobs/<algorithm>/<2 hex>/<hex>.<uuidv7>.
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import type { WriteLatch } from "../../durability/writeLatch.ts";
import type { Locator } from "../../model/locator.ts";
import { Turns } from "../../process/turns.ts";
import type {
  Content,
  OpenedContent,
  SendableContent,
  StoredName,
  StoredRow,
  StoredStat,
} from "../content.ts";
import { isAbsent, writeFailure } from "./failures.ts";
import { Lately, type Look, type Seen } from "./reading/lately.ts";
import { Sendables } from "./reading/sendables.ts";
import { listStoredNames, lookAt, lookAtOnce, readStoredName } from "./storedNames.ts";

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
  readonly #lately = new Lately();
  readonly #turns = new Turns();

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#sendables = new Sendables(options.spawnReader);
  }

  async open({ locator, size }: StoredRow): Promise<OpenedContent | null> {
    const at = performance.now();
    const turn = this.#turns.now();
    const known = this.#lately.find(locator, at);
    const seen = known?.turn === turn ? known : await this.#look(locator, known, { at, turn });
    // Anything but a regular file is damage: no stored size is negative, so it never passes for the content.
    if (seen?.size !== size) return null;
    const { file, bytes } = seen;
    return bytes === null ? { kind: "file", body: file } : { kind: "bytes", body: bytes };
  }

  async #look(
    locator: Locator,
    known: Seen | null,
    when: Pick<Seen, "at" | "turn">,
  ): Promise<Seen | null> {
    const path = known?.path ?? this.#path(locator);
    // Asking another thread costs more than all the rest of a small pull: that is for what this one might wait for.
    const glance = known === null ? this.#sendables.glance(path) : null;
    const look = glance?.look ?? (known === null ? await lookAt(path) : lookAtOnce(path));
    return look && this.#lately.note(locator, look, { path, ...when }, glance?.bytes);
  }

  async reader(locator: Locator): Promise<SendableContent | null> {
    const keep = (look: Look, bytes: Uint8Array<ArrayBuffer>) =>
      this.#lately.keep(locator, look, bytes);
    return this.#sendables.open(this.#path(locator), keep);
  }

  async stat(locator: Locator): Promise<StoredStat | null> {
    const look = await lookAt(this.#path(locator));
    return look && { size: look.size };
  }

  list(): AsyncIterable<readonly StoredName[]> {
    return listStoredNames(this.#options.blobs);
  }

  async delete(locator: Locator): Promise<void> {
    this.#lately.forget(locator);
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
