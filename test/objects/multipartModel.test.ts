// Sequences of requests that fast-check draws, against a model: every answer, part, object and folder must be the model's.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { RegistryError } from "../../src/errors.ts";
import { readDigest } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import type { Body } from "../../src/storage/staging.ts";
import { randomBytes } from "../support/bytes.ts";
import { problemsOf } from "../support/inspect.ts";
import { amountOf } from "../support/share.ts";
import { type ListKind, lists, MultipartModel } from "./multipartModel.ts";
import { openRoom, type Room } from "./room.ts";

const runs = amountOf("BREADBOX_MULTIPART_MODEL_RUNS", { share: 100, whole: 2_000 });
const seed = Number(process.env["BREADBOX_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A step; `slot` counts uploads back from the latest one. */
type Step =
  | { readonly kind: "initiate"; readonly object: string }
  | {
      readonly kind: "put";
      readonly slot: number;
      readonly number: number;
      readonly size: number;
      readonly cut: boolean;
    }
  | {
      readonly kind: "complete";
      readonly slot: number;
      readonly list: ListKind;
      readonly digest: boolean;
    }
  | { readonly kind: "again"; readonly slot: number }
  | { readonly kind: "abort"; readonly slot: number }
  | { readonly kind: "wait"; readonly minutes: number }
  | { readonly kind: "step"; readonly minutes: number }
  | { readonly kind: "lock"; readonly ms: number }
  | { readonly kind: "restart" };

const slot = fc.nat(2);
const sizes = [0, 1, 4095, 65_536, 65_537, 262_145, 600_000];
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("initiate"), object: fc.constantFrom("a", "b/c") }),
    },
    {
      weight: 7,
      arbitrary: fc.record({
        kind: fc.constant("put"),
        slot,
        number: fc.integer({ min: 1, max: 4 }),
        size: fc.constantFrom(...sizes),
        cut: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("complete"),
        slot,
        list: fc.oneof(fc.constant("all"), fc.constantFrom(...lists)),
        digest: fc.integer({ min: 0, max: 5 }).map((draw) => draw === 0),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("again"), slot }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort"), slot }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("wait"),
        minutes: fc.constantFrom(1, 14, 16, 24 * 60 - 1, 24 * 60 + 1),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("step"),
        minutes: fc.constantFrom(-400 * 24 * 60, -25 * 60, -16, 16, 25 * 60, 400 * 24 * 60),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("lock"), ms: fc.integer({ min: 1, max: 60 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
  ),
  { minLength: 3, maxLength: 20, size: "max" },
);

/** `ok`, the status of a refusal, or `cut` for a body that broke. */
async function outcomeOf(work: Promise<unknown>): Promise<string | number> {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof RegistryError) return error.status;
    if (error instanceof Error && error.message === "cut") return "cut";
    throw error;
  }
}

/** A body that breaks before its last byte. */
const cutBody = (bytes: Uint8Array): Body => ({
  async *[Symbol.asyncIterator]() {
    yield bytes.slice(1);
    throw new Error("cut");
  },
});

/** Another program locks the database for a while. */
async function lock(directory: string, ms: number): Promise<void> {
  const database = new Database(join(directory, "breadbox.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  await Bun.sleep(ms);
  database.run("ROLLBACK");
  database.close();
}

/** One run: what was done, beside what should have come of it. */
class Run {
  readonly #room: Room;
  readonly #name: string;
  readonly #model = new MultipartModel();
  /** Lists that uploads were completed with, by their ids. */
  readonly #told = new Map<string, readonly { number: number; etag: string }[]>();
  #puts = 0;
  #locked: Promise<void> = Promise.resolve();

  /** @param name of this run: its objects are nobody else's. */
  constructor(room: Room, name: string) {
    this.#room = room;
    this.#name = name;
  }

  async take(step: Step): Promise<void> {
    const [room, model] = [this.#room, this.#model];
    if (step.kind === "initiate") {
      const object = `${this.#name}/${step.object}`;
      model.initiate(await room.initiate(object), object);
      return;
    }
    if (step.kind === "wait") {
      model.wait(step.minutes * 60_000);
      room.store.clock.advance(step.minutes * 60_000);
      return;
    }
    if (step.kind === "step") {
      model.step(step.minutes * 60_000);
      room.store.clock.set(step.minutes * 60_000);
      return;
    }
    if (step.kind === "lock" || step.kind === "restart") await this.#locked;
    if (step.kind === "lock") {
      this.#locked = lock(room.store.directory, step.ms);
      return;
    }
    if (step.kind === "restart") return room.store.reopen();
    const id = model.ids.at(-1 - step.slot);
    if (id === undefined) return;
    if (step.kind === "put") return this.#put(id, step);
    if (step.kind === "abort") {
      expect(await outcomeOf(room.abort(makeUploadId(id)))).toBe(model.abort(id));
      return;
    }
    const told = this.#told.get(id) ?? [];
    const parts = step.kind === "again" ? told : model.list(id, step.list);
    await this.#complete(id, parts, step.kind === "complete" && step.digest);
  }

  async #put(id: string, { number, size, cut }: Extract<Step, { kind: "put" }>): Promise<void> {
    this.#puts += 1;
    const bytes = randomBytes(`${seed}/${this.#name}/${this.#puts}`, size);
    const expected = this.#model.mayPut(id);
    let etag = "";
    const work = async () => {
      ({ etag } = await this.#room.put(makeUploadId(id), number, cut ? cutBody(bytes) : bytes));
    };
    expect(await outcomeOf(work())).toBe(expected === "ok" && cut ? "cut" : expected);
    if (expected !== "ok") return;
    if (cut) this.#model.cut(id);
    else this.#model.put(id, { number, etag, bytes });
  }

  async #complete(id: string, parts: readonly { number: number; etag: string }[], wrong: boolean) {
    const digest = wrong ? readDigest(`sha256:${"0".repeat(64)}`) : null;
    const expected = this.#model.complete(id, { parts, digest });
    expect(await outcomeOf(this.#room.complete(makeUploadId(id), parts, { digest }))).toBe(
      expected,
    );
    if (expected === "ok") this.#told.set(id, parts);
  }

  /** Parts, objects and folders are the model's. */
  async audit(): Promise<void> {
    await this.#locked;
    const [room, model] = [this.#room, this.#model];
    const folders = new Set(readdirSync(join(room.store.directory, "tmp", "multipart")));
    for (const id of model.ids) {
      const parts = model.parts(id);
      const found = await room.parts(makeUploadId(id)).catch(() => null);
      const shown = parts?.map(({ number, etag, bytes }) => ({ number, etag, size: bytes.length }));
      expect(
        found?.map(({ number, etag, size }) => ({ number, etag: String(etag), size })),
      ).toEqual(shown);
      expect([id, folders.has(id)]).toEqual([id, (parts?.length ?? 0) > 0]);
    }
    for (const [object, bytes] of model.objects) {
      expect(Buffer.compare(await room.read(object), bytes)).toBe(0);
    }
  }
}

test(`${runs} random sequences of requests, restarts, waits, clock steps and locks match the model`, async () => {
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  await using room = await openRoom();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (drawn) => {
      count += 1;
      const run = new Run(room, `run-${count}`);
      room.store.clock.setRight();
      await run.take({ kind: "initiate", object: "a" });
      for (const step of drawn) await run.take(step);
      await run.audit();
    }),
    { numRuns: runs, seed },
  );
  expect(await problemsOf(room.store.directory)).toEqual([]);
}, 600_000);
