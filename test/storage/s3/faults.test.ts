// Sessions under faults: any call to S3 may be refused, and any answer lost, while two replicas take turns. What is sealed is right,
// what was acknowledged stays, and nothing is left behind.
import { expect, test } from "bun:test";
import { RegistryError } from "../../../src/errors.ts";
import { digestOf } from "../../../src/model/digest.ts";
import type { Locator } from "../../../src/model/locator.ts";
import type { Boundary } from "../../../src/model/staged.ts";
import { makeUploadId } from "../../../src/model/uploadId.ts";
import { S3Error } from "../../../src/storage/s3/failures.ts";
import { formatKey } from "../../../src/storage/s3/guard.ts";
import type { SealOptions, Session } from "../../../src/storage/staging.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { fresh, readContent } from "../../support/contents.ts";
import { FakeS3, type Fault } from "../../support/fakeS3.ts";
import { noise } from "../../support/store.ts";
import { openReplica } from "./stores.ts";

/** Short cells, so that many sessions of many parts fit into seconds. */
const cellBytes = 4096;
const mostAttempts = 40;

/** Numbers from 0 to before 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Row {
  session: Session;
  readonly ends: Boundary[];
}

/** @returns true when the client has to begin anew; false when it repeats its request. @throws anything else: it is a bug. */
function isOver(error: unknown): boolean {
  const situation = error instanceof RegistryError ? error.situation : null;
  const isRefused = error instanceof S3Error && error.status === 403;
  if (!isRefused && situation !== "BUSY" && situation !== "UPLOAD_UNKNOWN") throw error;
  return situation === "UPLOAD_UNKNOWN";
}

class Model {
  readonly #random: () => number;
  readonly #server: FakeS3;
  readonly #replicas: Storage[] = [];
  readonly contents = new Map<Locator, Uint8Array>();
  faultRate = 0;
  lost = 0;

  constructor(seed: number, wantsAllParts: boolean) {
    this.#random = randomFrom(seed);
    this.#server = new FakeS3({ minPart: cellBytes, wantsAllParts, fault: () => this.#fault() });
  }

  #fault(): Fault | null {
    if (this.#random() >= this.faultRate) return null;
    const when = this.#random() < 0.5 ? "before" : this.#random() < 0.8 ? "after" : "cut";
    return { when, status: this.#random() < 0.6 ? 503 : 403 };
  }

  open(): Promise<Storage> {
    return openReplica(this.#server.bucket, "", { cellBytes });
  }

  /** A replica; now and then one that was just started. */
  async replica(): Promise<Storage> {
    const index = this.#random() < 0.5 ? 0 : 1;
    const known = this.#replicas[index];
    if (known !== undefined && this.#random() < 0.8) return known;
    const rate = this.faultRate;
    this.faultRate = 0;
    const opened = await this.open();
    this.faultRate = rate;
    this.#replicas[index] = opened;
    return opened;
  }

  /** Uploads bytes to the end, as a client does that repeats what failed and begins anew what is unknown. */
  async upload(bytes: Uint8Array): Promise<void> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const row = await this.#begin();
      if (await this.#fill(row, bytes)) {
        const locator = await this.#seal(row, bytes);
        if (locator !== null) {
          this.contents.set(locator, bytes);
          return;
        }
      }
      this.lost += 1;
    }
    throw new Error("the upload never ended");
  }

  async #begin(): Promise<Row> {
    const id = makeUploadId(Bun.randomUUIDv7());
    const staging = await (await this.replica()).staging.begin(id, Date.now());
    const ends: Boundary[] = [];
    const boundaries = async () => ends;
    return { session: { id, offset: 0, staging, algorithm: "sha256", boundaries }, ends };
  }

