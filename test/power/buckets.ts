// Requests to buckets and to what is in them, and the book of what a bucket's objects may be.
import { sha256 } from "../support/bytes.ts";
import { Facts, type State } from "./facts.ts";
import { BrokenPromise } from "./promise.ts";

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** One request on a connection of its own. */
export async function send(method: string, url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, method, keepalive: false });
  const bytes = await response.bytes();
  return { status: response.status, url: `${method} ${url}`, headers: response.headers, bytes };
}

/** @throws BrokenPromise for another status. */
export function must(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  const text = new TextDecoder().decode(answer.bytes.subarray(0, 500));
  const expected = statuses.join(" or ");
  throw new BrokenPromise(`${answer.status}, not ${expected}, from ${answer.url}: ${text}`);
}

/** What an answer says in JSON. */
export function readJson<T>({ bytes }: Answer): T {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Waits for all, so that each answer counts. @throws what the first one threw that failed. */
export async function together(requests: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(requests);
  for (const each of ended) if (each.status === "rejected") throw each.reason;
}

/** Bytes of an object, as they are put and found. */
export interface ObjectContent {
  readonly digest: string;
  readonly contentType: string;
}

const stateOf = ({ digest, contentType }: ObjectContent): State => `${digest} ${contentType}`;

/** The objects of one bucket. */
export class ObjectBook {
  /** By the object's address. */
  readonly #facts = new Facts();
  readonly #asks = new Map<string, number>();
  readonly #bucket: string;
  /** Writes that were answered. */
  written = 0;
  /** Writes that had no answer when the power failed. */
  unanswered = 0;

  /** @param bucket `http://host:port/v1/buckets/<name>`. */
  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /** Whether it was there when it was last heard of. */
  has(object: string): boolean {
    return this.#facts.known(this.#url(object)) !== null;
  }

  /** Stores bytes, or a link to what a repository has. */
  async put(
    object: string,
    content: ObjectContent,
    body: NonNullable<RequestInit["body"]>,
    linked = false,
  ): Promise<void> {
    const status = this.has(object) ? 200 : 201;
    const contentType = linked ? "application/json" : content.contentType;
    const answered = this.asking(object, content);
    const headers = { "content-type": contentType };
    must(await send("PUT", this.#url(object), { body, headers }), status);
    answered();
  }

  /** Deletes an object that is there. */
  async remove(object: string): Promise<void> {
    const answered = this.asking(object, null);
    must(await send("DELETE", this.#url(object)), 204);
    answered();
  }

  /** Something that writes the object, or deletes it, is asked for. @returns what to call when it was answered. */
  asking(object: string, content: ObjectContent | null): () => void {
    const state = content === null ? null : stateOf(content);
    const answered = this.#facts.asking(this.#url(object), state);
    this.#asks.set(object, this.asks(object) + 1);
    return () => {
      this.written += 1;
      answered();
    };
  }

  /** How often it was asked to be written or deleted. */
  asks(object: string): number {
    return this.#asks.get(object) ?? 0;
  }

  /** After a restart. @throws BrokenPromise. */
  async settle(): Promise<void> {
    this.unanswered += this.#facts.open.length;
    await this.verify();
  }

  /** Every object is as it was answered; what was not answered is one of what it may be. @throws BrokenPromise. */
  async verify(): Promise<void> {
    for (const url of this.#facts.addresses) {
      const found = await find(url);
      if (this.#facts.settle(url, found)) continue;
      throw new BrokenPromise(`${url} is ${found}, not ${this.#facts.describe(url)}`);
    }
  }

  #url(object: string): string {
    return `${this.#bucket}/objects/${object}`;
  }
}

async function find(url: string): Promise<State> {
  const answer = must(await send("GET", url), 200, 404);
  if (answer.status === 404) return null;
  const digest = sha256(answer.bytes);
  const etag = answer.headers.get("etag");
  if (etag !== `"${digest}"`) throw new BrokenPromise(`${url}: ${digest} under the etag ${etag}`);
  return stateOf({ digest, contentType: answer.headers.get("content-type") ?? "" });
}
