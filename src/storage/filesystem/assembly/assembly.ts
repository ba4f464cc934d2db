// Parts of objects, put together by a worker while later ones still arrive, so that completing an upload finds little left to do.

import type { WriteLatch } from "../../../durability/writeLatch.ts";
import { RegistryError } from "../../../errors.ts";
import { type Digest, digestFromHex } from "../../../model/digest.ts";
import type { StagedPart } from "../../../model/staged.ts";
import type { UploadId } from "../../../model/uploadId.ts";
import { type Need, Supervisor } from "../../../workers/supervisor.ts";
import type { AssemblyReport, AssemblyRequest } from "./protocol.ts";

/** Its dependencies. */
export interface AssemblyOptions {
  readonly spawn: () => Worker;
  /** The data directory, for the worker. */
  readonly directory: string;
  readonly latch: WriteLatch;
  /** Called when the worker was lost and its work starts again. */
  readonly onWorkerLost: (reason: string) => void;
}

/** The parts of an upload, assembled. */
export interface Assembled {
  /** Bytes. */
  readonly size: number;
  /** SHA-256. */
  readonly digest: Digest;
}

interface Question {
  readonly ask: number;
  readonly parts: readonly StagedPart[];
  /** Workers that it was asked of, and that died. */
  deaths: number;
  readonly resolve: (assembled: Assembled) => void;
  readonly reject: (error: Error) => void;
}

/** An upload that the worker knows, or is going to. */
interface Known {
  /** So many parts, from the first one without a gap, are the worker's; null while that is not known. */
  count: number | null;
  /** Parts not sent to it yet. */
  readonly pending: Map<number, StagedPart>;
  loading: boolean;
  /** All parts of the upload, in any order; null while there is no source for them. */
  all: (() => Promise<readonly StagedPart[]>) | null;
  question: Question | null;
  /** Workers that died in the background. */
  deaths: number;
  /** Monotonic ms. */
  usedAt: number;
  /** See `mostWeight`. */
  weight: number;
}

type Request = Exclude<AssemblyRequest, { kind: "open" }>;

/** Of one question. */
const patience = 3;
/** Longer than a disk that is very busy lets a write wait. */
const silenceMs = 60_000;
/** How long a worker without any work is kept. Unit: ms. */
const lingerMs = 30_000;
/** An upload idle for so long starts over. Unit: ms. */
const idleMs = 60 * 60_000;
/**
 * Parts that are remembered of all uploads, a quarter of a kilobyte each here and at the worker; an upload itself weighs as much as fifty.
 * Of more, the upload that was idle for the longest time starts over with its next part.
 */
const mostWeight = 200_000;
const uploadWeight = 50;

