// One turn of work on one upload: parts are read, hashed, compared with their etags, and written behind what stands.
import { RegistryError } from "../../errors.ts";
import type { AssembledFile, AssembledFiles, PartFile } from "../../storage/assembledFile.ts";
import { Fingerprint } from "../fingerprint.ts";
import type { Prefix } from "./prefix.ts";
import type { WantedPart } from "./protocol.ts";

/** After so many bytes it is another upload's turn. */
const turnBytes = 64 * 1024 * 1024;
/** What a part counts for beside its bytes: opening one costs about as much as reading this. */
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

/** What a turn works with. */
export interface TurnTools {
  readonly files: Pick<AssembledFiles, "openPart" | "hasRoom">;
  readonly whole: AssembledFile;
  readonly prefix: Prefix;
  /** Bytes on their way; small parts are gathered in it. */
  readonly buffer: Uint8Array;
  /** Told often, whatever the turn takes. */
  readonly onProgress: () => void;
}

/** Done once. */
export class Turn {
  readonly #tools: TurnTools;
  /** Bytes of the buffer that were hashed and are still to be written. */
  #filled = 0;
  #left = turnBytes;
  #written = 0;

  constructor(tools: TurnTools) {
    this.#tools = tools;
  }

  /** Bytes that this turn has added to the file. */
  get written(): number {
    return this.#written;
  }

  /**
   * What was added stands when it returns. @throws PartProblem: everything before the part stands. RegistryError DISK_FULL,
   * READ_ONLY, BUSY: nothing can be said of the file.
   */
  run(): void {
    const { prefix } = this.#tools;
    try {
      while (this.#left > 0 && prefix.next !== null) this.#addPart(prefix.next);
    } catch (error) {
      if (!(error instanceof PartProblem)) throw error;
      this.#dropPart();
      throw error;
    }
    this.#flush();
  }

  #addPart(part: WantedPart): void {
    const { files, prefix } = this.#tools;
    const file = openPart(files, part);
    try {
      const current = prefix.current ?? this.#begin(part, file);
      if (!current.shared && !files.hasRoom(part.size - current.at + this.#filled)) {
        throw new RegistryError("DISK_FULL", { retryAfter: 30 });
      }
      this.#left -= partCost;
      if (this.#read(part, file, current)) this.#finish(part, current);
    } finally {
      file.close();
    }
  }

  #begin(part: WantedPart, file: PartFile): NonNullable<Prefix["current"]> {
    const { prefix, whole } = this.#tools;
    const current = prefix.begin(new Fingerprint());
    if (part.size >= leastShared) {
      this.#flush();
      current.shared = whole.share(file, current.start, part.size);
      if (current.shared) this.#written += part.size;
    }
    return current;
  }

  /** @returns false when the turn ends before the part does. @throws PartProblem. */
  #read(part: WantedPart, file: PartFile, current: NonNullable<Prefix["current"]>): boolean {
    const { buffer, prefix, onProgress } = this.#tools;
    for (;;) {
      if (this.#filled === buffer.byteLength) this.#flush();
      const rest = part.size - current.at;
      // One byte more than there should be, so that the end is seen by the same read.
      const space = buffer.subarray(this.#filled, this.#filled + rest + 1);
      const count = readable(part, () => file.read(current.at, space));
      if (count > rest) throw new PartProblem(part, "is longer than it was when it arrived");
      prefix.update(current, space.subarray(0, count));
      this.#left -= count;
      if (!current.shared) this.#filled += count;
      onProgress();
      if (count < space.byteLength) break;
      if (this.#left <= 0) return false;
    }
    return true;
  }

  #finish(part: WantedPart, { at, fingerprint }: NonNullable<Prefix["current"]>): void {
    if (at < part.size) throw new PartProblem(part, "is shorter than it was when it arrived");
    if (fingerprint.etag() !== part.etag) {
      throw new PartProblem(part, "is not what it was when it arrived");
    }
    this.#tools.prefix.finish();
  }

  /** Leaves what stood before the part that is being added. */
  #dropPart(): void {
    const { prefix, whole } = this.#tools;
    const { current } = prefix;
    if (current !== null && !current.shared) this.#filled -= Math.min(this.#filled, current.at);
    prefix.dropCurrent();
    this.#flush();
    whole.cut(prefix.position);
  }

  #flush(): void {
    if (this.#filled === 0) return;
    const { whole, prefix, buffer } = this.#tools;
    whole.write(buffer.subarray(0, this.#filled), prefix.position - this.#filled);
    this.#written += this.#filled;
    this.#filled = 0;
  }
}

function openPart(files: TurnTools["files"], part: WantedPart): PartFile {
  const file = readable(part, () => files.openPart(part.place));
  if (file === null) throw new PartProblem(part, "is missing");
  return file;
}

/** Whatever reading fails with would fail again: only the client has these bytes. */
function readable<T>(part: WantedPart, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new PartProblem(part, "cannot be read", error);
  }
}
