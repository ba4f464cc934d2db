import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, open as openFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { digestOf } from "../../src/model/digest.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { Hashing, type HashingOptions } from "../../src/storage/filesystem/hashing/hashing.ts";
import type { Session, Staged } from "../../src/storage/staging.ts";
import { beginSession } from "../support/contents.ts";
import { run, waitFor } from "../support/processes.ts";
import { inlineBytes } from "../support/serving.ts";
import { noise } from "../support/store.ts";
import { stagingWith } from "./stagings.ts";

const workerUrl = new URL("../../src/storage/filesystem/hashing/worker.ts", import.meta.url).href;
const mebibyte = 1_048_576;

/** A worker that never says a word. */
const deadSilent = () =>
  new Worker(
    URL.createObjectURL(new Blob(["self.onmessage = () => {};"], { type: "text/javascript" })),
  );

/** A worker that ends at its first request. */
const dying = () =>
  new Worker(
    URL.createObjectURL(
      new Blob(["self.onmessage = () => process.exit(0);"], { type: "text/javascript" }),
    ),
  );

const closing = { expected: null, resumable: false, signal: new AbortController().signal };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const open = async (
  spawn: () => Worker = () => new Worker(workerUrl),
  sizes: Pick<HashingOptions, "inlineBytes"> = { inlineBytes },
) => {
  const directory = await mkdtemp(join(tmpdir(), "breadbox-hashing-"));
  await openFilesystem({
    directory,
    latch: new WriteLatch(() => {}),
    clock: Date.now,
    newId: Bun.randomUUIDv7,
  });
  const lost: string[] = [];
  const notices: string[] = [];
  const hashing = new Hashing({
    ...{ spawn, workers: 1, directory, ...sizes },
    onWorkerLost: (reason) => lost.push(reason),
    onNotice: (sentence) => notices.push(sentence),
    onDamaged: () => {},
  });
  cleanups.push(async () => {
    await hashing.close();
    await rm(directory, { recursive: true, force: true });
  });
  const storage = { staging: stagingWith(directory, hashing) };
  return { storage, hashing, lost, notices, directory };
};

type Opened = Awaited<ReturnType<typeof open>>["storage"];
const stage = async (storage: Opened, parts: readonly Uint8Array[]) => {
  let staged: Session = await beginSession(storage);
  for (const part of parts) staged = await append(storage, staged, part);
  return staged;
};
const append = (storage: Opened, session: Session, part: Uint8Array) => {
  const body = (async function* () {
    yield part;
  })();
  return storage.staging.append(session, body, closing);
};

const digest = (hashing: Hashing, staged: Staged, algorithm: "sha256" | "sha512" = "sha256") =>
  hashing.digest(staged.id, staged.staging, { size: staged.offset, algorithm });

