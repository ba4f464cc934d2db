// Standard input → an object. Nothing can be read twice here: parts wait in memory until the server has them, and nothing is taken up later.
import { Fingerprint } from "../../content/fingerprint.ts";
import type { ObjectInfo } from "./answers.ts";
import { memoryPiece } from "./pieces.ts";
import { inputBudget, inputPartBytes } from "./plan.ts";
import { CommandError } from "./problems.ts";
import { type PutOptions, sendWhole } from "./putFile.ts";
import {
  assertStored,
  complete,
  initiate,
  type PutDeps,
  sendPart,
  type Upload,
} from "./putParts.ts";
import type { Transfer } from "./transfer.ts";

/** An input that is being put. `onUpload` is told of the upload, which is of no use when it is broken off. */
export interface InputPut extends PutDeps {
  readonly input: ReadableStream<Uint8Array>;
  readonly transfer: Transfer;
  readonly options: PutOptions;
  readonly onUpload: (upload: Upload) => void;
}

/** @returns what the server stored. @throws what ended it. */
export async function putInput(put: InputPut): Promise<ObjectInfo> {
  const { options, transfer } = put;
  const reader = new InputReader(put.input, transfer.stop);
  const sizeOf = (number: number, most: number): number =>
    options.partBytes ?? inputPartBytes(number, most);
  const first = await reader.take(sizeOf(1, Number.POSITIVE_INFINITY));
  if (reader.isAtEnd) {
    const stored = await sendWhole(put, memoryPiece(first), reader.digest());
    assertStored(put, stored, reader.digest());
    return stored;
  }
  const { upload, limits } = await initiate(put);
  put.onUpload(upload);
  const line = new Line(put, upload);
  let bytes = first;
  for (let number = 1; bytes.byteLength > 0; number += 1) {
    if (number > limits.maxParts) {
      throw new CommandError(
        `Standard input is longer than ${limits.maxParts} parts, and the server takes no more: name a larger --part-size.`,
      );
    }
    if (bytes.byteLength > limits.maxPartBytes) {
      throw new CommandError(
        `--part-size is more than the ${limits.maxPartBytes} bytes that the server takes.`,
      );
    }
    await line.push(number, bytes);
    bytes = await reader.take(sizeOf(number + 1, limits.maxPartBytes));
  }
  await line.drain();
  transfer.label = "storing";
  const digest = reader.digest();
  const stored = await complete(put, upload, digest);
  assertStored(put, stored, digest);
  return stored;
}

/** Parts on their way, as many at a time as memory allows. */
class Line {
  readonly #put: InputPut;
  readonly #upload: Upload;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(put: InputPut, upload: Upload) {
    this.#put = put;
    this.#upload = upload;
  }

  /** Resolves when there is room for the next one. @throws what an earlier one failed with. */
  async push(number: number, bytes: Uint8Array): Promise<void> {
    const sent: Promise<void> = this.#send(number, bytes)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(sent));
    this.#running.add(sent);
    // The next one is read into memory as well.
    const room = Math.max(1, Math.floor(inputBudget / bytes.byteLength) - 1);
    const most = Math.min(this.#put.options.parallel, room);
    while (this.#running.size >= most) await Promise.race(this.#running);
    this.#assertWell();
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#assertWell();
  }

  #assertWell(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #send(number: number, bytes: Uint8Array): Promise<void> {
    const fingerprint = new Fingerprint();
    fingerprint.update(bytes);
    for (let round = 0; round < 3; round += 1) {
      await sendPart(this.#put, this.#upload, { number, piece: memoryPiece(bytes) });
      if (this.#upload.stored.get(number) === fingerprint.etag()) return;
    }
    throw new CommandError(
      "Parts arrive at the server with other bytes than they have here: something on the way changes them.",
    );
  }
}

/** As much of a stream's reader as is needed. */
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Takes pieces of a wanted size from a stream, and hashes all of it. */
class InputReader {
  readonly #reader: Reader;
  readonly #stop: AbortSignal;
  readonly #hasher = new Bun.CryptoHasher("sha256");
  #rest: Uint8Array = new Uint8Array(0);
  isAtEnd = false;

  constructor(input: ReadableStream<Uint8Array>, stop: AbortSignal) {
    this.#reader = input.getReader();
    this.#stop = stop;
    // A terminal or a pipe may be silent for ever.
    stop.addEventListener("abort", () => void this.#reader.cancel().catch(() => {}));
  }

  /** @returns `size` bytes, or what is left before the end. */
  async take(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      if (this.#rest.byteLength === 0 && !(await this.#refill())) break;
      const next = this.#rest.subarray(0, size - filled);
      bytes.set(next, filled);
      filled += next.byteLength;
      this.#rest = this.#rest.subarray(next.byteLength);
    }
    // To know whether this was the last piece, one must look behind it.
    if (this.#rest.byteLength === 0) await this.#refill();
    const taken = bytes.subarray(0, filled);
    this.#hasher.update(taken);
    return taken;
  }

  /** Of everything that was taken. */
  digest(): string {
    return `sha256:${this.#hasher.copy().digest("hex")}`;
  }

  async #refill(): Promise<boolean> {
    while (!this.isAtEnd && this.#rest.byteLength === 0) {
      const { done, value } = await this.#reader.read();
      this.#stop.throwIfAborted();
      if (done || value === undefined) this.isAtEnd = true;
      else this.#rest = value;
    }
    return this.#rest.byteLength > 0;
  }
}
