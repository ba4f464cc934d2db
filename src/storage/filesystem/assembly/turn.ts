// One turn of work on one upload: parts are read, hashed, compared with their etags, and appended.
import { RegistryError } from "../../../errors.ts";
import { Fingerprint } from "../../../model/fingerprint.ts";
import type { AssembledFile, AssembledFiles, PartFile } from "./assembledFile.ts";
import type { BlockWriter } from "./blockWriter.ts";
import type { Prefix } from "./prefix.ts";
import type { WantedPart } from "./protocol.ts";

/** After so many bytes it is another upload's turn. */
const turnBytes = 64 * 1024 * 1024;
/** The cost of a part besides its bytes: opening one costs about as much as reading this. */
const partCost = 4096;
/** Sharing the blocks of smaller parts costs more than writing their bytes. */
const leastShared = 256 * 1024;

/** A part that cannot be used. */
export class PartProblem extends Error {
  readonly part: number;
  constructor({ number }: WantedPart, what: string, cause?: unknown) {
    super(`part ${number} ${what}; send it again, then complete`, { cause });
    this.part = number;
  }
}

/** The dependencies of a turn. */
export interface TurnTools {
  readonly files: Pick<AssembledFiles, "openPart" | "hasRoom">;
  readonly whole: AssembledFile;
  readonly prefix: Prefix;
  /** Called often during a turn. */
  readonly onProgress: () => void;
}

type Current = NonNullable<Prefix["current"]>;

/** Done once. */
export class Turn {
  readonly #tools: TurnTools;
  #writer: BlockWriter;
  #left = turnBytes;
  #written = 0;

  constructor(tools: TurnTools) {
    this.#tools = tools;
    this.#writer = tools.whole.writer(tools.prefix.end);
  }

  /** Bytes that this turn has added to the file. */
  get written(): number {
    return this.#written;
  }

  /**
   * The added parts are in place when it resolves. @throws PartProblem: everything before the part is in place. RegistryError DISK_FULL,
   * READ_ONLY, BUSY: nothing can be said of the file, but nothing is on its way to it any more.
   */
  async run(): Promise<void> {
    const { prefix } = this.#tools;
    try {
      while (this.#left > 0 && prefix.next !== null) await this.#addPart(prefix.next);
    } catch (error) {
      if (error instanceof PartProblem) await this.#dropPart();
      else await this.#settle().catch(() => {});
      throw error;
    }
    await this.#settle();
  }

  async #addPart(part: WantedPart): Promise<void> {
    const { files, prefix } = this.#tools;
    const file = openPart(files, part);
    try {
      const current = prefix.current ?? (await this.#begin(part, file));
      if (!current.shared && !files.hasRoom(part.size - current.at + this.#writer.pending)) {
        throw new RegistryError("DISK_FULL", { retryAfter: 30 });
      }
      this.#left -= partCost;
      if (!(await this.#read(part, file, current))) return;
      this.#finish(part, current);
      if (part.size >= leastShared) file.letGo();
    } finally {
      file.close();
    }
  }

  async #begin(part: WantedPart, file: PartFile): Promise<Current> {
    const { prefix, whole } = this.#tools;
    const current = prefix.begin(new Fingerprint());
    if (part.size < leastShared) return current;
    current.shared = whole.share(file, current.start, part.size);
    if (!current.shared) return current;
    this.#written += part.size;
    // The next bytes are written behind it.
    await this.#settle();
    this.#writer = whole.writer(current.start + part.size);
    return current;
  }

  /** @returns false when the turn ends before the part does. @throws PartProblem. */
  async #read(part: WantedPart, file: PartFile, current: Current): Promise<boolean> {
    const { prefix, onProgress } = this.#tools;
    for (;;) {
      const rest = part.size - current.at;
      // One byte more than there should be, so that the end is seen by the same read.
      const space = (await this.#writer.space()).subarray(0, rest + 1);
      const count = readable(part, () => file.read(current.at, space));
      if (count > rest) throw new PartProblem(part, "is longer than when it was received");
      prefix.update(current, space.subarray(0, count));
      this.#left -= count;
      if (!current.shared) this.#writer.take(count);
      onProgress();
      if (count < space.byteLength) return true;
      if (this.#left <= 0) return false;
    }
  }

  #finish(part: WantedPart, { at, fingerprint }: Current): void {
    if (at < part.size) throw new PartProblem(part, "is shorter than when it was received");
    if (fingerprint.etag() !== part.etag) {
      throw new PartProblem(part, "differs from what was received");
    }
    this.#tools.prefix.finish();
  }

  /** Truncates to the state before the part that is being added. */
  async #dropPart(): Promise<void> {
    const { prefix, whole } = this.#tools;
    await this.#settle();
    prefix.dropCurrent();
    whole.cut(prefix.position);
  }

  async #settle(): Promise<void> {
    this.#written += this.#writer.taken;
    await this.#writer.settle();
  }
}

function openPart(files: TurnTools["files"], part: WantedPart): PartFile {
  const file = readable(part, () => files.openPart(part.place));
  if (file === null) throw new PartProblem(part, "is missing");
  return file;
}

/** A failed read would fail again: only the client has these bytes. */
function readable<T>(part: WantedPart, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new PartProblem(part, "cannot be read", error);
  }
}
