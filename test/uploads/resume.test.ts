// Sessions that outlive what interrupts them: a lost answer, a crash, a row that was refused, damaged bytes, a cancel in between.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import type { Session } from "../../src/storage/staging.ts";
import type { Chunk } from "../../src/uploads/session.ts";
import {
  appendChunk,
  cancelUpload,
  finishUpload,
  startUpload,
  type UploadsDeps,
  uploadStatus,
} from "../../src/uploads/uploads.ts";
import { openedBytes, sealed } from "../support/contents.ts";
import { damagedFiles, storedFiles } from "../support/dataFolder.ts";
import { waitFor } from "../support/processes.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const other = parseRepositoryName("team/other");
const minute = 60_000;
const nothing: Chunk = { body: null, length: 0, start: null, end: null };

async function* bodyOf(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts.map((part) => part.slice());
}
const chunk = (...parts: Uint8Array[]) => ({ ...nothing, body: bodyOf(...parts), length: null });

let store: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.remove());

const deps = () => store.rooms.uploads;
const append = (id: UploadId, bytes: Uint8Array) =>
  appendChunk(deps(), { repository, id, chunk: chunk(bytes) });
const finish = (id: UploadId, digest: Digest, name = repository) =>
  finishUpload(deps(), { repository: name, id, digest, chunk: nothing });
const start = async (): Promise<UploadId> => (await startUpload(deps(), repository)).id;
const folders = () => readdir(join(store.directory, "uploads"));
const blobs = () => storedFiles(store.directory);
const stored = async (digest: Digest): Promise<Digest | null> => {
  const row = await store.rooms.metadata.registry.findBlob(repository, digest);
  const found = row === null ? null : await store.rooms.storage.content.open(row);
  const bytes = await openedBytes(found);
  return bytes && digestOf(bytes);
};
/** As a request has it that writes to the session. */
const sessionOf = async (id: UploadId): Promise<Session> => ({
  ...(await uploadStatus(deps(), repository, id)),
  boundaries: () => deps().metadata.listBoundaries(id),
});
/** `rejects` would wait without letting a worker's message in. */
const failure = (work: Promise<unknown>) => work.then(() => null).catch((error: unknown) => error);
const unknown = { situation: "UPLOAD_UNKNOWN" };

describe("a closing request whose answer was lost", () => {
  test("is answered again for 15 minutes, also after a restart, and stores nothing twice", async () => {
    const bytes = noise(1000);
    const digest = digestOf(bytes);
    const id = await start();
    await append(id, bytes);
    await finish(id, digest);

    expect(await finish(id, digest)).toEqual({ digest, size: 1000 });
    store.clock.advance(15 * minute - 1);
    await store.reopen();
    expect(await finish(id, digest)).toEqual({ digest, size: 1000 });
    expect(await blobs()).toHaveLength(1);

    store.clock.advance(1);
    expect(await failure(finish(id, digest))).toMatchObject(unknown);
  });

  test("may have its body again", async () => {
    const bytes = noise(1000);
    const digest = digestOf(bytes);
    const id = await start();
    const close = () => finishUpload(deps(), { repository, id, digest, chunk: chunk(bytes) });
    await close();

    expect(await close()).toEqual({ digest, size: 1000 });
  });

  test("is recognized only under its repository and digest", async () => {
    const bytes = noise(1000);
    const id = await start();
    await append(id, bytes);
    await finish(id, digestOf(bytes));

    expect(await failure(finish(id, digestOf(bytes), other))).toMatchObject(unknown);
    expect(await failure(finish(id, digestOf(noise(5))))).toMatchObject(unknown);
    expect(await failure(finish(id, digestOf(bytes, "sha512")))).toMatchObject(unknown);
    expect(await failure(append(id, bytes))).toMatchObject(unknown);
    expect(await failure(uploadStatus(deps(), repository, id))).toMatchObject(unknown);
    expect(await failure(cancelUpload(deps(), repository, id))).toMatchObject(unknown);
  });
});

describe("published bytes whose row was not written", () => {
  test("are still staged after a crash, and the closing request succeeds", async () => {
    const bytes = noise(700_000);
    const digest = digestOf(bytes);
    const id = await start();
    const { offset } = await append(id, bytes);
    await sealed(deps().storage, await sessionOf(id));
    await store.reopen();

    expect((await uploadStatus(deps(), repository, id)).offset).toBe(offset);
    await finish(id, digest);

    expect(await stored(digest)).toBe(digest);
    expect(await damagedFiles(store.directory)).toEqual([]);
    expect(await folders()).toEqual([]);
  });

  test("are still staged after a crash, and the next chunk does not change the published file", async () => {
    const bytes = noise(700_000);
    const id = await start();
    await append(id, bytes.subarray(0, 400_000));
    await sealed(deps().storage, await sessionOf(id));
    await store.reopen();

    await append(id, bytes.subarray(400_000));
    await finish(id, digestOf(bytes));

    expect(await stored(digestOf(bytes))).toBe(digestOf(bytes));
    expect(await damagedFiles(store.directory)).toEqual([]);
  });

  test("are still staged when the row was refused, without a restart", async () => {
    const bytes = noise(700_000);
    const digest = digestOf(bytes);
    const id = await start();
    await append(id, bytes);
    const full = new RegistryError("DISK_FULL");
    const metadata = { ...deps().metadata, finishUpload: () => Promise.reject(full) };
    const request = { repository, id, digest, chunk: nothing };

    expect(await failure(finishUpload({ ...deps(), metadata }, request))).toBe(full);
    expect((await uploadStatus(deps(), repository, id)).offset).toBe(bytes.length);
    await finish(id, digest);

    expect(await stored(digest)).toBe(digest);
    expect(await damagedFiles(store.directory)).toEqual([]);
  });
});

