// Standard input → an object. Nothing can be read twice here: parts wait in memory until the server has them, and nothing is taken up later.

import type { Limits, ObjectInfo } from "../../client/answers.ts";
import { memoryPiece } from "../../client/pieces.ts";
import { inputBudget, inputPartBytes } from "../../client/plan.ts";
import { CommandError } from "../../client/problems.ts";
import type { PutOptions } from "../../client/putFile.ts";
import {
  changedOnTheWay,
  complete,
  initiate,
  nullIfTooLarge,
  type PutDeps,
  rounds,
  sendPart,
  sendWhole,
  type Upload,
} from "../../client/putParts.ts";
import { Fingerprint } from "../../model/fingerprint.ts";
import { Blocks, InputReader } from "./inputReader.ts";
import type { Transfer } from "./transfer.ts";

/** An input that is being put. `onUpload` receives the upload, which is useless after an interruption. */
export interface InputPut extends PutDeps {
  readonly transfer: Transfer;
  readonly options: PutOptions;
  readonly onUpload: (upload: Upload) => void;
}

/** @returns the stored object. @throws the error that ended it. */
export async function putInput(put: InputPut): Promise<ObjectInfo> {
  const { options, transfer } = put;
  const blocks = new Blocks();
  const reader = new InputReader(blocks, transfer.stop);
  const first = await reader.take(options.partBytes ?? inputPartBytes(1));
  if (reader.isAtEnd) {
    const stored = await sendWhole(put, memoryPiece(first), reader.digest()).catch(nullIfTooLarge);
    if (stored !== null) return stored;
  }
  const { upload, limits } = await initiate(put);
  put.onUpload(upload);
  const { maxPartBytes } = limits;
  if (options.partBytes !== null && options.partBytes > maxPartBytes) {
    throw new CommandError(
      `--part-size is more than the ${maxPartBytes} bytes that the server takes.`,
    );
  }
  const line = new Line({ put, upload, limits, blocks });
  for (let bytes = first; bytes.byteLength > 0; ) {
    await line.push(bytes);
    const wanted = options.partBytes ?? inputPartBytes(line.parts);
    bytes = await reader.take(Math.min(maxPartBytes, wanted));
  }
  await line.drain();
  transfer.begin("storing");
  return complete(put, upload, reader.digest());
}

/** The dependencies of sending parts. */
interface LineDeps {
  readonly put: InputPut;
  readonly upload: Upload;
  readonly limits: Limits;
  readonly blocks: Blocks;
}

/** Parts on their way, as many at a time as memory allows. */
class Line {
  readonly #deps: LineDeps;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  /** Parts that were pushed. */
  parts = 0;

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  /** Sends a block, as one part if the server takes that. Resolves when there is space for the next one. @throws the failure of an earlier one. */
  async push(block: Uint8Array<ArrayBuffer>): Promise<void> {
    const { put, limits, blocks } = this.#deps;
    const sent: Promise<void> = this.#sendAll(block)
      .then(() => blocks.give(block))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(sent));
    this.#running.add(sent);
    if (this.parts > limits.maxParts) {
      throw new CommandError(
        `Standard input is longer than ${limits.maxParts} parts, and the server takes no more: name a larger --part-size.`,
      );
    }
    // The next one is read into memory as well.
    const room = Math.max(1, Math.floor(inputBudget / block.byteLength) - 1);
    while (this.#running.size >= Math.min(put.options.parallel, room)) {
      await Promise.race(this.#running);
    }
    this.#assertWell();
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running);
    this.#assertWell();
  }

  #assertWell(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #sendAll(block: Uint8Array): Promise<void> {
    const { maxPartBytes } = this.#deps.limits;
    // Only the first block can be larger: it was read before the server said what it takes.
    const firstNumber = this.parts + 1;
    const count = Math.ceil(block.byteLength / maxPartBytes);
    this.parts += count;
    for (let index = 0; index < count; index += 1) {
      const start = index * maxPartBytes;
      await this.#send(firstNumber + index, block.subarray(start, start + maxPartBytes));
    }
  }

  async #send(number: number, bytes: Uint8Array): Promise<void> {
    const { put, upload } = this.#deps;
    const fingerprint = new Fingerprint();
    fingerprint.update(bytes);
    for (let round = 0; round < rounds; round += 1) {
      await sendPart(put, upload, { number, piece: memoryPiece(bytes) });
      if (upload.stored.get(number) === fingerprint.etag()) return;
    }
    throw changedOnTheWay();
  }
}
