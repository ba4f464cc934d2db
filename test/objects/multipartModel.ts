// What uploads in parts promise, as maps of bytes: pure, and nothing of the product in it.
import { sha256 } from "../support/bytes.ts";

/** A part as it was answered. */
export interface ModelPart {
  readonly number: number;
  readonly etag: string;
  readonly bytes: Uint8Array;
}

/** How a list of parts differs from all parts of an upload, in order. */
export const lists = ["all", "first", "reversed", "missing", "stale", "empty"] as const;
export type ListKind = (typeof lists)[number];

/** What a completion is sent with. */
export interface ModelList {
  readonly parts: readonly { readonly number: number; readonly etag: string }[];
  readonly digest: string | null;
}

interface Open {
  readonly object: string;
  readonly parts: Map<number, ModelPart>;
  expiresAt: number;
}

interface Completed {
  readonly object: string;
  readonly list: string;
  readonly digest: string;
  readonly at: number;
}

/** `ok`, or the status of the refusal. */
export type Expected = "ok" | number;

const minute = 60_000;
const ttlMs = 24 * 60 * minute;
const repeatableMs = 15 * minute;

/** All uploads and objects of one run. */
export class MultipartModel {
  readonly objects = new Map<string, Uint8Array>();
  readonly #open = new Map<string, Open>();
  readonly #completed = new Map<string, Completed>();
  /** Whatever was begun, in order. */
  readonly ids: string[] = [];
  /** What the wall clock shows, and what has really passed. */
  #wall = 0;
  #passed = 0;

  wait(ms: number): void {
    this.#wall += ms;
    this.#passed += ms;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#wall += ms;
  }

  /** A clock that is ahead ends nothing. */
  get #age(): number {
    return Math.min(this.#wall, this.#passed);
  }

  initiate(id: string, object: string): void {
    this.ids.push(id);
    this.#open.set(id, { object, parts: new Map(), expiresAt: this.#wall + ttlMs });
  }

  /** Parts in order; null for an upload that is over. */
  parts(id: string): readonly ModelPart[] | null {
    const parts = this.#open.get(id)?.parts.values();
    return parts === undefined ? null : [...parts].sort((a, b) => a.number - b.number);
  }

  /** What a part is answered; `put` then makes it count. */
  mayPut(id: string): Expected {
    const open = this.#open.get(id);
    if (open === undefined) return this.#ofAbsent(id);
    return open.expiresAt < this.#age ? 409 : "ok";
  }

  put(id: string, part: ModelPart): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new Error("a part for an upload that is over");
    open.parts.set(part.number, part);
    open.expiresAt = this.#wall + ttlMs;
  }

  /** A part that broke off is a sign of life: with little time left its upload gets more. */
  cut(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new Error("a part for an upload that is over");
    if (open.expiresAt < this.#wall + ttlMs / 2) open.expiresAt = this.#wall + ttlMs;
  }

  /** What has expired may be aborted as well: it is gone sooner. */
  abort(id: string): Expected {
    return this.#open.delete(id) ? "ok" : this.#ofAbsent(id);
  }

  /** A list for the upload; that of one that is over is empty. */
  list(id: string, kind: ListKind): ModelList["parts"] {
    const all = (this.parts(id) ?? []).map(({ number, etag }) => ({ number, etag }));
    const [first, ...others] = all;
    if (kind === "first") return all.slice(0, 1);
    if (kind === "reversed") return all.toReversed();
    if (kind === "missing") return [...all, { number: 99, etag: "0000000000000000-0" }];
    if (kind === "empty") return [];
    if (kind === "all" || first === undefined) return all;
    return [{ ...first, etag: "0123456789abcdef-1" }, ...others];
  }

  complete(id: string, { parts: list, digest }: ModelList): Expected {
    const rises = list.every(({ number }, index) => number > (list[index - 1]?.number ?? 0));
    if (list.length === 0 || !rises) return 400;
    const open = this.#open.get(id);
    if (open === undefined) return this.#completeAgain(id, list, digest);
    if (open.expiresAt < this.#age || open.parts.size === 0) return 409;
    const chosen: Uint8Array[] = [];
    for (const { number, etag } of list) {
      const part = open.parts.get(number);
      if (part === undefined) return 404;
      if (part.etag !== etag) return 409;
      chosen.push(part.bytes);
    }
    const whole = new Uint8Array(Buffer.concat(chosen));
    if (digest !== null && digest !== sha256(whole)) return 400;
    this.objects.set(open.object, whole);
    this.#completed.set(id, {
      object: open.object,
      list: nameOf(list),
      digest: sha256(whole),
      at: this.#wall,
    });
    this.#open.delete(id);
    return "ok";
  }

  #completeAgain(id: string, list: ModelList["parts"], digest: string | null): Expected {
    const completed = this.#remembered(id);
    if (completed === null) return 404;
    if (completed.list !== nameOf(list)) return 409;
    return digest === null || digest === completed.digest ? "ok" : 400;
  }

  #ofAbsent(id: string): Expected {
    return this.#remembered(id) === null ? 404 : 409;
  }

  /** For a while, and as long as its object has the bytes that it made. */
  #remembered(id: string): Completed | null {
    const completed = this.#completed.get(id);
    if (completed === undefined || completed.at <= this.#age - repeatableMs) return null;
    const bytes = this.objects.get(completed.object);
    return bytes !== undefined && sha256(bytes) === completed.digest ? completed : null;
  }
}

const nameOf = (list: ModelList["parts"]): string =>
  list.map(({ number, etag }) => `${number} ${etag}`).join();