describe("published bytes of a closing request that was never answered", () => {
  /** A closing request that carried `carried` was cut short by a crash before its row. @returns the session; 1 MB of it counts. */
  const interrupted = async (counted: Uint8Array, carried: Uint8Array): Promise<UploadId> => {
    const id = await start();
    await append(id, counted);
    const body = (async function* () {
      yield carried.slice();
    })();
    const signal = new AbortController().signal;
    const closing = { expected: null, resumable: false, signal };
    const { storage } = deps();
    await sealed(storage, await storage.staging.append(await sessionOf(id), body, closing));
    await store.reopen();
    return id;
  };

  test("are never used in place of other bytes that the client sends", async () => {
    const [counted, early, late] = [noise(1_000_000), noise(600_000), noise(600_000)];
    const ids = [await interrupted(counted, early), await interrupted(counted, early)] as const;
    for (const id of ids) await append(id, late);

    const wrong = await failure(finish(ids[0], digestOf(Buffer.concat([counted, early]))));
    const right = digestOf(Buffer.concat([counted, late]));
    await finish(ids[1], right);

    expect(wrong).toMatchObject({ situation: "DIGEST_INVALID" });
    expect(await stored(right)).toBe(right);
    expect(await damagedFiles(store.directory)).toEqual([]);
  });

  test("do no harm when the row was refused and the client sends other bytes", async () => {
    const [counted, early, late] = [noise(1_000_000), noise(600_000), noise(600_000)];
    const id = await start();
    await append(id, counted);
    const full = new RegistryError("DISK_FULL");
    const metadata = { ...deps().metadata, finishUpload: () => Promise.reject(full) };
    const close = (room: UploadsDeps, carried: Uint8Array) =>
      finishUpload(room, {
        repository,
        id,
        digest: digestOf(Buffer.concat([counted, carried])),
        chunk: chunk(carried),
      });

    expect(await failure(close({ ...deps(), metadata }, early))).toBe(full);
    await close(deps(), late);

    const digest = digestOf(Buffer.concat([counted, late]));
    expect(await stored(digest)).toBe(digest);
    expect(await damagedFiles(store.directory)).toEqual([]);
  });
});

describe("a session whose staged bytes were damaged while it was idle", () => {
  const damage = async (id: UploadId): Promise<void> => {
    const file = await open(join(store.directory, "uploads", id, "data"), "r+");
    await file.write("damaged", 10);
    await file.close();
  };

  test("ends as soon as the damage is found, before a closing request", async () => {
    const id = await start();
    await append(id, noise(2_000_000));
    await damage(id);
    await store.reopen();

    await failure(append(id, noise(10)));

    await waitFor("the session's end", async () => (await folders()).length === 0);
    expect(await failure(uploadStatus(deps(), repository, id))).toMatchObject(unknown);
  });

  test("is refused by the closing request, and nothing is stored", async () => {
    const bytes = noise(2_000_000);
    const id = await start();
    await append(id, bytes.subarray(0, 1_000_000));
    await append(id, bytes.subarray(1_000_000));
    await damage(id);
    await store.reopen();

    const refusal = await failure(finish(id, digestOf(bytes)));

    expect(refusal).toMatchObject({ situation: "UPLOAD_DAMAGED", status: 404 });
    await waitFor("the session's end", async () => (await folders()).length === 0);
    expect(await blobs()).toEqual([]);
  });

  test("may begin with an empty chunk, which is no damage", async () => {
    const bytes = noise(2_000);
    const id = await start();
    await append(id, new Uint8Array());
    await append(id, bytes);
    await store.reopen();

    await finish(id, digestOf(bytes));

    expect(await stored(digestOf(bytes))).toBe(digestOf(bytes));
  });
});

describe("a cancel during", () => {
  test("a chunk ends it at once, however much is still to come", async () => {
    const id = await start();
    const part = noise(1_048_576);
    let sent = 0;
    const body = (async function* () {
      for (; sent < 200; sent += 1) {
        if (sent === 20) await cancelUpload(deps(), repository, id);
        yield part.slice();
      }
    })();

    const appending = appendChunk(deps(), {
      repository,
      id,
      chunk: { ...nothing, body, length: null },
    });

    expect(await failure(appending)).toMatchObject(unknown);
    expect(sent).toBeLessThan(200);
    expect(await folders()).toEqual([]);
  });

  test("a closing request leaves either the content or nothing", async () => {
    let kept = 0;
    for (let round = 0; round < 40; round += 1) {
      const bytes = noise(300_000 + round);
      const digest = digestOf(bytes);
      const id = await start();
      await append(id, bytes);

      const closing = failure(finish(id, digest));
      for (let turn = 0; turn < round % 10; turn += 1) await Bun.sleep(0);
      const cancelled = (await failure(cancelUpload(deps(), repository, id))) === null;

      const refusal = await closing;
      if (cancelled) expect(refusal).toMatchObject(unknown);
      else expect(refusal).toBeNull();
      if (!cancelled) kept += 1;
      expect(await stored(digest)).toBe(cancelled ? null : digest);
      expect(await folders()).toEqual([]);
    }
    expect(await blobs()).toHaveLength(kept);
  });
});