describe("hashing staged bytes", () => {
  for (const [what, sizes] of [
    ["nothing", []],
    ["a small body", [100]],
    ["small chunks", [100, 200, 300]],
    ["chunks that outgrow the server's thread", [200_000, 200_000, 5]],
    ["a body for the worker", [3 * mebibyte + 1]],
    ["chunks for the worker", [3 * mebibyte, 1, 2 * mebibyte]],
  ] as const) {
    test(`${what}: the digest is that of the bytes`, async () => {
      const { storage, hashing } = await open();
      const parts = sizes.map(noise);

      const staged = await stage(storage, parts);

      const bytes = Buffer.concat(parts);
      expect(await digest(hashing, staged)).toBe(digestOf(bytes));
      expect(await digest(hashing, staged, "sha512")).toBe(digestOf(bytes, "sha512"));
      expect(await digest(hashing, staged)).toBe(digestOf(bytes));
    });
  }

  test("after its state was lost reads the staged bytes from the start", async () => {
    const { storage, directory } = await open();
    const bytes = noise(2 * mebibyte);
    const staged = await stage(storage, [bytes]);
    const restarted = new Hashing({
      ...{ spawn: () => new Worker(workerUrl), workers: 1, directory },
      onWorkerLost: () => {},
      onNotice: () => {},
      onDamaged: () => {},
    });

    expect(await digest(restarted, staged)).toBe(digestOf(bytes));
    await restarted.close();
  });

  test("starts again for a session that was truncated", async () => {
    const { storage, hashing } = await open();
    const staged = await stage(storage, [noise(mebibyte)]);
    const other = noise(2 * mebibyte);
    const again = await append(storage, { ...staged, offset: 0 }, other);

    expect(await digest(hashing, again)).toBe(digestOf(other));
  });

  test("of many sessions at once keeps their digests apart", async () => {
    const { storage, hashing } = await open();
    const bodies = Array.from({ length: 20 }, () => noise(mebibyte + 17));

    const digests = await Promise.all(
      bodies.map(async (body) => digest(hashing, await stage(storage, [body]))),
    );

    expect(digests).toEqual(bodies.map((body) => digestOf(body)));
  });

  test("of a session of up to 8 MiB asks no worker, of a longer one it does", async () => {
    let spawned = 0;
    const { storage, hashing } = await open(() => {
      spawned += 1;
      return new Worker(workerUrl);
    }, {});
    const [whole, rest] = [noise(8 * mebibyte), noise(1)];

    const staged = await stage(storage, [whole]);
    expect(await digest(hashing, staged)).toBe(digestOf(whole));
    expect(spawned).toBe(0);
    const longer = await append(storage, staged, rest);

    expect(await digest(hashing, longer)).toBe(digestOf(Buffer.concat([whole, rest])));
    expect(spawned).toBe(1);
  });

  test("continues with a new worker when one dies", async () => {
    let spawned = 0;
    const { storage, hashing, lost } = await open(() => {
      spawned += 1;
      return spawned === 1 ? dying() : new Worker(workerUrl);
    });
    const bytes = noise(3 * mebibyte);

    const staged = await stage(storage, [bytes]);

    expect(await digest(hashing, staged)).toBe(digestOf(bytes));
    expect(lost).toHaveLength(1);
  });

  test("continues in the server's main thread when every worker dies", async () => {
    const { storage, hashing, lost } = await open(dying);
    const bytes = noise(3 * mebibyte);

    const staged = await stage(storage, [bytes]);

    expect(await digest(hashing, staged)).toBe(digestOf(bytes));
    expect(lost).toHaveLength(3);
  });

  test("continues with a new worker when one hangs", async () => {
    let spawned = 0;
    const { storage, hashing, lost } = await open(() => {
      spawned += 1;
      return spawned === 1 ? deadSilent() : new Worker(workerUrl);
    });
    const bytes = noise(mebibyte);

    const staged = await stage(storage, [bytes]);

    expect(await digest(hashing, staged)).toBe(digestOf(bytes));
    expect(lost).toEqual(["it stopped answering"]);
  }, 20_000);

  test("does not replace a worker that waits for a stalled disk", async () => {
    const { storage, hashing, lost, notices, directory } = await open();
    const staged = await stage(storage, [noise(mebibyte)]);
    hashing.forget(staged.id);
    // Opening a pipe that nobody writes to takes as long as a disk that does not answer.
    const file = join(directory, "uploads", staged.id, "data");
    await rm(file);
    await run(["mkfifo", file]);

    const failure = digest(hashing, staged).catch((error: unknown) => String(error));
    await waitFor("a notice", () => notices.length + lost.length > 0);
    const writer = await openFile(file, "r+");
    cleanups.push(() => writer.close());

    expect(lost).toEqual([]);
    expect(notices).toEqual(["the disk is slow: hashing waits for it"]);
    expect(await failure).toContain("ESPIPE");
  }, 20_000);

  test("of a session forgotten meanwhile fails as unknown upload", async () => {
    const { storage, hashing } = await open(deadSilent);
    const staged = await stage(storage, [noise(mebibyte)]);
    const awaited = digest(hashing, staged);

    hashing.forget(staged.id);

    await expect(awaited).rejects.toMatchObject({ situation: "UPLOAD_UNKNOWN" });
  });

  test("of deleted staged bytes fails as unknown upload", async () => {
    const { storage, hashing } = await open();
    const id = makeUploadId(Bun.randomUUIDv7());
    const staging = await storage.staging.begin(id, 0);

    // `rejects` would wait without letting the worker's message in.
    const failure = await hashing
      .digest(id, staging, { size: 5, algorithm: "sha256" })
      .catch((error: unknown) => error);

    expect(failure).toMatchObject({ situation: "UPLOAD_UNKNOWN" });
  });

  test("of truncated staged bytes fails as unknown upload", async () => {
    const { storage, hashing, directory } = await open();
    const staged = await stage(storage, [noise(mebibyte)]);
    await digest(hashing, staged);
    await truncate(join(directory, "uploads", staged.id, "data"), 5);

    const failure = await digest(hashing, staged, "sha512").catch((error: unknown) => error);

    expect(failure).toMatchObject({ situation: "UPLOAD_UNKNOWN" });
  });
});

describe("the hash state of an idle session", () => {
  const minutes = (count: number) => performance.now() + count * 60_000;

  test("is dropped, soon for a small one, and the digest is right all the same", async () => {
    const { storage, hashing } = await open();
    const [small, large] = [noise(100), noise(mebibyte)];
    const sessions = [await stage(storage, [small]), await stage(storage, [large])] as const;
    const known = () => sessions.map(({ id }) => hashing.knows(id));

    hashing.forgetIdle(minutes(4));
    expect(known()).toEqual([true, true]);
    hashing.forgetIdle(minutes(6));
    expect(known()).toEqual([false, true]);
    hashing.forgetIdle(minutes(61));
    expect(known()).toEqual([false, false]);

    expect(await digest(hashing, sessions[0])).toBe(digestOf(small));
    expect(await digest(hashing, sessions[1])).toBe(digestOf(large));
  });

  test.each([
    ["small", [100, 100]],
    ["large", [mebibyte, mebibyte]],
    ["growing", [100, mebibyte]],
  ])("is rebuilt when the client continues: %s", async (_, [first = 0, second = 0]) => {
    const { storage, hashing } = await open();
    const parts = [noise(first), noise(second)];
    const begun = await beginSession(storage);
    const body = (async function* () {
      for (const part of parts) {
        yield part;
        hashing.forgetIdle(minutes(61));
      }
    })();

    const staged = await storage.staging.append(begun, body, closing);

    expect(await digest(hashing, staged)).toBe(digestOf(Buffer.concat(parts)));
  });

  test("is kept while a request waits for the digest", async () => {
    const { storage, hashing } = await open();
    const bytes = noise(mebibyte);
    const staged = await stage(storage, [bytes]);
    const awaited = digest(hashing, staged);

    hashing.forgetIdle(minutes(61));

    expect(hashing.knows(staged.id)).toBe(true);
    expect(await awaited).toBe(digestOf(bytes));
  });
});
