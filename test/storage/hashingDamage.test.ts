// A session that is taken up after a restart: its staged bytes are compared where its chunks ended, while new ones arrive.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { RegistryError } from "../../src/errors.ts";
import { digestOf } from "../../src/model/digest.ts";
import type { Boundary } from "../../src/model/staged.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { Hashing } from "../../src/storage/filesystem/hashing/hashing.ts";
import type { Staged } from "../../src/storage/staging.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { inlineBytes } from "../support/serving.ts";
import { noise } from "../support/store.ts";
import { stagingWith } from "./stagings.ts";

const workerUrl = new URL("../../src/storage/filesystem/hashing/worker.ts", import.meta.url).href;
const mebibyte = 1_048_576;

let scope: Scope;
let directory: string;
let storage: Storage;
beforeEach(async () => {
  scope = new Scope();
  directory = tempFolder(scope, "hashing");
  const latch = new WriteLatch(() => {});
  storage = await openFilesystem({ directory, latch, clock: Date.now, newId: Bun.randomUUIDv7 });
});
afterEach(() => scope.close());

/** Hashing as a process has it that has just started. */
function started(spawn: () => Worker = () => new Worker(workerUrl)) {
  const damaged: UploadId[] = [];
  const lost: string[] = [];
  const found = Promise.withResolvers<UploadId>();
  const hashing = new Hashing({
    ...{ spawn, workers: 1, inlineBytes, directory },
    onWorkerLost: (reason) => lost.push(reason),
    onNotice: () => {},
    onDamaged: (id) => {
      damaged.push(id);
      found.resolve(id);
    },
  });
  scope.defer(() => hashing.close());
  return { hashing, damaged, lost, firstDamaged: found.promise };
}

/** Appends a chunk; `hashing` follows it. */
async function append(
  staged: Staged & { readonly boundaries?: readonly Boundary[] },
  bytes: Uint8Array,
  hashing: Hashing,
): Promise<Staged> {
  const body = (async function* () {
    yield bytes.slice();
  })();
  const boundaries = async () => staged.boundaries ?? [];
  const { id, staging, offset } = await stagingWith(directory, hashing).append(
    { ...staged, algorithm: "sha256", boundaries },
    body,
    { expected: null, resumable: false, signal: new AbortController().signal },
  );
  return { id, staging, offset };
}

/** A session with chunks that an earlier process has received, and what that process noted of them. */
async function leftOver(chunks: readonly Uint8Array[]) {
  const id = makeUploadId(Bun.randomUUIDv7());
  let staged: Staged = { id, offset: 0, staging: await storage.staging.begin(id, 0) };
  const boundaries: Boundary[] = [];
  const earlier = started().hashing;
  for (const [index, chunk] of chunks.entries()) {
    staged = await append(staged, chunk, earlier);
    const digest = digestOf(Buffer.concat(chunks.slice(0, index + 1)));
    boundaries.push({ offset: staged.offset, digest });
  }
  return { staged, boundaries, bytes: Buffer.concat(chunks) };
}

/** A worker that gets no request before `letRead`. */
function heldWorker() {
  const held: (() => void)[] = [];
  let holding = true;
  const spawn = (): Worker => {
    const worker = new Worker(workerUrl);
    const post = (message: unknown): void => worker.postMessage(message);
    return new Proxy(worker, {
      get: (target, name) => {
        if (name !== "postMessage" || !holding) return bound(target, name);
        return (message: unknown) => held.push(() => post(message));
      },
      set: (target, name, value) => Reflect.set(target, name, value, target),
    });
  };
  const letRead = (): void => {
    holding = false;
    for (const send of held.splice(0)) send();
  };
  return { spawn, letRead };
}

function bound(target: Worker, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name, target);
  return typeof value === "function" ? value.bind(target) : value;
}

async function flip(id: UploadId, at: number): Promise<void> {
  const file = await open(join(directory, "uploads", id, "data"), "r+");
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, at);
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  await file.close();
}

const sha256 = (hashing: Hashing, { id, staging, offset }: Staged) =>
  hashing
    .digest(id, staging, { size: offset, algorithm: "sha256" })
    // `rejects` would wait without letting the worker's message in.
    .catch((error: unknown) => error);

const damage = { situation: "UPLOAD_DAMAGED", status: 404, code: "BLOB_UPLOAD_UNKNOWN" };

describe("a session that is resumed", () => {
  test.each([
    ["small chunks", [100, 200, 300]],
    ["one small and one large chunk", [5, 3 * mebibyte]],
    ["chunks that end inside a read", [mebibyte - 1, 7, mebibyte, 262_144, 1]],
    ["forty chunks", Array.from({ length: 40 }, (_, index) => 50_000 + index)],
  ])("has the right digest when its bytes are unchanged: %s", async (_, sizes) => {
    const { staged, boundaries, bytes } = await leftOver(sizes.map(noise));
    const { hashing, damaged } = started();

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await sha256(hashing, staged)).toBe(digestOf(bytes));
    expect(damaged).toEqual([]);
  });

  test("accepts new chunks while its earlier bytes are still being read", async () => {
    const { staged, boundaries, bytes } = await leftOver([noise(24 * mebibyte), noise(1000)]);
    const { spawn, letRead } = heldWorker();
    const { hashing, damaged } = started(spawn);
    const rest = noise(2 * mebibyte);

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });
    const longer = await append(staged, rest, hashing);
    // Nothing of the prefix is known yet, and the chunk is not kept waiting for it.
    expect(await hashing.prefix(staged.id, staged.staging)).toBeNull();
    letRead();

    expect(await sha256(hashing, longer)).toBe(digestOf(Buffer.concat([bytes, rest])));
    expect(damaged).toEqual([]);
  });

  test("has the digest state of its prefix once that was read", async () => {
    const { staged, boundaries, bytes } = await leftOver([noise(mebibyte), noise(5)]);
    const { hashing } = started();

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await hashing.prefix(staged.id, staged.staging)).toBe(digestOf(bytes));
  });

  test("is compared at the chunk ends that are known", async () => {
    const { staged, boundaries, bytes } = await leftOver([noise(700_000), noise(9), noise(90_000)]);
    const { hashing, damaged } = started();

    const known = boundaries.slice(1, 2);
    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries: known });

    expect(await sha256(hashing, staged)).toBe(digestOf(bytes));
    expect(damaged).toEqual([]);
  });
});

