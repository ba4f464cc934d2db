// One client that uploads blob after blob in chunks, remembers what was answered, and knows what a restart may change of it.
import { randomBytes, randomNumbers, sha256 } from "../support/bytes.ts";

/** Where a lane uploads to; the address changes with no restart. */
export interface LaneTarget {
  /** `http://host:port/v2/<name>`. */
  readonly repository: string;
  /** Makes contents and choices repeatable. */
  readonly seed: string;
}

/** An upload as its client knows it. */
interface Upload {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  /** Path of the session; null until the POST was answered. */
  location: string | null;
  /** The offset of the last answer. */
  acknowledged: number;
  /** The offset a request that has no answer yet would lead to. */
  underWay: number;
  /** A closing PUT was sent. */
  closing: boolean;
}

/** An answer that breaks a promise: the seed and the place are in the message. */
export class BrokenPromise extends Error {}

const smallest = 200_000;
const largest = 2_500_000;
const smallestChunk = 40_000;
const largestChunk = 600_000;

/** Uploads until the server dies; `settle` after the next start, then on it goes. */
export class UploadLane {
  readonly #target: LaneTarget;
  readonly #random: () => number;
  readonly #finished: string[] = [];
  #count = 0;
  #upload: Upload;
  /** How often a restart met a request without an answer, by what it was. */
  readonly met = { chunk: 0, closing: 0 };

  constructor(target: LaneTarget) {
    this.#target = target;
    this.#random = randomNumbers(`${target.seed}/choices`);
    this.#upload = this.#next();
  }

  /** Digests that were answered with 201. */
  get finished(): readonly string[] {
    return this.#finished;
  }

  /** Uploads blob after blob; returns when the connection breaks. @throws BrokenPromise for any other answer than the right one. */
  async run(): Promise<void> {
    try {
      for (;;) await this.#step();
    } catch (error) {
      if (error instanceof BrokenPromise) throw error;
    }
  }

  /** Brings the upload that is under way to its end. */
  async complete(): Promise<void> {
    const count = this.#count;
    while (this.#count === count) await this.#step();
  }

  /**
   * After a restart: the offset that was answered last stands, or the one that was under way; what was answered with 201, or could
   * have been, can be closed again. @throws BrokenPromise.
   */
  async settle(): Promise<void> {
    const upload = this.#upload;
    if (upload.location === null) return;
    if (upload.closing) this.met.closing += 1;
    else if (upload.underWay > upload.acknowledged) this.met.chunk += 1;
    const status = await this.#ask("GET", upload.location);
    if (status.status === 404 && upload.closing) {
      await this.#close(upload, 0);
      return;
    }
    this.#expect(status, 204);
    const offset = offsetOf(status);
    if (offset !== upload.acknowledged && offset !== upload.underWay) {
      throw this.#broken(`status says ${offset}`);
    }
    upload.acknowledged = offset;
    upload.underWay = offset;
    if (upload.closing && offset === upload.bytes.length) await this.#close(upload, 0);
    upload.closing = false;
  }

  async #step(): Promise<void> {
    const upload = this.#upload;
    const { bytes, acknowledged } = upload;
    if (upload.location === null) {
      const answer = await this.#ask("POST", `${this.#target.repository}/blobs/uploads/`);
      this.#expect(answer, 202);
      upload.location = new URL(answer.headers.get("location") ?? "", answer.url).href;
      return;
    }
    const left = bytes.length - acknowledged;
    // Some closing requests carry the last bytes.
    if (left === 0 || (left < largestChunk && this.#random() < 0.3)) {
      await this.#close(upload, left);
      return;
    }
    const size = Math.min(left, between(smallestChunk, largestChunk, this.#random()));
    upload.underWay = acknowledged + size;
    const answer = await this.#ask("PATCH", upload.location, this.#chunk(upload));
    this.#expect(answer, 202);
    if (offsetOf(answer) !== upload.underWay) throw this.#broken(`PATCH says ${offsetOf(answer)}`);
    upload.acknowledged = upload.underWay;
  }

  /** With a length, with Content-Range as well, or streamed. */
  #chunk({ bytes, acknowledged, underWay }: Upload): RequestInit {
    const body = bytes.subarray(acknowledged, underWay);
    const kind = this.#random();
    if (kind < 0.3) return { body };
    if (kind < 0.8) {
      return { body, headers: { "content-range": `${acknowledged}-${underWay - 1}` } };
    }
    return { body: new Blob([body]).stream() };
  }

  async #close(upload: Upload, carried: number): Promise<void> {
    const { bytes, digest } = upload;
    upload.closing = true;
    upload.underWay = bytes.length;
    const body = carried === 0 ? {} : { body: bytes.subarray(bytes.length - carried) };
    const answer = await this.#ask("PUT", `${upload.location}?digest=${digest}`, body);
    this.#expect(answer, 201);
    this.#finished.push(digest);
    this.#count += 1;
    this.#upload = this.#next();
  }

  #next(): Upload {
    const size = between(smallest, largest, this.#random());
    const bytes = new Uint8Array(randomBytes(`${this.#target.seed}/${this.#count}`, size));
    const digest = sha256(bytes);
    return { bytes, digest, location: null, acknowledged: 0, underWay: 0, closing: false };
  }

  /** A connection for each request: one that is kept may lead to a server that has been killed since. */
  async #ask(method: string, url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, { ...init, method, keepalive: false });
    await response.arrayBuffer();
    return response;
  }

  #expect(answer: Response, status: number): void {
    if (answer.status === status) return;
    throw this.#broken(`${answer.status}, not ${status}, from ${answer.url}`);
  }

  #broken(what: string): BrokenPromise {
    const { acknowledged, underWay, closing, bytes } = this.#upload;
    const state = JSON.stringify({ acknowledged, underWay, closing, size: bytes.length });
    return new BrokenPromise(`${this.#target.seed}, upload ${this.#count} ${state}: ${what}`);
  }
}

function between(low: number, high: number, random: number): number {
  return low + Math.floor(random * (high - low));
}

/** `0-0` counts as empty: no chunk here has a single byte. */
function offsetOf(answer: Response): number {
  const last = Number(answer.headers.get("range")?.slice(2));
  return last === 0 ? 0 : last + 1;
}
