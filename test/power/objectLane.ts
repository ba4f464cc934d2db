// A client that puts, replaces, links and deletes small objects, several at a time, and creates and deletes buckets.
import { randomBytes, randomNumbers, sha256 } from "../support/bytes.ts";
import { must, ObjectBook, send, together } from "./buckets.ts";
import { Facts } from "./facts.ts";
import type { Lane, PowerFigures } from "./figures.ts";
import { BrokenPromise, between } from "./promise.ts";

/** Where a client works on buckets. */
export interface BucketTarget {
  /** `http://host:port`. */
  readonly server: string;
  /** The first part of the names of its buckets and repositories. */
  readonly name: string;
  /** Makes contents and choices repeatable. */
  readonly seed: string;
}

/** Few enough that most are replaced and deleted sooner or later. */
const objectsOfBucket = 12;
const sideBuckets = 2;
const largest = 200_000;

/** Works until the power fails; `settle` after the next start, then on it goes. */
export class ObjectLane implements Lane {
  readonly #target: BucketTarget;
  readonly #random: () => number;
  /** Of buckets, by their address. */
  readonly #buckets = new Facts();
  readonly #books = new Map<string, ObjectBook>();
  #count = 0;

  constructor(target: BucketTarget) {
    this.#target = target;
    this.#random = randomNumbers(`${target.seed}/choices`);
  }

  get openUploads(): readonly string[] {
    return [];
  }

  get figures(): Partial<PowerFigures> {
    const books = [...this.#books.values()];
    return {
      objects: books.reduce((sum, { written }) => sum + written, 0),
      inObject: books.reduce((sum, { unanswered }) => sum + unanswered, 0),
    };
  }

  async run(): Promise<void> {
    for (;;) await this.#step();
  }

  async settle(): Promise<void> {
    for (const url of this.#buckets.addresses) {
      const answer = must(await send("GET", url), 200, 404);
      if (this.#buckets.settle(url, answer.status === 200 ? "there" : null)) continue;
      throw new BrokenPromise(`${url}: ${answer.status}, not ${this.#buckets.describe(url)}`);
    }
    for (const book of this.#books.values()) await book.settle();
  }

  async verify(): Promise<void> {
    for (const book of this.#books.values()) await book.verify();
  }

  async #step(): Promise<void> {
    const main = this.#urlOf("main");
    if (this.#buckets.known(main) === null) return this.#create(main);
    if (this.#random() < 0.12) return this.#stepAside();
    const book = this.#book(main);
    const first = between(0, objectsOfBucket, this.#random());
    const count = between(1, 4, this.#random());
    const objects = Array.from({ length: count }, (_, n) => `o/${(first + n) % objectsOfBucket}`);
    await together(objects.map((object) => this.#write(book, object)));
  }

  async #write(book: ObjectBook, object: string): Promise<void> {
    const choice = this.#random();
    if (book.has(object) && choice < 0.25) return book.remove(object);
    this.#count += 1;
    const size = between(0, largest, this.#random() ** 3);
    const bytes = new Uint8Array(randomBytes(`${this.#target.seed}/${this.#count}`, size));
    const digest = sha256(bytes);
    if (choice < 0.8) {
      const contentType = `application/x-power-${this.#count}`;
      return book.put(object, { digest, contentType }, bytes);
    }
    const { server, name } = this.#target;
    const repository = `power/${name}`;
    const upload = `${server}/v2/${repository}/blobs/uploads/?digest=${digest}`;
    must(await send("POST", upload, { body: bytes }), 201);
    const link = JSON.stringify({ from: { repository, digest } });
    await book.put(object, { digest, contentType: "application/octet-stream" }, link, true);
  }

  /** A bucket that comes, holds one object, and goes again. */
  async #stepAside(): Promise<void> {
    const url = this.#urlOf(`side-${between(0, sideBuckets, this.#random())}`);
    if (this.#buckets.known(url) === null) return this.#create(url);
    const book = this.#book(url);
    if (book.has("it")) return book.remove("it");
    if (this.#random() < 0.5) return this.#write(book, "it");
    const answered = this.#buckets.asking(url, null);
    must(await send("DELETE", url), 204);
    answered();
  }

  async #create(url: string): Promise<void> {
    const answered = this.#buckets.asking(url, "there");
    const name = url.slice(url.lastIndexOf("/") + 1);
    const buckets = url.slice(0, url.lastIndexOf("/"));
    must(await send("POST", buckets, { body: JSON.stringify({ name }) }), 201);
    answered();
  }

  #urlOf(bucket: string): string {
    return `${this.#target.server}/v1/buckets/${this.#target.name}-${bucket}`;
  }

  #book(url: string): ObjectBook {
    const book = this.#books.get(url) ?? new ObjectBook(url);
    this.#books.set(url, book);
    return book;
  }
}