describe("a session whose earlier bytes differ", () => {
  const chunks = [700_000, 300_000, 2 * mebibyte];
  const places: readonly [string, number][] = [
    ["in the first byte", 0],
    ["in the last byte of the first chunk", 699_999],
    ["in the first byte of the second chunk", 700_000],
    ["in the last byte of all", 1_000_000 + 2 * mebibyte - 1],
  ];

  test.each(places)("%s is ended without waiting for its closing request", async (_, at) => {
    const { staged, boundaries } = await leftOver(chunks.map(noise));
    await flip(staged.id, at);
    const { hashing, firstDamaged, damaged } = started();

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await firstDamaged).toBe(staged.id);
    expect(hashing.knows(staged.id)).toBe(false);
    expect(damaged).toEqual([staged.id]);
  });

  test.each(places)("%s fails the request that waits for its digest", async (_, at) => {
    const { staged, boundaries } = await leftOver(chunks.map(noise));
    await flip(staged.id, at);
    const { hashing, damaged } = started();

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await sha256(hashing, staged)).toMatchObject(damage);
    expect(damaged).toEqual([staged.id]);
  });

  test("fails a request that waits for the digest up to its last chunk", async () => {
    const { staged, boundaries } = await leftOver(chunks.map(noise));
    await flip(staged.id, 5);
    const { hashing } = started();

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });
    const prefix = hashing.prefix(staged.id, staged.staging).catch((error: unknown) => error);

    expect(await prefix).toMatchObject(damage);
  });

  test("ends the running append, also one that waits for the reading", async () => {
    const { staged, boundaries } = await leftOver([noise(100), noise(mebibyte)]);
    await flip(staged.id, 5);
    const { hashing, firstDamaged } = started();

    const appending = append({ ...staged, boundaries }, noise(64 * mebibyte), hashing);

    expect(await appending.catch((error: unknown) => error)).toMatchObject(damage);
    expect(await firstDamaged).toBe(staged.id);
  });

  test("is not read any further after it was forgotten", async () => {
    const { staged } = await leftOver([noise(100)]);
    const { hashing } = started();
    const { staged: tell } = hashing.follow(staged.id, staged.staging, staged.offset);

    hashing.forget(staged.id);

    expect(() => tell(staged.offset, [noise(5)])).toThrow(RegistryError);
    expect(hashing.knows(staged.id)).toBe(false);
  });

  test("does not affect another session", async () => {
    const [good, bad] = [await leftOver([noise(mebibyte)]), await leftOver([noise(mebibyte)])];
    await flip(bad.staged.id, 5);
    const { hashing, damaged } = started();

    for (const { staged, boundaries } of [bad, good]) {
      hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });
    }

    expect(await sha256(hashing, good.staged)).toBe(digestOf(good.bytes));
    expect(await sha256(hashing, bad.staged)).not.toBe(digestOf(bad.bytes));
    expect(damaged).toEqual([bad.staged.id]);
  });
});

describe("a hashing worker that dies while it reads a resumed session", () => {
  /** Ends at its second request, when it knows what to compare but has read nothing. */
  const dying = () => {
    const script = "let taken = 0; self.onmessage = () => { if (++taken > 1) process.exit(0); };";
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  };
  const dyingFirst = (deaths: number) => {
    let spawned = 0;
    return () => (++spawned <= deaths ? dying() : new Worker(workerUrl));
  };

  test.each([
    ["once", 1],
    ["so often that the server reads by itself", 3],
  ])("%s: the digest is right, and no damage is reported", async (_, deaths) => {
    const { staged, boundaries, bytes } = await leftOver([noise(mebibyte), noise(3 * mebibyte)]);
    const { hashing, damaged, lost } = started(dyingFirst(deaths));

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await sha256(hashing, staged)).toBe(digestOf(bytes));
    expect(damaged).toEqual([]);
    expect(lost).toHaveLength(deaths);
  });

  test.each([
    ["once", 1],
    ["so often that the server reads by itself", 3],
  ])("%s: damage is still reported", async (_, deaths) => {
    const { staged, boundaries } = await leftOver([noise(mebibyte), noise(3 * mebibyte)]);
    await flip(staged.id, 100);
    const { hashing, damaged } = started(dyingFirst(deaths));

    hashing.takeUp(staged.id, staged.staging, { offset: staged.offset, boundaries });

    expect(await sha256(hashing, staged)).toMatchObject(damage);
    expect(damaged).toEqual([staged.id]);
  });
});