  /** @returns false when the session is over. */
  async #fill(row: Row, bytes: Uint8Array): Promise<boolean> {
    for (let attempt = 0; attempt < mostAttempts * 10; attempt += 1) {
      const { offset } = row.session;
      if (offset === bytes.length) return true;
      try {
        // Some process seals, and dies before the row is written.
        if (this.#random() < 0.05) {
          await this.#sealed(await this.replica(), row.session, fresh());
        }
        await this.#append(row, bytes);
      } catch (error) {
        if (isOver(error)) return false;
      }
    }
    throw new Error("no chunk arrives any more");
  }

  async #append(row: Row, bytes: Uint8Array): Promise<void> {
    const { offset } = row.session;
    const length = 1 + Math.floor(this.#random() * 3 * cellBytes);
    const body = bodyOf(bytes.subarray(offset, offset + length), this.#random() < 0.1);
    const { staging } = await this.replica();
    const signal = new AbortController().signal;
    const appended = await staging.append(row.session, body, {
      ...{ expected: null, resumable: true, inChunks: this.#random() < 0.5, signal },
    });
    // Some processes die before the row is written.
    if (this.#random() < 0.1) return;
    const { digest, ...rest } = appended;
    if (digest !== null) row.ends.push({ offset: rest.offset, digest });
    row.session = { ...row.session, offset: rest.offset, staging: rest.staging };
  }

  async #sealed({ staging }: Storage, session: Session, options: SealOptions): Promise<Locator> {
    const outcome = await staging.seal(session, options);
    if (outcome.kind === "mismatch" || outcome.locator === null) throw new Error(outcome.kind);
    return outcome.locator;
  }

  /** @returns the content's name; null when the session is over. */
  async #seal({ session }: Row, bytes: Uint8Array): Promise<Locator | null> {
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      try {
        const replica = await this.replica();
        const locator = await this.#sealed(replica, session, fresh([digestOf(bytes)]));
        // Some processes die before the row is written: the client closes again.
        if (this.#random() < 0.2) continue;
        await replica.staging.discard(session.id, session.staging).catch(() => {});
        return locator;
      } catch (error) {
        if (isOver(error)) return null;
      }
    }
    throw new Error("no session is sealed any more");
  }

  /** What a sweep and a collection do, when nothing is refused any more. */
  async tidy(): Promise<void> {
    this.faultRate = 0;
    const { staging, content, close } = await this.open();
    for await (const entry of staging.list()) await staging.discard(entry.id, entry.staging);
    for await (const names of content.list()) {
      for (const { locator } of names) {
        if (!this.contents.has(locator)) await content.delete(locator);
      }
    }
    await close();
  }

  /** What is left: keys, and open S3 uploads. */
  get left() {
    const keys = [...this.#server.objects.keys()].filter((key) => key !== formatKey).sort();
    return { keys, uploads: this.#server.uploads.size };
  }

  async close(): Promise<void> {
    for (const replica of this.#replicas) await replica?.close();
    await this.#server.stop();
  }
}

async function* bodyOf(bytes: Uint8Array, breaks: boolean): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1500) yield bytes.slice(at, at + 1500);
  if (breaks) throw new Error("the connection was cut");
}

/** More of them by hand: S3_MODEL_SESSIONS=1000. */
const sessions = Number(process.env["S3_MODEL_SESSIONS"] ?? "40");

test.each([
  ["as most servers do", false, 1],
  ["as radosgw does", true, 2],
])(
  "sessions survive refused calls and lost answers on a server that completes %s",
  async (_, wantsAllParts, seed) => {
    const model = new Model(seed, wantsAllParts);
    for (let session = 0; session < sessions; session += 1) {
      model.faultRate = 0.12;
      await model.upload(noise(1 + ((session * 7919) % (9 * cellBytes))));
    }
    await model.tidy();

    const reader = await model.open();
    for (const [locator, bytes] of model.contents) {
      const found = await readContent(reader, locator);
      expect(found === null ? "absent" : digestOf(found)).toBe(digestOf(bytes));
    }
    expect(model.left).toEqual({ keys: [...model.contents.keys()].sort(), uploads: 0 });
    // Nobody had to begin anew.
    expect(model.lost).toBe(0);
    await reader.close();
    await model.close();
  },
  120_000,
);
