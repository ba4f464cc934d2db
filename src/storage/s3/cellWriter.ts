// Bytes of one append: each cell that is full is sent as its part, two at a time, and the sender waits when S3 is slower.
import { RegistryError } from "../../errors.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { BodyWriter } from "../receiveBody.ts";
import type { Room } from "./budget.ts";
import { Cell } from "./cells.ts";
import { answerOf, isUploadGone } from "./failures.ts";
import { cellAt, cellSize } from "./grid.ts";
import type { RunningHash } from "./hashes.ts";
import { reopen } from "./reopen.ts";
import { addEtag, type StagedState } from "./state.ts";
import type { S3Tools } from "./tools.ts";
import type { Upload } from "./uploads.ts";

/** Parts on their way at a time. With the cell that fills, that is the memory of an upload. */
const mostSending = 2;

/** What an append begins with. */
export interface WriterStart {
  readonly id: UploadId;
  readonly state: StagedState;
  /** A key for the S3 upload, if there is to be one. */
  readonly newKey: () => string;
  /** Bytes that count. */
  readonly offset: number;
  /** Those of them that are in no part. */
  readonly tail: Uint8Array;
  /** Of the cell that they are in; absent: it has none yet. */
  readonly room?: Room | null;
  /** Sees all further bytes, in order. */
  readonly hash: RunningHash;
  /** Aborted when nothing may be written any more. */
  readonly signal: AbortSignal;
  /** Gives a chunk's memory back. */
  readonly release: ((chunk: Uint8Array) => void) | null;
}

/** The one writer of a session's bytes. `push` until the body ends, then `finish`; then `state` and `rest` are what became of them. */
export class CellWriter implements BodyWriter {
  readonly #tools: S3Tools;
  readonly #start: WriterStart;
  readonly #ending = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #etags: string[] = [];
  #base: StagedState;
  #target: Promise<Upload> | null = null;
  #reopening: Promise<Upload> | null = null;
  #cell: Cell;
  /** Bytes of the cell that were there before. */
  #known: number;
  #written: number;
  #failure: { readonly error: unknown } | null = null;

  constructor(tools: S3Tools, start: WriterStart) {
    this.#tools = tools;
    this.#start = start;
    this.#base = start.state;
    this.#written = start.offset;
    this.#cell = this.#cellAt(cellAt(tools.grid, start.offset));
    this.#known = this.#cell.take(start.tail);
    if (start.room) this.#cell.settle(start.room);
    start.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The session's offset with the bytes that came. */
  get written(): number {
    return this.#written;
  }

  /** ETags of the parts that were sent, in order. */
  get sent(): readonly string[] {
    return this.#etags;
  }

  /** Bytes after the last whole cell, valid until `free`. */
  get rest(): Uint8Array {
    return this.#cell.bytes;
  }

  /** The state with the parts that were sent, and without a tail. */
  get state(): StagedState {
    const parts = this.#base.parts + this.#etags.length;
    return { ...this.#base, parts, etags: this.#etags.reduce(addEtag, this.#base.etags) };
  }

  push(chunk: Uint8Array): Promise<void> | null {
    const { hash, release } = this.#start;
    hash.follow(chunk);
    for (let at = 0; at < chunk.byteLength; ) {
      at += this.#cell.take(chunk.subarray(at));
      if (this.#cell.isFull) this.#sendCell();
    }
    this.#written += chunk.byteLength;
    release?.(chunk);
    const mustWait = this.#sending.size >= mostSending || this.#failure !== null;
    return mustWait || !this.#isRoomy() ? this.#wait() : null;
  }

  async finish(): Promise<void> {
    const hashed = this.#hash(this.#cell);
    await Promise.all(this.#sending);
    await hashed;
    this.#start.signal.removeEventListener("abort", this.#onAbort);
    this.#throwFailure();
  }

  async settle(): Promise<void> {
    this.#ending.abort(new Error("the append has ended"));
    await Promise.all(this.#sending);
    this.#start.signal.removeEventListener("abort", this.#onAbort);
    this.free();
  }

  /** Gives up the memory of `rest`. */
  free(): void {
    this.#cell.free();
  }

  readonly #onAbort = () => this.#ending.abort(this.#start.signal.reason);

  #cellAt(index: number): Cell {
    return new Cell(index, cellSize(this.#tools.grid, index));
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #wait(): Promise<void> {
    while (this.#sending.size >= mostSending) await Promise.race(this.#sending);
    this.#throwFailure();
    const cell = this.#cell;
    if (this.#isRoomy()) return;
    const { signal } = this.#ending;
    cell.settle(await this.#tools.budget.wait(cell.size, signal));
  }

  /** False when the cell has to wait for room. */
  #isRoomy(): boolean {
    const cell = this.#cell;
    if (!cell.needsRoom) return true;
    const room = this.#tools.budget.take(cell.size);
    if (room !== null) cell.settle(room);
    return room !== null;
  }

  #sendCell(): void {
    const cell = this.#cell;
    const hashed = this.#hash(cell);
    this.#cell = this.#cellAt(cell.index + 1);
    this.#known = 0;
    // Another whole cell is likely to follow one.
    const room = this.#tools.budget.take(this.#cell.size);
    if (room !== null) this.#cell.settle(room);
    const sending = this.#send(cell)
      .catch((error: unknown) => {
        this.#failure ??= { error: answerOf(error) };
      })
      .then(() => hashed)
      .finally(() => {
        cell.free();
        this.#sending.delete(sending);
      });
    this.#sending.add(sending);
  }

  /** Its memory is needed until then. */
  #hash({ bytes }: Cell): Promise<void> | undefined {
    return this.#start.hash.add?.(bytes.subarray(this.#known));
  }

  async #send(cell: Cell): Promise<void> {
    const etag = await this.#sendTo(await this.#open(), cell).catch(async (error: unknown) => {
      if (!isUploadGone(error)) throw error;
      return this.#sendTo(await this.#openAgain(error), cell);
    });
    this.#etags[cell.index - this.#base.parts] = etag;
  }

  #sendTo(target: Upload, cell: Cell): Promise<string> {
    return this.#tools.uploads.send(target, cell.index + 1, cell.bytes, this.#ending.signal);
  }

  /** The S3 upload begins with the first cell that is full. */
  #open(): Promise<Upload> {
    this.#target ??= this.#create();
    return this.#target;
  }

  async #create(): Promise<Upload> {
    const { uploads } = this.#tools;
    const { state, newKey } = this.#start;
    if (state.upload !== null) return { key: state.key, upload: state.upload };
    const key = newKey();
    const upload = await uploads.create(key);
    this.#base = { ...state, key, upload };
    return { key, upload };
  }

  /** Both parts on their way find out at once, and one reopens. */
  #openAgain(cause: unknown): Promise<Upload> {
    const { id, state } = this.#start;
    // A part of this append is in the upload that has ended: the client sends all of it again.
    const isPartly = state.upload === null || this.#etags.length > 0;
    if (isPartly && this.#reopening === null) throw new RegistryError("BUSY", { cause });
    this.#reopening ??= reopen(this.#tools, id, state).then((opened) => {
      this.#base = opened;
      return { key: opened.key, upload: opened.upload ?? "" };
    });
    this.#target = this.#reopening;
    return this.#reopening;
  }
}