/** One per server. Files on disk from before its start are not trusted. */
export class Assembly {
  readonly #options: AssemblyOptions;
  readonly #uploads = new Map<UploadId, Known>();
  readonly #worker: Supervisor<Request, AssemblyReport>;
  #asks = 0;
  #weight = 0;

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.#worker = new Supervisor({
      spawn: options.spawn,
      hello: { kind: "open", directory: options.directory } satisfies AssemblyRequest,
      // No fallback: assembling here would stop all requests for as long as a disk is busy.
      ...{ silenceMs, idleMs: lingerMs, need: () => this.#need() },
      onReport: (report) => this.#take(report),
      onLost: (reason) => this.#reset(reason),
    });
  }

  /**
   * A part is durable, and the one of its number: the worker adds it as soon as all before it are there.
   * @param all every part that the upload has, in any order; none when there is no such upload.
   */
  partRecorded(id: UploadId, part: StagedPart, all: Known["all"]): void {
    if (this.#options.latch.reason !== null) return;
    const known = this.#known(id, 1);
    known.all = all;
    if (known.count !== null && part.number <= known.count) {
      this.#worker.send({ kind: "put", id, index: part.number - 1, parts: [part] });
      return;
    }
    known.pending.set(part.number, part);
    if (known.count === null) void this.#load(id, known);
    else this.#tell(id, known, known.count);
  }

  /**
   * Assembles exactly these parts, in this order, as staged bytes of the upload, durably. A prefix that is assembled already and equal
   * stays. Of two calls for one upload the later one counts.
   * @throws RegistryError PART_DIFFERS for a part whose bytes are missing or damaged; DISK_FULL, READ_ONLY, BUSY; MULTIPART_UNKNOWN when
   * the upload is forgotten meanwhile.
   */
  async complete(id: UploadId, parts: readonly StagedPart[]): Promise<Assembled> {
    this.#options.latch.assertWritable();
    const known = this.#known(id);
    known.question?.reject(new RegistryError("MULTIPART_COMPLETING"));
    // From now on the worker's list is the caller's: the background list is sent again if the upload stays open.
    known.count = null;
    known.pending.clear();
    this.#asks += 1;
    const ask = this.#asks;
    return new Promise((resolve, reject) => {
      known.question = { ask, parts, deaths: 0, resolve, reject };
      this.#worker.send({ kind: "list", id, parts, ask });
    });
  }

  /** The upload is over. */
  forget(id: UploadId): void {
    const known = this.#uploads.get(id);
    if (known === undefined) return;
    this.#remove(id, known);
    known.question?.reject(new RegistryError("MULTIPART_UNKNOWN"));
    this.#worker.send({ kind: "forget", id });
  }

  /** Forgets uploads that nothing was heard of for long: their next part lets them start over. @param now monotonic ms. */
  forgetIdle(now: number): void {
    for (const [id, { question, usedAt }] of this.#uploads) {
      if (question === null && now - usedAt >= idleMs) this.forget(id);
    }
  }

  /** Ends the worker. */
  async close(): Promise<void> {
    await this.#worker.close();
  }

  /** @param parts more of it. */
  #known(id: UploadId, parts = 0): Known {
    const known = this.#uploads.get(id) ?? {
      count: null,
      pending: new Map<number, StagedPart>(),
      loading: false,
      all: null,
      question: null,
      deaths: 0,
      usedAt: 0,
      weight: 0,
    };
    known.usedAt = performance.now();
    // The one that was used the longest time ago comes first.
    this.#remove(id, known);
    known.weight = Math.max(known.weight, uploadWeight) + parts;
    this.#uploads.set(id, known);
    this.#weight += known.weight;
    if (this.#weight > mostWeight) this.#forgetOldest(id);
    return known;
  }

  #remove(id: UploadId, { weight }: Known): void {
    if (this.#uploads.delete(id)) this.#weight -= weight;
  }

  #forgetOldest(spared: UploadId): void {
    const oldest = this.#uploads
      .entries()
      .find(([id, { question }]) => id !== spared && question === null);
    if (oldest !== undefined) this.forget(oldest[0]);
  }

  /** An upload that this process knows nothing of, or no longer. What is recorded meanwhile is newer than what is loaded. */
  async #load(id: UploadId, known: Known): Promise<void> {
    if (known.loading || known.question !== null) return;
    known.loading = true;
    // Only the background is lost with it.
    const loaded = (await known.all?.().catch(() => [])) ?? [];
    known.loading = false;
    if (this.#uploads.get(id) !== known || known.question !== null) return;
    this.#known(id, loaded.length);
    for (const part of loaded) {
      if (!known.pending.has(part.number)) known.pending.set(part.number, part);
    }
    const parts = takeFrom(known.pending, 1);
    known.count = parts.length;
    this.#worker.send({ kind: "list", id, parts, ask: null });
  }

  #tell(id: UploadId, known: Known, count: number): void {
    const parts = takeFrom(known.pending, count + 1);
    if (parts.length === 0) return;
    known.count = count + parts.length;
    this.#worker.send({ kind: "put", id, index: count, parts });
  }

  #take(report: AssemblyReport): void {
    if (report.kind === "alive") return;
    if (report.kind === "tripped") {
      this.#options.latch.trip(report.reason, new Error(report.message));
      return;
    }
    const known = this.#uploads.get(report.id);
    const question = known?.question ?? null;
    if (known === undefined || question?.ask !== report.ask) return;
    known.question = null;
    if (report.kind === "done") {
      question.resolve({ size: report.size, digest: digestFromHex("sha256", report.hex) });
      return;
    }
    const { situation, message, part } = report;
    const detail = part === null ? undefined : { part_number: part };
    question.reject(
      situation === "UNKNOWN"
        ? new Error(message)
        : new RegistryError(situation, { message, detail }),
    );
  }

  /** A new worker knows nothing: everything is begun again from the first part. */
  #reset(reason: string): void {
    this.#options.onWorkerLost(reason);
    for (const [id, known] of this.#uploads) {
      known.count = null;
      this.#again(id, known);
    }
  }

  #again(id: UploadId, known: Known): void {
    const { question } = known;
    if (question === null) {
      known.deaths += 1;
      // In the background it is not worth a fourth worker; the next part may be.
      if (known.deaths < patience) void this.#load(id, known);
      else this.#remove(id, known);
      return;
    }
    question.deaths += 1;
    if (question.deaths < patience) {
      this.#worker.send({ kind: "list", id, parts: question.parts, ask: question.ask });
      return;
    }
    this.#remove(id, known);
    question.reject(new RegistryError("BUSY"));
  }

  #need(): Need {
    if (this.#uploads.size === 0) return "nothing";
    const isAwaited = this.#uploads.values().some(({ question }) => question !== null);
    return isAwaited ? "answer" : "background";
  }
}

/** Takes the parts out that follow each other from `first` on. */
function takeFrom(pending: Map<number, StagedPart>, first: number): StagedPart[] {
  const parts: StagedPart[] = [];
  for (;;) {
    const number = first + parts.length;
    const part = pending.get(number);
    if (part === undefined) return parts;
    pending.delete(number);
    parts.push(part);
  }
}
