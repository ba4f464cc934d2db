// What upload sessions promise, as a map from id to bytes: pure, and nothing of the product in it but the digest function.
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { randomBytes } from "../../support/bytes.ts";
import { type AskedDigest, anySlot, type Carried, type Content } from "./actions.ts";

/** A request body as it is sent, with what its headers say of it. */
export interface Sent {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Content-Range, both inclusive; null without one. */
  readonly range: { readonly start: number; readonly end: number } | null;
  /** Content-Length; null when streamed. */
  readonly length: number | null;
  /** The connection breaks after `body`. */
  readonly cut: boolean;
}

/** An answer, as far as the promise goes. */
export interface Answer {
  /** HTTP status; 0 when the connection was cut before an answer. */
  readonly status: number;
  /** Bytes that count, where the answer says so. */
  readonly offset: number | null;
}

interface Session {
  bytes: Buffer<ArrayBuffer>;
  /** Ms at which it last got bytes, or started. */
  touchedAt: number;
}

interface Finished {
  readonly digest: Digest;
  readonly at: number;
}

const minute = 60_000;
const timeoutMs = 60 * minute;
const repeatableMs = 15 * minute;

/** Bytes that the name stands for. */
export function bytesOf({ salt, size }: Content): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(`model ${salt}`, size));
}

/** All sessions of one run. */
export class SessionsModel {
  /** Ids in the order of their start. */
  readonly ids: string[] = [];
  readonly #open = new Map<string, Session>();
  readonly #finished = new Map<string, Finished>();
  #now = 0;

  /** The session a slot stands for; one must have been started. */
  pick(slot: number): string {
    const open = this.openIds;
    const among = slot === anySlot || open.length === 0 ? this.ids : open;
    const id = among.at(-1 - (slot % among.length));
    if (id === undefined) throw new Error("no session was started yet");
    return id;
  }

  /** Ids of sessions that take bytes. */
  get openIds(): string[] {
    return [...this.#open.keys()];
  }

  /** Staged bytes; null for a session that is over. */
  bytes(id: string): Buffer | null {
    return this.#open.get(id)?.bytes ?? null;
  }

  /** The digest under which a session was finished, or null. */
  finishedAs(id: string): Digest | null {
    return this.#finished.get(id)?.digest ?? null;
  }

  start(id: string): void {
    this.ids.push(id);
    this.#open.set(id, { bytes: Buffer.alloc(0), touchedAt: this.#now });
  }

  /** What a request of `carried` looks like for a session with so many bytes. */
  plan({ content, place, streamed, ending }: Carried, offset: number): Sent {
    const body = bytesOf(content);
    const { announced, cut } = announce(body.length, ending, place);
    const length = streamed ? null : cut ? announced : body.length;
    if (place === "unsaid" || announced === 0) return { body, range: null, length, cut };
    const start = { here: offset, gap: offset + 1, overlap: Math.max(offset - 1, 0), repeat: 0 }[
      place
    ];
    return { body, range: { start, end: start + announced - 1 }, length, cut };
  }

  /** The digest to ask for when `body` follows what is staged. */
  digest(id: string | null, body: Uint8Array, asked: AskedDigest): Digest {
    if (asked === "wrong") return digestOf(new TextEncoder().encode("other bytes"));
    const staged = (id === null ? null : this.bytes(id)) ?? Buffer.alloc(0);
    const whole = Buffer.concat([staged, body]);
    return digestOf(whole, asked === "right sha512" ? "sha512" : "sha256");
  }

  /** A chunk: counts whole, or not at all, unless its connection is cut. */
  patch(id: string, sent: Sent): Answer {
    const session = this.#open.get(id);
    if (session === undefined) return { status: 404, offset: null };
    const refusal = refuse(session.bytes.length, sent);
    if (refusal !== null) return refusal;
    this.#append(session, sent.body);
    return sent.cut ? { status: 0, offset: null } : { status: 202, offset: session.bytes.length };
  }

  finish(id: string, sent: Sent, digest: Digest): Answer {
    const session = this.#open.get(id);
    if (session === undefined) return this.#finishAgain(id, digest);
    const refusal = refuse(session.bytes.length, sent);
    if (refusal !== null) return refusal;
    if (sent.cut) {
      this.#append(session, sent.body);
      return { status: 0, offset: null };
    }
    const whole = Buffer.concat([session.bytes, sent.body]);
    this.#open.delete(id);
    if (!isDigestOf(whole, digest)) return { status: 400, offset: null };
    this.#finished.set(id, { digest, at: this.#now });
    return { status: 201, offset: null };
  }

  uploadAtOnce(sent: Sent, digest: Digest): Answer {
    const refusal = refuse(0, sent);
    if (refusal !== null) return { ...refusal, offset: null };
    if (sent.cut) return { status: 0, offset: null };
    return { status: isDigestOf(sent.body, digest) ? 201 : 400, offset: null };
  }

  status(id: string, foreign: boolean): Answer {
    const session = foreign ? undefined : this.#open.get(id);
    if (session === undefined) return { status: 404, offset: null };
    return { status: 204, offset: session.bytes.length };
  }

  cancel(id: string, foreign: boolean): Answer {
    const known = !foreign && this.#open.delete(id);
    return { status: known ? 204 : 404, offset: null };
  }

  /** Time passes; whoever had no byte for an hour is gone, but for one that is being written to. */
  wait(minutes: number, written: string | null = null): void {
    this.#now += minutes * minute;
    for (const [id, { touchedAt }] of this.#open) {
      if (id !== written && touchedAt < this.#now - timeoutMs) this.#open.delete(id);
    }
  }

  /** For cuts whose point nobody knows: keeps the first `offset` bytes. */
  keep(id: string, offset: number): void {
    const session = this.#open.get(id);
    if (session !== undefined) session.bytes = session.bytes.subarray(0, offset);
  }

  #append(session: Session, body: Uint8Array): void {
    session.bytes = Buffer.concat([session.bytes, body]);
    session.touchedAt = this.#now;
  }

  #finishAgain(id: string, digest: Digest): Answer {
    const finished = this.#finished.get(id);
    const repeats = finished?.digest === digest && finished.at > this.#now - repeatableMs;
    return { status: repeats ? 201 : 404, offset: null };
  }
}

/** How many bytes the headers announce for a body of `size`. */
function announce(size: number, ending: Carried["ending"], place: Carried["place"]) {
  if (ending === "cut") return { announced: size + 10, cut: true };
  const ranged = place !== "unsaid";
  if (ending === "shorter" && ranged) return { announced: size + 1, cut: false };
  if (ending === "longer" && ranged && size > 1) return { announced: size - 1, cut: false };
  return { announced: size, cut: false };
}

/** @returns the answer to a chunk that counts for nothing, or null when it counts. */
function refuse(offset: number, { body, range, length, cut }: Sent): Answer | null {
  if (range === null) return null;
  if (range.start !== offset) return { status: 416, offset };
  const announced = range.end - range.start + 1;
  const contradicts = length !== null && length !== announced;
  const differs = !cut && body.length !== announced;
  return contradicts || differs ? { status: 400, offset: null } : null;
}

function isDigestOf(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, digest.startsWith("sha512:") ? "sha512" : "sha256") === digest;
}
