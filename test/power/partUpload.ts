// One upload in parts as its client knows it: what was answered, and what requests without an answer may have done.
import { Fingerprint } from "../../src/model/fingerprint.ts";
import { sha256 } from "../support/bytes.ts";
import { must, type ObjectBook, readJson, send } from "./buckets.ts";
import { Facts } from "./facts.ts";
import { BrokenPromise } from "./promise.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface NamedPart {
  readonly part_number: number;
  readonly etag: string;
}

/** A completion, as it was asked for. */
interface Completion {
  readonly body: string;
  readonly digest: string;
  /** How often its object had been asked for by then. */
  readonly asks: number;
}

const contentType = "application/x-parts";

/** What a part's bytes are known by; here, because a request without an answer tells none. */
export function etagOf(bytes: Uint8Array): string {
  const fingerprint = new Fingerprint();
  fingerprint.update(bytes);
  return fingerprint.etag();
}

/** Initiate, put, complete or abort; after a restart `settle`. */
export class PartUpload {
  readonly #uploads: string;
  readonly #book: ObjectBook;
  readonly #object: string;
  /** Etags by part number. */
  readonly #parts = new Facts();
  readonly #contents = new Map<string, Bytes>();
  #id: string | null = null;
  #ending: "none" | "complete" | "abort" = "none";
  #completion: Completion | null = null;
  #isCompleted = false;

  /** @param bucket the address of the bucket that `book` is about. */
  constructor(bucket: string, book: ObjectBook, object: string) {
    this.#uploads = `${bucket}/multipart-uploads`;
    this.#book = book;
    this.#object = object;
  }

  /** null until it was answered. */
  get id(): string | null {
    return this.#id;
  }

  /** Numbers of parts that were answered. */
  get numbers(): number[] {
    const numbers = this.#parts.addresses.filter((number) => this.#parts.known(number) !== null);
    return numbers.map(Number).sort((a, b) => a - b);
  }

  /** What it was doing when there was no answer any more. */
  get underWay(): { readonly parts: number; readonly ending: "none" | "complete" | "abort" } {
    return { parts: this.#parts.open.length, ending: this.#ending };
  }

  async initiate(): Promise<void> {
    const body = JSON.stringify({ object: this.#object, content_type: contentType });
    const answer = must(await send("POST", this.#uploads, { body }), 201);
    this.#id = readJson<{ upload_id: string }>(answer).upload_id;
  }

  /** @returns whether it took the place of another one. */
  async put(number: number, bytes: Bytes): Promise<boolean> {
    const etag = etagOf(bytes);
    this.#contents.set(etag, bytes);
    const replaces = this.#parts.known(String(number)) !== null;
    const answered = this.#parts.asking(String(number), etag);
    const answer = must(await send("PUT", `${this.#url}/parts/${number}`, { body: bytes }), 200);
    const told = readJson<{ etag: string }>(answer).etag;
    if (told !== etag) throw this.#broken(`part ${number} has the etag ${told}, not ${etag}`);
    answered();
    return replaces;
  }

  /** Completes it with some of the parts that were answered. */
  async complete(numbers: readonly number[]): Promise<void> {
    const parts = numbers.map((number) => this.#named(number));
    const bytes = Buffer.concat(parts.map(({ etag }) => this.#bytesOf(etag)));
    const digest = sha256(bytes);
    const answered = this.#book.asking(this.#object, { digest, contentType });
    const asks = this.#book.asks(this.#object);
    const completion = { body: JSON.stringify({ parts }), digest, asks };
    this.#ending = "complete";
    this.#completion = completion;
    await this.#ask(completion);
    answered();
    this.#ending = "none";
    this.#isCompleted = true;
  }

  /** Whether that was answered. */
  get isCompleted(): boolean {
    return this.#isCompleted;
  }

  /** Completes it again, which must be answered in the same way, unless its object may have been replaced since. */
  async repeat(): Promise<void> {
    if (this.#completion === null) return;
    const isLatest = this.#completion.asks === this.#book.asks(this.#object);
    await this.#ask(this.#completion, isLatest ? [200] : [200, 404]);
  }

  async abort(): Promise<void> {
    this.#ending = "abort";
    must(await send("DELETE", this.#url), 204);
    this.#ending = "none";
  }

  /** There is no such upload any more. @throws BrokenPromise. */
  async assertGone(): Promise<void> {
    must(await send("GET", `${this.#url}/parts`), 404);
  }

  /**
   * After a restart, for an upload that was initiated and neither completed nor aborted.
   * @returns whether it is open: with every part that was answered, and what was not answered is one of what it may be.
   * @throws BrokenPromise.
   */
  async settle(): Promise<boolean> {
    const answer = must(await send("GET", `${this.#url}/parts`), 200, 404);
    if (answer.status === 404) {
      await this.#settleGone();
      return false;
    }
    const { parts } = readJson<{ parts: NamedPart[] }>(answer);
    const found = new Map(parts.map(({ part_number, etag }) => [String(part_number), etag]));
    for (const number of new Set([...found.keys(), ...this.#parts.addresses])) {
      const etag = found.get(number) ?? null;
      if (this.#parts.settle(number, etag)) continue;
      throw this.#broken(`part ${number} is ${etag}, not ${this.#parts.describe(number)}`);
    }
    this.#ending = "none";
    return true;
  }

  async #settleGone(): Promise<void> {
    if (this.#ending === "abort") return;
    if (this.#ending !== "complete" || this.#completion === null) throw this.#broken("it is gone");
    const { digest } = this.#completion;
    await this.#ask(this.#completion);
    this.#book.asking(this.#object, { digest, contentType })();
  }

  async #ask({ body, digest }: Completion, statuses: readonly number[] = [200]): Promise<void> {
    const answer = must(await send("POST", `${this.#url}/complete`, { body }), ...statuses);
    if (answer.status === 404) return;
    const told = readJson<{ digest: string }>(answer).digest;
    if (told !== digest) throw this.#broken(`completed as ${told}, not ${digest}`);
  }

  #named(number: number): NamedPart {
    return { part_number: number, etag: this.#parts.known(String(number)) ?? "" };
  }

  #bytesOf(etag: string): Bytes {
    const bytes = this.#contents.get(etag);
    if (bytes === undefined) throw new Error(`no part has the etag ${etag}`);
    return bytes;
  }

  get #url(): string {
    return `${this.#uploads}/${this.#id}`;
  }

  #broken(what: string): BrokenPromise {
    return new BrokenPromise(`upload ${this.#url}, ${this.#ending} under way: ${what}`);
  }
}
