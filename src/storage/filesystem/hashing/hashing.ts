// Digests of staged bytes: small bodies are hashed where they are, everything else by workers that follow the staged file.
import { RegistryError } from "../../../errors.ts";
import { type Algorithm, type Digest, digestFromHex, digestOf } from "../../../model/digest.ts";
import type { StagingState } from "../../../model/locator.ts";
import type { UploadId } from "../../../model/uploadId.ts";
import type { StagingFollower } from "../stagedWriter.ts";
import { type HashWorker, makeHashWorker } from "./hashWorker.ts";
import type { HashReport } from "./protocol.ts";
import {
  failureOf,
  isAwaited,
  isIdle,
  mostRunning,
  type Running,
  release,
  type Taken,
} from "./running.ts";

/** Sessions up to this size never leave the server's thread: a worker would read them again, and be one more thread to wait for. */
const mostInline = 8 * 1_048_576;
/** A writer waits when its worker is further behind than this, so that the closing PUT finds nothing left to do. */
const windowBytes = 8 * 1_048_576;

/** The dependencies of hashing. */
export interface HashingOptions {
  readonly spawn: () => Worker;
  /** How many workers at most; each is started when it is first needed. */
  readonly workers: number;
  /** Bytes of a session up to which no worker is asked; 8 MiB by default. */
  readonly inlineBytes?: number;
  /** The data directory. */
  readonly directory: string;
  /** Called when a session's staged bytes turn out to differ from what was received. */
  readonly onDamaged: (id: UploadId) => void;
  /** Called when a worker was lost and its work starts again. */
  readonly onWorkerLost: (reason: string) => void;
  /** Receives notices about workers and disks for the operator, in a sentence. */
  readonly onNotice: (sentence: string) => void;
}

/** The running hashes of all open sessions. */
export class Hashing {
  readonly #options: HashingOptions;
  readonly #sessions = new Map<UploadId, Running>();
  readonly #workers: HashWorker[];
  #nextWorker = 0;
  #readings = 0;

