// A client that uploads blob after blob in chunks. It remembers every offset it was told, and knows what a power loss may
// change of it: nothing, except that a session without a byte may be gone.
import { randomBytes, randomNumbers, sha256 } from "../support/bytes.ts";
import { pullBlob } from "../support/images.ts";
import { request, talk } from "../support/rawHttp.ts";
import type { Lane, PowerFigures } from "./figures.ts";
import { ask, BrokenPromise, between, locationOf, offsetOf, type Target } from "./promise.ts";

interface Upload {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
  location: string | null;
  /** The highest offset in any answer, a status's included. */
  acknowledged: number;
  /** The highest offset that a request could have led to. */
  sent: number;
  /** What was asked last that ends the session. */
  ending: "none" | "close" | "cancel";
}

const largest = 1_200_000;
const largestChunk = 300_000;
/** Long enough for the bytes before a cut to arrive. */
const cutAfterMs = 20;
/** A cut is noticed within milliseconds; asked for the status every 5 ms. */
const looksAfterCut = 2_000;
const longestPauseMs = 400;

/** Uploads until the power fails; `settle` after the next start, then on it goes. */
export class ChunkLane implements Lane {
  readonly #target: Target;
  readonly #random: () => number;
  readonly #finished = new Set<string>();
  readonly #cancelled = new Set<string>();
  #count = 0;
  #upload: Upload;
  /** What restarts met: requests without an answer by their kind, and sessions lost that might be; and closing PUTs that were cut. */
  readonly #met = { chunk: 0, close: 0, cutClose: 0, cancel: 0, between: 0, forgotten: 0 };

  constructor(target: Target) {
    this.#target = target;
    this.#random = randomNumbers(`${target.seed}/choices`);
    this.#upload = this.#next();
  }

  get figures(): Partial<PowerFigures> {
    return { ...this.#met, blobs: this.#finished.size };
  }

  get openUploads(): readonly string[] {
    return [];
  }

  async run(): Promise<void> {
    for (;;) await this.#step();
  }

  /** After a restart: what was answered is so, and the upload under way is finished and pulled. @throws BrokenPromise. */
  async settle(): Promise<void> {
    for (const location of this.#cancelled) this.#expect(await ask("GET", location), [404]);
    this.#cancelled.clear();
    const upload = this.#upload;
    if (upload.location === null) return;
    this.#countMet(upload);
    const status = await ask("GET", upload.location);
    if (status.status === 404) {
      await this.#settleUnknown(upload);
    } else {
      this.#expect(status, [204]);
      await this.#resume(upload, offsetOf(status));
    }
    this.#upload = this.#next();
  }

  async verify(): Promise<void> {
    for (const digest of this.#finished) await pullBlob(this.#target.repository, digest);
  }

  async #settleUnknown(upload: Upload): Promise<void> {
    if (upload.ending === "cancel") return;
    if (upload.ending === "close") {
      const repeated = await ask("PUT", `${upload.location}?digest=${upload.digest}`);
      if (repeated.status === 201) {
        await this.#keep(upload);
        return;
      }
    }
    if (upload.acknowledged > 0) throw this.#broken("the session is gone");
    this.#met.forgotten += 1;
  }

  async #resume(upload: Upload, offset: number): Promise<void> {
    if (offset < upload.acknowledged || offset > upload.sent) {
      throw this.#broken(`status says ${offset}`);
    }
    const rest = upload.bytes.subarray(offset);
    const headers = { "content-range": `${offset}-${upload.bytes.length - 1}` };
    if (rest.length > 0) {
      const chunk = await ask("PATCH", `${upload.location}`, { body: rest, headers });
      // The row may have outlived its folder; without an acknowledged byte the client starts again.
      if (chunk.status === 404 && upload.acknowledged === 0) {
        this.#met.forgotten += 1;
        return;
      }
      this.#expect(chunk, [202]);
    }
    this.#expect(await ask("PUT", `${upload.location}?digest=${upload.digest}`), [201]);
    await this.#keep(upload);
  }

  async #keep({ digest }: Upload): Promise<void> {
    this.#finished.add(digest);
    await pullBlob(this.#target.repository, digest);
  }

  async #step(): Promise<void> {
    const upload = this.#upload;
    if (upload.location === null) {
      const started = await ask("POST", `${this.#target.repository}/blobs/uploads/`);
      this.#expect(started, [202]);
      upload.location = locationOf(started);
      return;
    }
    const left = upload.bytes.length - upload.acknowledged;
    const choice = this.#random();
    if (choice < 0.02) return this.#cancel(upload, upload.location);
    // Often as a session's first request: nothing of it was synced before.
    const cuts = upload.acknowledged === 0 ? 0.7 : 0.9;
    if (choice > cuts && left > 3) return this.#closeInPart(upload, upload.location);
    if (left === 0 || (left < largestChunk && choice < 0.3)) {
      return this.#close(upload, upload.location);
    }
    await this.#patch(upload, upload.location);
  }

