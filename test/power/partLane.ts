// A client that uploads objects in parts: several at a time, in any order, some again with other bytes. It completes most of the
// uploads, some twice, aborts some, and leaves some open for a while.
import { randomBytes, randomNumbers } from "../support/bytes.ts";
import { must, ObjectBook, readJson, send, together } from "./buckets.ts";
import type { Lane, PowerFigures } from "./figures.ts";
import type { BucketTarget } from "./objectLane.ts";
import { PartUpload } from "./partUpload.ts";
import { BrokenPromise, between } from "./promise.ts";

/** What a client does, and how often. */
export interface PartHabits {
  /** Parts of one upload; the fewer, the more are replaced. */
  readonly numbers: number;
  /** Bytes of a part. */
  readonly largest: number;
  /** Shares of all steps: sends more parts, completes. Of the rest it aborts most. */
  readonly puts: number;
  readonly completes: number;
}

/** Sends and completes. */
export const steady: PartHabits = { numbers: 4, largest: 150_000, puts: 0.4, completes: 0.4 };
/** Thinks better of it: short requests, so that most of their time is that of their syncs and rows. */
export const fickle: PartHabits = { numbers: 2, largest: 3_000, puts: 0.5, completes: 0.1 };

const parksOfRest = 0.3;
const objectsOfBucket = 8;
const mostParked = 2;

/** Uploads until the power fails; `settle` after the next start, then on it goes. */
export class PartLane implements Lane {
  readonly #target: BucketTarget;
  readonly #habits: PartHabits;
  readonly #random: () => number;
  readonly #bucket: string;
  readonly #book: ObjectBook;
  /** Over since the last restart: completed ones answer again, aborted ones are gone. */
  #completed: PartUpload[] = [];
  #aborted: PartUpload[] = [];
  #parked: PartUpload[] = [];
  #upload: PartUpload;
  #hasBucket = false;
  #count = 0;
  readonly #met = {
    parts: 0,
    replacedParts: 0,
    completed: 0,
    aborted: 0,
    inPart: 0,
    inComplete: 0,
    inAbort: 0,
  };

  constructor(target: BucketTarget, habits: PartHabits) {
    this.#target = target;
    this.#habits = habits;
    this.#random = randomNumbers(`${target.seed}/choices`);
    this.#bucket = `${target.server}/v1/buckets/${target.name}`;
    this.#book = new ObjectBook(this.#bucket);
    this.#upload = this.#next();
  }

  get figures(): Partial<PowerFigures> {
    const { written: objects, unanswered: inObject } = this.#book;
    return { ...this.#met, objects, inObject };
  }

  get openUploads(): readonly string[] {
    return [this.#upload, ...this.#parked].flatMap(({ id }) => (id === null ? [] : [id]));
  }

  async run(): Promise<void> {
    for (;;) await this.#step();
  }

  async settle(): Promise<void> {
    if (!this.#hasBucket) {
      this.#hasBucket = must(await send("GET", this.#bucket), 200, 404).status === 200;
      if (!this.#hasBucket) return;
    }
    for (const upload of this.#aborted.splice(0)) await upload.assertGone();
    for (const upload of this.#completed.splice(0)) {
      await upload.repeat();
      await upload.assertGone();
    }
    await this.#settleParked();
    await this.#settleUpload(this.#upload);
    await this.#dropUnknown();
    await this.#book.settle();
  }

  async verify(): Promise<void> {
    await this.#book.verify();
  }

  async #settleParked(): Promise<void> {
    for (const upload of this.#parked) {
      if (await upload.settle()) continue;
      throw new BrokenPromise(`upload ${upload.id} in ${this.#bucket} is gone`);
    }
  }

  /** What was under way is completed, if it is still open. */
  async #settleUpload(upload: PartUpload): Promise<void> {
    if (upload.id === null) return;
    const { parts, ending } = upload.underWay;
    this.#met.inPart += parts;
    if (ending === "complete") this.#met.inComplete += 1;
    if (ending === "abort") this.#met.inAbort += 1;
    const isOpen = await upload.settle();
    if (isOpen && upload.numbers.length === 0) return;
    if (isOpen) {
      await upload.complete(upload.numbers);
      this.#met.completed += 1;
    }
    this.#upload = this.#next();
  }

  /** An initiate without an answer leaves one, of which nobody knows the id. */
  async #dropUnknown(): Promise<void> {
    const uploads = `${this.#bucket}/multipart-uploads`;
    const answer = must(await send("GET", uploads), 200);
    const listed = readJson<{ uploads: { upload_id: string; parts: number }[] }>(answer).uploads;
    const known = new Set(this.openUploads);
    const unknown = listed.filter(({ upload_id: id }) => !known.delete(id));
    if (known.size > 0) throw new BrokenPromise(`not listed in ${uploads}: ${[...known]}`);
    if (unknown.length > 1 || unknown.some(({ parts }) => parts > 0)) {
      throw new BrokenPromise(`nobody's, in ${uploads}: ${JSON.stringify(unknown)}`);
    }
    for (const { upload_id: id } of unknown) must(await send("DELETE", `${uploads}/${id}`), 204);
  }

  async #step(): Promise<void> {
    if (!this.#hasBucket) {
      const body = JSON.stringify({ name: this.#target.name });
      must(await send("POST", this.#bucket.slice(0, this.#bucket.lastIndexOf("/")), { body }), 201);
      this.#hasBucket = true;
    }
    const upload = this.#upload;
    if (upload.id === null) return upload.initiate();
    const { puts, completes } = this.#habits;
    const choice = this.#random();
    if (upload.numbers.length < 2 || choice < puts) return this.#put(upload);
    if (choice < puts + completes) return this.#complete(upload);
    if (this.#random() > parksOfRest) return this.#abort(upload);
    this.#park(upload);
  }

  async #put(upload: PartUpload): Promise<void> {
    const all = this.#habits.numbers;
    const first = between(0, all, this.#random());
    const count = between(1, Math.min(all, 3) + 1, this.#random());
    const numbers = Array.from({ length: count }, (_, n) => ((first + n) % all) + 1);
    await together(
      numbers.map(async (number) => {
        const replaced = await upload.put(number, this.#bytes());
        this.#met.parts += 1;
        if (replaced) this.#met.replacedParts += 1;
      }),
    );
  }

  async #complete(upload: PartUpload): Promise<void> {
    const { numbers } = upload;
    const leavesOut = this.#random() < 0.2 ? between(0, numbers.length, this.#random()) : -1;
    await upload.complete(numbers.filter((_, index) => index !== leavesOut));
    this.#met.completed += 1;
    this.#completed.push(upload);
    this.#upload = this.#next();
    if (this.#random() < 0.3) await upload.repeat();
  }

  async #abort(upload: PartUpload): Promise<void> {
    await upload.abort();
    this.#met.aborted += 1;
    this.#aborted.push(upload);
    this.#upload = this.#next();
  }

  #park(upload: PartUpload): void {
    this.#parked.push(upload);
    const resumed = this.#parked.length > mostParked ? this.#parked.shift() : undefined;
    this.#upload = resumed ?? this.#next();
  }

  #bytes(): Uint8Array<ArrayBuffer> {
    this.#count += 1;
    const size = between(0, this.#habits.largest, this.#random() ** 2);
    return new Uint8Array(randomBytes(`${this.#target.seed}/${this.#count}`, size));
  }

  #next(): PartUpload {
    const object = `parts/${between(0, objectsOfBucket, this.#random())}`;
    return new PartUpload(this.#bucket, this.#book, object);
  }
}