  constructor(options: HashingOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workers }, (_, index) =>
      makeHashWorker(options, {
        onReport: (report) => this.#take(report),
        need: () => (this.#isAwaited(index) ? "answer" : "background"),
        onLost: (reason) => this.#reset(index, reason),
        onRetry: () => this.#askAgain(index),
      }),
    );
  }

  /** True when the session's bytes have been followed from the first one, or are being read again. */
  knows(id: UploadId): boolean {
    return this.#sessions.has(id);
  }

  /**
   * Takes up a session nothing is known of, such as after a restart: a worker reads its staged bytes from the first one, in the
   * background, and compares them where its chunks ended.
   */
  takeUp(id: UploadId, staging: StagingState, staged: Taken): void {
    const running = this.#running(id, staging, staged.algorithm);
    running.boundaries = staged.boundaries;
    this.#expect(id, running);
    this.#grow(id, running, staged.offset);
  }

  /**
   * Follows an append that starts at `offset`, under `algorithm` if it is the session's first. Bytes that were followed before and
   * lie beyond it are forgotten. The follower throws RegistryError UPLOAD_DAMAGED or UPLOAD_UNKNOWN, which ends the append, once
   * the session is damaged or deleted.
   */
  follow(
    id: UploadId,
    staging: StagingState,
    offset: number,
    algorithm: Algorithm = "sha256",
  ): StagingFollower {
    const known = this.#sessions.get(id);
    if (known !== undefined && known.size !== offset) this.forget(id);
    if (offset > 0 && !this.knows(id))
      this.takeUp(id, staging, { offset, boundaries: [], algorithm });
    const running = this.#running(id, staging, algorithm);
    const { inlineBytes = mostInline } = this.#options;
    const keepsUp = offset - running.position <= windowBytes || running.inline !== null;
    return {
      staged: (at, chunks) => {
        if (running.ended !== null) throw running.ended;
        if ((this.#sessions.get(id) ?? running) !== running) {
          throw new RegistryError("UPLOAD_UNKNOWN");
        }
        this.#keep(id, running);
        const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, at);
        if (running.inline !== null && size <= inlineBytes) {
          for (const chunk of chunks) running.inline.update(chunk);
          running.size = size;
          return null;
        }
        this.#grow(id, running, size);
        return keepsUp ? this.#reached(running, size - windowBytes) : null;
      },
    };
  }

  /**
   * Digest of everything staged, under the session's algorithm, once it is hashed. Null, at once, for a session without a byte, and for one whose prefix is still
   * being read again.
   * @throws RegistryError UPLOAD_DAMAGED, UPLOAD_UNKNOWN.
   */
  async prefix(id: UploadId, staging: StagingState): Promise<Digest | null> {
    const running = this.#sessions.get(id);
    if (running === undefined) return null;
    const { size, inline, algorithm } = running;
    if (size === 0) return null;
    if (inline === null && size - running.position > 2 * windowBytes) return null;
    return this.digest(id, staging, { size, algorithm });
  }

  /** Digest of exactly the first `size` staged bytes. Waits for the worker; memory stays flat. @throws when they cannot be read. */
  digest(
    id: UploadId,
    staging: StagingState,
    of: { readonly size: number; readonly algorithm: Algorithm },
  ): Promise<Digest> {
    const { size, algorithm } = of;
    if (size === 0) return Promise.resolve(digestOf(new Uint8Array(), algorithm));
    const running = this.#running(id, staging, algorithm);
    if (running.inline !== null && running.size === size && algorithm === running.algorithm) {
      return Promise.resolve(digestFromHex(algorithm, running.inline.copy().digest("hex")));
    }
    this.#grow(id, running, size);
    return new Promise((resolve, reject) => {
      running.question = { size, algorithm, resolve, reject };
      this.#ask(id, running);
    });
  }

  /** The session's bytes were deleted, published or changed. */
  forget(id: UploadId): void {
    const running = this.#sessions.get(id);
    if (running === undefined) return;
    this.#drop(id, running, new RegistryError("UPLOAD_UNKNOWN"));
    if (running.inline === null) this.#workers[running.worker]?.send({ kind: "forget", id });
  }

  /**
   * Forgets who has not been asked about for long: sessions that ended behind our back, and those whose client waits. They are
   * taken up again from their staged bytes. @param now monotonic ms.
   */
  forgetIdle(now: number): void {
    for (const [id, running] of this.#sessions) {
      if (isIdle(running, now)) this.#leave(id, running);
    }
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #running(id: UploadId, staging: StagingState, algorithm: Algorithm = "sha256"): Running {
    const known = this.#sessions.get(id);
    if (known !== undefined) return this.#keep(id, known);
    this.#readings += 1;
    const running: Running = {
      reading: this.#readings,
      staging,
      algorithm,
      usedAt: 0,
      worker: this.#nextWorker,
      inline: new Bun.CryptoHasher(algorithm),
      size: 0,
      position: 0,
      boundaries: [],
      waiters: [],
      question: null,
      ended: null,
    };
    this.#nextWorker = (this.#nextWorker + 1) % this.#workers.length;
    return this.#keep(id, running);
  }

  /** Also who was forgotten while it was idle, and is written to again. */
  #keep(id: UploadId, running: Running): Running {
    running.usedAt = performance.now();
    // The one that was used the longest time ago comes first.
    this.#sessions.delete(id);
    this.#sessions.set(id, running);
    if (this.#sessions.size > mostRunning) {
      const oldest = this.#sessions.entries().find(([, other]) => !isAwaited(other));
      if (oldest !== undefined) this.#leave(...oldest);
    }
    return running;
  }

  #leave(id: UploadId, running: Running): void {
    this.#sessions.delete(id);
    running.position = 0;
    if (running.inline === null) this.#workers[running.worker]?.send({ kind: "forget", id });
  }

  #expect(id: UploadId, { worker, reading, staging, algorithm, boundaries }: Running): void {
    if (boundaries.length === 0) return;
    this.#workers[worker]?.send({ kind: "expect", id, reading, staging, algorithm, boundaries });
  }

  #grow(id: UploadId, running: Running, size: number): void {
    running.inline = null;
    running.size = size;
    const { worker, reading, staging, algorithm } = running;
    this.#workers[worker]?.send({ kind: "grown", id, reading, staging, algorithm, size });
  }

  #ask(id: UploadId, running: Running): void {
    if (running.question === null) return;
    const { size, algorithm } = running.question;
    const { worker, reading, staging } = running;
    this.#workers[worker]?.send({ kind: "digest", id, reading, staging, size, algorithm });
  }

  #reached(running: Running, at: number): Promise<void> | null {
    if (running.position >= at) return null;
    return new Promise((resolve) => running.waiters.push({ at, resolve }));
  }

  #take(report: HashReport): void {
    const running = this.#sessions.get(report.id);
    if (running?.reading !== report.reading) return;
    switch (report.kind) {
      case "position":
        running.position = report.position;
        release(running, report.position);
        return;
      case "digest":
        this.#answer(running, report);
        return;
      case "damaged":
        this.#drop(report.id, running, new RegistryError("UPLOAD_DAMAGED"));
        this.#options.onDamaged(report.id);
        return;
      case "failed":
        this.#drop(report.id, running, failureOf(report));
        return;
      default:
        report satisfies never;
    }
  }

  #drop(id: UploadId, running: Running, error: Error): void {
    this.#sessions.delete(id);
    running.ended = error;
    release(running, Infinity);
    running.question?.reject(error);
  }

  #answer(running: Running, report: Extract<HashReport, { kind: "digest" }>): void {
    const { question } = running;
    if (question?.size !== report.size || question.algorithm !== report.algorithm) return;
    running.question = null;
    question.resolve(digestFromHex(report.algorithm, report.hex));
  }

  /** A new worker knows nothing: it reads every session of the worker from its first byte. */
  #reset(index: number, reason: string): void {
    this.#options.onWorkerLost(reason);
    this.#askAgain(index);
  }

  #askAgain(index: number): void {
    for (const [id, running] of this.#sessions) {
      if (running.worker !== index || running.inline !== null) continue;
      running.position = 0;
      release(running, Infinity);
      this.#expect(id, running);
      this.#grow(id, running, running.size);
      this.#ask(id, running);
    }
  }

  /** True while a request waits for the worker. */
  #isAwaited(index: number): boolean {
    return this.#sessions
      .values()
      .some((running) => running.worker === index && isAwaited(running));
  }
}