  async #patch(upload: Upload, location: string): Promise<void> {
    const { bytes, acknowledged } = upload;
    const small = this.#random() < 0.5;
    const size = between(2, small ? 5_000 : largestChunk, this.#random());
    const end = Math.min(bytes.length, acknowledged + size);
    upload.sent = end;
    const body = bytes.subarray(acknowledged, end);
    const headers = { "content-range": `${acknowledged}-${end - 1}` };
    const curious = this.#random() < 0.5;
    let underWay = true;
    const sending = ask("PATCH", location, this.#random() < 0.3 ? { body } : { body, headers });
    const [answer] = await Promise.all([
      sending.finally(() => {
        underWay = false;
      }),
      curious ? this.#watch(upload, location, () => underWay) : null,
    ]);
    this.#expect(answer, [202]);
    if (offsetOf(answer) !== end) throw this.#broken(`PATCH says ${offsetOf(answer)}`);
    upload.acknowledged = end;
  }

  /** Asks for the status while a chunk is on its way: what that says is a promise too. */
  async #watch(upload: Upload, location: string, underWay: () => boolean): Promise<void> {
    while (underWay()) {
      const status = await ask("GET", location);
      this.#expect(status, [204]);
      upload.acknowledged = Math.max(upload.acknowledged, offsetOf(status));
    }
  }

  async #close(upload: Upload, location: string): Promise<void> {
    upload.ending = "close";
    upload.sent = upload.bytes.length;
    const body = upload.bytes.subarray(upload.acknowledged);
    const url = `${location}?digest=${upload.digest}`;
    this.#expect(await ask("PUT", url, body.length > 0 ? { body } : {}), [201]);
    this.#finished.add(upload.digest);
    this.#upload = this.#next();
  }

  /** A closing PUT whose line breaks: what arrived of it counts, and the status says how much that is. */
  async #closeInPart(upload: Upload, location: string): Promise<void> {
    const { bytes, acknowledged: before, digest } = upload;
    const body = bytes.subarray(before, before + between(2, bytes.length - before, this.#random()));
    upload.sent = before + body.length;
    const { pathname, port } = new URL(location);
    const line = `PUT ${pathname}?digest=${digest}`;
    const head = request(line, [["Content-Length", String(bytes.length - before)]]);
    const { answers } = await talk(Number(port), [head, body], {
      endAfterMs: cutAfterMs,
      untilClose: true,
    });
    this.#met.cutClose += 1;
    const refused = answers.find(({ status }) => status !== 400);
    if (refused !== undefined) throw this.#broken(`${refused.status} for a cut closing PUT`);
    for (let looks = 0; upload.acknowledged === before; looks += 1) {
      if (looks === looksAfterCut) throw this.#broken("a cut closing PUT kept nothing");
      await Bun.sleep(5);
      const status = await ask("GET", location);
      this.#expect(status, [204]);
      upload.acknowledged = offsetOf(status);
    }
    // Whoever lost its line comes back after a while.
    await Bun.sleep(between(0, longestPauseMs, this.#random()));
  }

  async #cancel(upload: Upload, location: string): Promise<void> {
    upload.ending = "cancel";
    this.#expect(await ask("DELETE", location), [204]);
    this.#cancelled.add(location);
    this.#upload = this.#next();
  }

  #next(): Upload {
    this.#count += 1;
    const size = between(10, largest, this.#random() ** 2);
    const bytes = new Uint8Array(randomBytes(`${this.#target.seed}/${this.#count}`, size));
    return {
      bytes,
      digest: sha256(bytes),
      location: null,
      acknowledged: 0,
      sent: 0,
      ending: "none",
    };
  }

  #countMet({ ending, sent, acknowledged }: Upload): void {
    if (ending !== "none") this.#met[ending] += 1;
    else if (sent > acknowledged) this.#met.chunk += 1;
    else this.#met.between += 1;
  }

  #expect(answer: Response, statuses: readonly number[]): void {
    if (statuses.includes(answer.status)) return;
    throw this.#broken(`${answer.status}, not ${statuses.join(" or ")}, from ${answer.url}`);
  }

  #broken(what: string): BrokenPromise {
    const { bytes, digest, ...state } = this.#upload;
    const text = JSON.stringify({ ...state, size: bytes.length, digest });
    return new BrokenPromise(`${this.#target.seed}, upload ${this.#count} ${text}: ${what}`);
  }
}
