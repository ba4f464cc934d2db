// Pages of a bucket's objects. Names with a common prefix are told once and stepped over, however many they are.
import type { BucketName } from "../../model/objectNames.ts";
import type { ObjectPage, ObjectPageRequest, ObjectRecord } from "../objects.ts";
import { objectsBetween, objectsFrom } from "./objectStatements.ts";
import type { Body, Tx } from "./rows.ts";

/** Rows asked for at once where the next ones may all share a prefix. */
const fewRows = 4;
const lastCodePoint = 0x10ffff;
const firstSurrogate = 0xd800;
const afterSurrogates = 0xe000;

/**
 * The first text, in the byte order of UTF-8, behind all that begin with `prefix`; null when there is none. That order is the one of
 * code points: the last one that has a next one gets it.
 */
export function behindAll(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === lastCodePoint) points.pop();
  const last = points.pop();
  if (last === undefined) return null;
  const next = last + 1 === firstSurrogate ? afterSurrogates : last + 1;
  return `${points.map((point) => String.fromCodePoint(point)).join("")}${String.fromCodePoint(next)}`;
}

/** Reads one page along the primary key. */
export function* readObjectPage(
  tx: Tx,
  bucket: { readonly id: number; readonly name: BucketName },
  request: ObjectPageRequest,
): Body<ObjectPage> {
  const page = new PageInProgress(request);
  const until = behindAll(request.prefix);
  let from = page.start();
  for (let size = page.firstBatch(); from !== null; ) {
    const batch = { bucketId: bucket.id, from, limit: size };
    const rows =
      until === null
        ? yield* tx.all(objectsFrom, batch)
        : yield* tx.all(objectsBetween, { ...batch, until });
    const entriesBefore = page.entries;
    for (const row of rows) page.take({ bucket: bucket.name, ...row });
    if (page.isFull || rows.length < size) break;
    from = page.next();
    // Where names share prefixes, most rows of a batch may be read in vain; where they do not, few batches are better.
    const useful = page.entries - entriesBefore;
    size = page.largestBatch(useful * 2 < size ? fewRows : size * 2);
  }
  return page.done();
}

/** What a page holds so far. */
class PageInProgress {
  readonly #request: ObjectPageRequest;
  readonly #delimiter: string;
  readonly #objects: ObjectRecord[] = [];
  readonly #prefixes: string[] = [];
  /** The latest name or prefix that was told. */
  #last: string | null = null;
  /** The common prefix that is being stepped over. */
  #group: string | null = null;
  #isFull: boolean;
  #hasMore = false;

  constructor(request: ObjectPageRequest) {
    this.#request = request;
    this.#delimiter = request.delimiter ?? "";
    this.#isFull = request.limit < 1;
  }

  get entries(): number {
    return this.#objects.length + this.#prefixes.length;
  }

  /** True when it is known what to answer. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The name to begin with; null when nothing can follow. */
  start(): string | null {
    const { prefix, after } = this.#request;
    if (this.#isFull) return null;
    if (after === null || Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0)
      return prefix;
    const group = this.#groupOf(after);
    return group === null ? next(after) : behindAll(group);
  }

  firstBatch(): number {
    return this.#delimiter === "" ? this.#request.limit + 1 : this.largestBatch(fewRows);
  }

  /** One row more than can be told shows whether any follow. */
  largestBatch(wanted: number): number {
    return Math.min(wanted, this.#request.limit - this.entries + 1);
  }

  take(record: ObjectRecord): void {
    if (this.#isFull) return;
    const name = record.object;
    if (this.#group !== null && name.startsWith(this.#group)) return;
    if (this.entries === this.#request.limit) {
      this.#hasMore = true;
      this.#isFull = true;
      return;
    }
    this.#group = this.#groupOf(name);
    if (this.#group === null) this.#objects.push(record);
    else this.#prefixes.push(this.#group);
    this.#last = this.#group ?? name;
  }

  /** Where the next batch begins; null when nothing can follow. */
  next(): string | null {
    if (this.#group !== null) return behindAll(this.#group);
    return this.#last === null ? null : next(this.#last);
  }

  done(): ObjectPage {
    return {
      objects: this.#objects,
      prefixes: this.#prefixes,
      last: this.#hasMore ? this.#last : null,
    };
  }

  /** The common prefix that a name is told by; null when it is told itself. */
  #groupOf(name: string): string | null {
    const { prefix } = this.#request;
    if (this.#delimiter === "" || !name.startsWith(prefix)) return null;
    const at = name.indexOf(this.#delimiter, prefix.length);
    return at < 0 ? null : name.slice(0, at + this.#delimiter.length);
  }
}

/** A text behind `name` in byte order, and before every other name behind it: names hold no control characters. */
function next(name: string): string {
  return `${name}\u0001`;
}
