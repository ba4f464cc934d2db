// A content of the store as a file that is sent: it never changes, and what is wrong with it is the store's fault.
import type { SourceFile } from "../client/pieces.ts";
import type { StoredReader } from "../storage/repair.ts";
import { UnreadableError, unreadable } from "./transfer.ts";

/** One that is open. @throws UnreadableError when it has other bytes than its row says, as far as that shows without a digest. */
export class StoredFile implements SourceFile {
  readonly size: number;
  readonly #reader: Pick<StoredReader, "read">;

  constructor(reader: Pick<StoredReader, "read">, size: number) {
    this.#reader = reader;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes, offset);
    return bytes;
  }

  async fill(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      const count = await this.#take(offset + done, bytes.subarray(done));
      if (count === 0) {
        throw new UnreadableError(`it has ${offset + done} bytes instead of ${this.size}`);
      }
      done += count;
    }
  }

  async assertSame(): Promise<void> {}

  /** @throws UnreadableError when it has more bytes than its row says. */
  async assertEnd(): Promise<void> {
    const count = await this.#take(this.size, new Uint8Array(1));
    if (count > 0) throw new UnreadableError(`it has more than ${this.size} bytes`);
  }

  #take(offset: number, into: Uint8Array): Promise<number> {
    return this.#reader.read(offset, into).catch((error: unknown) => {
      throw new UnreadableError(unreadable(error));
    });
  }
}
