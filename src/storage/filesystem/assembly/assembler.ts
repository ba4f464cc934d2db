// Assembles parts: the worker's whole job. Uploads take turns, those with a waiting request first.
import { RegistryError, type Situation } from "../../../errors.ts";
import type { UploadId } from "../../../model/uploadId.ts";
import type { AssembledFile, AssembledFiles } from "./assembledFile.ts";
import { Prefix } from "./prefix.ts";
import type { AssemblyReport, AssemblyRequest } from "./protocol.ts";
import { PartProblem, Turn } from "./turn.ts";

/** A sync starts in the background each time this much has been added, so that the last one finds little to do. */
const syncEveryBytes = 32 * 1024 * 1024;
/** How often it says that it works, at most. Unit: ms. */
const aliveEveryMs = 1_000;

interface Upload {
  readonly id: UploadId;
  readonly prefix: Prefix;
  /** Of the file that `prefix` describes; null before it was made. */
  inode: number | null;
  /** The answer that is owed. */
  ask: number | null;
  /** A background failure: retried when a request waits, or when a part is replaced. */
  stalled: boolean;
  /** Bytes added since the last sync began; null when nothing was changed. */
  unsynced: number | null;
  syncing: boolean;
}

type Order = Exclude<AssemblyRequest, { kind: "open" }>;

/** Any number of uploads. */
export class Assembler {
  readonly #files: AssembledFiles;
  readonly #report: (report: AssemblyReport) => void;
  readonly #uploads = new Map<UploadId, Upload>();
  /** Requests received during a turn: they are applied after it. */
  readonly #waiting: Order[] = [];
  #inTurn = false;
  #running = false;
  #syncs = 0;
  #beat: Timer | null = null;
  #saidAt = 0;

  /** @param report is called for every answer; it must not throw. */
  constructor(files: AssembledFiles, report: (report: AssemblyReport) => void) {
    this.#files = files;
    this.#report = report;
  }

  /** Takes one request; the answers come through `report`. */
  take(request: Order): void {
    if (this.#inTurn) this.#waiting.push(request);
    else this.#obey(request);
    void this.#run();
  }

  #obey(request: Order): void {
    switch (request.kind) {
      case "list": {
        const upload = this.#upload(request.id);
        upload.prefix.setList(request.parts);
        upload.ask = request.ask;
        upload.stalled = false;
        break;
      }
      case "put": {
        const upload = this.#upload(request.id);
        if (upload.prefix.put(request.index, request.parts)) upload.stalled = false;
        break;
      }
      case "forget":
        this.#uploads.delete(request.id);
        return;
      default:
        request satisfies never;
    }
  }

  #upload(id: UploadId): Upload {
    const known = this.#uploads.get(id);
    if (known !== undefined) return known;
    const upload: Upload = {
      id,
      prefix: new Prefix(),
      inode: null,
      ask: null,
      stalled: false,
      unsynced: null,
      syncing: false,
    };
    this.#uploads.set(id, upload);
    return upload;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // Requests that came in the meantime are taken first: one of them may forget what would be next.
    await nextTurn();
    for (let upload = this.#next(); upload !== null; upload = this.#next()) {
      // To the end of the queue.
      this.#uploads.delete(upload.id);
      this.#uploads.set(upload.id, upload);
      this.#inTurn = true;
      await this.#takeTurn(upload);
      this.#inTurn = false;
      for (const request of this.#waiting.splice(0)) this.#obey(request);
      await nextTurn();
    }
    this.#running = false;
  }

  #next(): Upload | null {
    let first: Upload | null = null;
    for (const upload of this.#uploads.values()) {
      if (!hasWork(upload)) continue;
      if (upload.ask !== null) return upload;
      first ??= upload;
    }
    return first;
  }

  async #takeTurn(upload: Upload): Promise<void> {
    try {
      const whole = this.#open(upload);
      try {
        await this.#add(upload, whole);
      } catch (error) {
        if (!(error instanceof PartProblem)) drop(upload, whole);
        whole.close();
        throw error;
      }
      this.#close(upload, whole);
    } catch (error) {
      this.#stall(upload, error);
    }
  }

  #open(upload: Upload): AssembledFile {
    const { id, prefix, inode } = upload;
    const standing = inode === null ? null : { inode, size: prefix.end };
    const whole = this.#files.openWhole(id, standing, prefix.next !== null);
    if (whole.isFresh) prefix.startOver();
    if (whole.isFresh || whole.wasCut) upload.unsynced ??= 0;
    upload.inode = whole.inode;
    return whole;
  }

  async #add(upload: Upload, whole: AssembledFile): Promise<void> {
    const { prefix } = upload;
    if (prefix.next === null) return;
    const onProgress = () => this.#sayAlive();
    const turn = new Turn({ files: this.#files, whole, prefix, onProgress });
    upload.unsynced ??= 0;
    try {
      await turn.run();
    } finally {
      upload.unsynced += turn.written;
    }
  }

  /** Syncs when it is due, and answers when the list is assembled. */
  #close(upload: Upload, whole: AssembledFile): void {
    const { id, prefix, ask, unsynced } = upload;
    const isAsked = ask !== null && prefix.next === null;
    const isDue = unsynced !== null && (isAsked || unsynced >= syncEveryBytes);
    if (isDue && !upload.syncing) {
      void this.#sync(upload, whole);
      return;
    }
    whole.close();
    if (!isAsked || unsynced !== null) return;
    upload.ask = null;
    this.#report({ kind: "done", id, ask, size: prefix.position, hex: prefix.hex });
  }

  async #sync(upload: Upload, whole: AssembledFile): Promise<void> {
    upload.unsynced = null;
    upload.syncing = true;
    this.#syncs += 1;
    this.#beat ??= setInterval(() => this.#sayAlive(), aliveEveryMs);
    try {
      await whole.syncAndClose();
    } catch (error) {
      // The lost bytes are unknown.
      upload.prefix.startOver();
      upload.inode = null;
      this.#stall(upload, error);
    }
    upload.syncing = false;
    this.#syncs -= 1;
    if (this.#syncs === 0) {
      clearInterval(this.#beat);
      this.#beat = null;
    }
    void this.#run();
  }

  /** Background failures are not reported: the completion of the upload meets them again. */
  #stall(upload: Upload, error: unknown): void {
    const { id, ask } = upload;
    upload.stalled = true;
    upload.ask = null;
    if (ask === null || this.#uploads.get(id) !== upload) return;
    const situation = situationOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const part = error instanceof PartProblem ? error.part : null;
    this.#report({ kind: "failed", id, ask, situation, message, part });
  }

  #sayAlive(): void {
    const now = performance.now();
    if (now - this.#saidAt < aliveEveryMs) return;
    this.#saidAt = now;
    this.#report({ kind: "alive" });
  }
}

function hasWork({ stalled, prefix, ask, syncing }: Upload): boolean {
  return !stalled && (prefix.next !== null || (ask !== null && !syncing));
}

/** Gives the space back. */
function drop(upload: Upload, whole: AssembledFile): void {
  upload.prefix.startOver();
  upload.inode = null;
  try {
    whole.drop();
  } catch {
    // It is replaced at the next start, and deleted with the upload's folder.
  }
}

function situationOf(error: unknown): Situation {
  if (error instanceof PartProblem) return "PART_DIFFERS";
  return error instanceof RegistryError ? error.situation : "UNKNOWN";
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
