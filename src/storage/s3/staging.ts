// Staged bytes in a bucket. A session's cells are parts of one S3 upload under the key that its content will have; the bytes after
// the last whole cell are an object of their own. A small session has no S3 upload: its one object becomes the content.
import { RegistryError } from "../../errors.ts";
import type { StagingState } from "../../model/locator.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { receiveBody } from "../receiveBody.ts";
import type {
  Appended,
  AppendOptions,
  Body,
  Sealed,
  SealOptions,
  Session,
  StagedEntry,
  Staging,
} from "../staging.ts";
import type { Room } from "./budget.ts";
import { needsRoom } from "./cells.ts";
import { CellWriter } from "./cellWriter.ts";
import { answerOf } from "./failures.ts";
import { cellAt, cellSize, cellStart, mostBytes } from "./grid.ts";
import type { Hashes } from "./hashes.ts";
import type { Leftovers } from "./leftovers.ts";
import { type KeyKind, newContentKey, newTailKey } from "./names.ts";
import type { Placing } from "./placing.ts";
import { readWhole } from "./reading.ts";
import type { Sealing } from "./sealing.ts";
import { emptyState, parseState, printState, type StagedState } from "./state.ts";
import type { S3Tools } from "./tools.ts";

/** The storage's dependencies of staging. */
export interface StagingOptions {
  readonly tools: S3Tools;
  readonly hashes: Hashes;
  readonly placing: Placing;
  readonly sealing: Sealing;
  readonly leftovers: Leftovers;
}

/** This group of the port. */
export class S3Staging implements Staging {
  readonly follow = null;
  readonly #options: StagingOptions;
  readonly #busy = new Set<UploadId>();

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  /** Makes no call: what is lost with the process was never promised. */
  async begin(id: UploadId, startedAt: number | null): Promise<StagingState> {
    const { latch, newId } = this.#options.tools;
    latch.assertWritable();
    const kind: KeyKind = startedAt === null ? "object" : "session";
    const key = newContentKey(id, kind, newId);
    return printState(emptyState(kind, key));
  }

  async append(session: Session, body: Body, options: AppendOptions): Promise<Appended> {
    const { tools } = this.#options;
    tools.latch.assertWritable();
    const most = mostBytes(tools.grid);
    if (session.offset + (options.expected ?? 0) > most) {
      throw new RegistryError("DISK_FULL", {
        message: `this store takes at most ${most} bytes in one upload`,
      });
    }
    return this.#alone(session.id, async () => {
      try {
        return await this.#append(session, body, options);
      } catch (error) {
        throw answerOf(error);
      }
    });
  }

  async #append(session: Session, body: Body, options: AppendOptions): Promise<Appended> {
    const { tools, hashes, placing, leftovers } = this.#options;
    const before = parseState(session.staging);
    const { id, offset } = session;
    const { expected, signal, inChunks = false, isWhole = false } = options;
    const { tail, room } = await this.#takeTail(session, before, signal);
    const hash = hashes.begin(session, before.hash, inChunks);
    const writer = new CellWriter(tools, {
      ...{ id, state: before, offset, tail, room, signal },
      newKey: () => newContentKey(id, before.kind, tools.newId),
      ...{ hash, release: body.release ?? null },
    });
    const giveBack = async () => {};
    try {
      const ends = { expected, signal, keepsCut: !isWhole, giveBack };
      const cut = await receiveBody(body, writer, ends);
      // What is to be discarded: an S3 upload may have begun.
      if (cut !== null && isWhole) {
        return { ...session, staging: printState(writer.state), digest: null, cut };
      }
      const { written } = writer;
      const { digest, note } = await hash.end();
      const { rest } = writer;
      const mayHold = cut === null && !options.resumable;
      const state = { ...this.#stateAfter(session, before, writer), hash: note };
      const isHeld = mayHold && placing.hold(id, { offset: written, bytes: rest });
      if (!isHeld) await this.#keepRest(state, rest, signal);
      leftovers.drop(id, before.stale);
      return { ...session, offset: written, staging: printState(state), digest, cut };
    } finally {
      hash.drop();
      writer.free();
    }
  }

  /** What the row will keep. A small session's object may be named as content already: more bytes get another key. */
  #stateAfter(
    { id, offset }: Session,
    before: StagedState,
    { state, rest, written }: CellWriter,
  ): StagedState {
    if (written === offset) return before;
    const { newId } = this.#options.tools;
    const held = before.upload === null ? before.key : before.tail;
    const stale = offset === 0 || held === null ? [] : [held];
    if (state.upload === null)
      return { ...state, key: newContentKey(id, state.kind, newId), stale };
    const tail = rest.byteLength === 0 ? null : newTailKey(id, state.kind, newId);
    return { ...state, tail, stale };
  }

  /** Makes the bytes after the last cell durable, as an object of their own. */
  async #keepRest(state: StagedState, rest: Uint8Array, signal: AbortSignal): Promise<void> {
    const key = state.upload === null ? state.key : state.tail;
    if (rest.byteLength > 0 && key !== null)
      await this.#options.tools.objects.put(key, rest, signal);
    signal.throwIfAborted();
  }

  /** The bytes that count and are in no part, and the memory that their cell needs. @throws as `#readTail`. */
  async #takeTail(
    session: Session,
    state: StagedState,
    signal: AbortSignal,
  ): Promise<{ readonly tail: Uint8Array; readonly room: Room | null }> {
    const { budget, grid } = this.#options.tools;
    const cell = cellAt(grid, session.offset);
    if (!needsRoom(session.offset - cellStart(grid, cell))) {
      return { tail: await this.#readTail(session, state), room: null };
    }
    const bytes = cellSize(grid, cell);
    const room = budget.take(bytes) ?? (await budget.wait(bytes, signal));
    try {
      return { tail: await this.#readTail(session, state), room };
    } catch (error) {
      room.free();
      throw error;
    }
  }

  /** Bytes that count and are in no part. @throws RegistryError UPLOAD_UNKNOWN when they are missing. */
  async #readTail({ offset }: Session, state: StagedState): Promise<Uint8Array> {
    const { objects, grid } = this.#options.tools;
    const length = offset - cellStart(grid, cellAt(grid, offset));
    if (cellAt(grid, offset) !== state.parts) throw new RegistryError("UPLOAD_UNKNOWN");
    if (length === 0) return new Uint8Array();
    const key = state.upload === null ? state.key : state.tail;
    const bytes = key === null ? null : await readWhole(objects, key, length);
    if (bytes === null) throw new RegistryError("UPLOAD_UNKNOWN");
    return bytes;
  }

  seal(session: Session, options: SealOptions): Promise<Sealed> {
    return this.#alone(session.id, () => this.#options.sealing.seal(session, options));
  }

  list(): AsyncIterable<StagedEntry> {
    return this.#options.leftovers.listSessions();
  }

  async discard(id: UploadId, staging: StagingState): Promise<void> {
    this.#options.hashes.forget(id);
    await this.#options.leftovers.discard(id, staging);
  }

  forget(id: UploadId): void {
    this.#options.hashes.forget(id);
    this.#options.sealing.forget(id);
  }

  /** What was begun to drop is found by its list. */
  async tidy(): Promise<void> {}

  /** @throws RegistryError UPLOAD_BUSY */
  async #alone<T>(id: UploadId, use: () => Promise<T>): Promise<T> {
    if (this.#busy.has(id)) throw new RegistryError("UPLOAD_BUSY", { retryAfter: 1 });
    this.#busy.add(id);
    try {
      return await use();
    } finally {
      this.#busy.delete(id);
    }
  }
}
