import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import type { UploadId } from "../../src/model/uploadId.ts";
import { dropUpload, dropUploads, openUploads, sumUploads } from "../../src/uploads/operate.ts";
import type { Chunk } from "../../src/uploads/session.ts";
import { appendChunk, startUpload } from "../../src/uploads/uploads.ts";
import { chunkOf } from "../support/chunks.ts";
import { noise, openStore } from "../support/store.ts";

const repository = parseRepositoryName("team/app");
const minute = 60_000;
const hour = 60 * minute;

let store: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.remove());

const deps = () => store.rooms.uploads;
const operate = () => ({
  ...store.rooms,
  metadata: store.rooms.uploadRows,
  clock: store.clock.now,
});
const folders = () => readdir(join(store.directory, "uploads"));
const listAll = async () => (await Array.fromAsync(openUploads(operate()))).flat();
const drop = async (idleMs: number | null) =>
  (await Array.fromAsync(dropUploads(operate(), idleMs))).flatMap(({ sessions }) => sessions);
const ids = (uploads: readonly { readonly id: UploadId }[]) => uploads.map(({ id }) => id);

const start = async (): Promise<UploadId> => (await startUpload(deps(), repository)).id;

async function append(id: UploadId, size: number): Promise<void> {
  await appendChunk(deps(), { repository, id, chunk: chunkOf(noise(size)) });
}

/** A request that has sent a byte and goes on when it is told to. */
async function openWriter(id: UploadId) {
  const rest = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const body = (async function* () {
    yield noise(1);
    begun.resolve();
    await rest.promise;
    yield noise(1);
  })();
  const chunk: Chunk = { body, length: null, start: null, end: null };
  const outcome = appendChunk(deps(), { repository, id, chunk }).catch((error: unknown) => error);
  await begun.promise;
  return {
    finish: () => {
      rest.resolve();
      return outcome;
    },
  };
}

describe("openUploads", () => {
  test("returns age, idle time, bytes and whether a client is sending", async () => {
    const startedAt = store.clock.now();
    const first = await start();
    store.clock.advance(hour);
    await append(first, 300);
    store.clock.advance(minute);
    const second = await start();
    const writer = await openWriter(second);

    expect(await listAll()).toEqual([
      {
        id: first,
        repository,
        startedAt,
        ageMs: hour + minute,
        idleMs: minute,
        bytes: 300,
        writing: false,
        startedBy: null,
      },
      {
        id: second,
        repository,
        startedAt: startedAt + hour + minute,
        ageMs: 0,
        idleMs: 0,
        bytes: 0,
        writing: true,
        startedBy: null,
      },
    ]);
    await writer.finish();
  });

  test("returns more sessions than one page, the oldest first", async () => {
    const started: UploadId[] = [];
    for (let count = 0; count < 405; count += 1) {
      started.push(await start());
      store.clock.advance(1);
    }

    expect(ids(await listAll())).toEqual(started);
  });

  test("returns an age of 0 for a start in the future", async () => {
    const id = await start();
    store.clock.advance(-hour);

    expect(await listAll()).toEqual([expect.objectContaining({ id, ageMs: 0, idleMs: 0 })]);
  });
});

describe("dropUpload", () => {
  test("deletes one session, its row and its bytes", async () => {
    const [kept, dropped] = [await start(), await start()];
    await append(dropped, 300);

    const session = await dropUpload(operate(), dropped);

    expect(session).toMatchObject({ id: dropped, repository, offset: 300 });
    expect(ids(await listAll())).toEqual([kept]);
    expect(await folders()).toEqual([kept]);
  });

  test.each(["01a1f7e5-93cb-728c-8028-5a61b9c8f780", "nonsense", "", "../../blobs"])(
    "finds nothing under %p",
    async (text) => {
      const id = await start();

      expect(await dropUpload(operate(), text)).toBeNull();
      expect(await folders()).toEqual([id]);
    },
  );

  test("deletes a session that is being written to, and its writer gets an error", async () => {
    const id = await start();
    const writer = await openWriter(id);

    expect(await dropUpload(operate(), id)).toMatchObject({ id });

    const error = await writer.finish();
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ situation: "UPLOAD_UNKNOWN" });
    expect(await folders()).toEqual([]);
  });
});

describe("dropUploads", () => {
  test("deletes every session but those being written to, and counts these", async () => {
    for (let count = 0; count < 250; count += 1) await start();
    const busy = await start();
    const writer = await openWriter(busy);

    expect(await sumUploads(operate(), null)).toEqual({ open: 250, bytes: 0, writing: 1 });
    expect(await drop(null)).toHaveLength(250);

    expect(await sumUploads(operate(), null)).toEqual({ open: 0, bytes: 0, writing: 1 });
    expect(await folders()).toEqual([busy]);
    expect(await writer.finish()).toEqual({ offset: 2 });
  });

  test("deletes only those that received nothing for longer than asked", async () => {
    const old = await start();
    const fed = await start();
    store.clock.advance(hour);
    const young = await start();
    await append(fed, 10);
    store.clock.advance(hour);

    expect(await sumUploads(operate(), hour)).toEqual({ open: 1, bytes: 0, writing: 0 });
    expect(await drop(hour)).toEqual([expect.objectContaining({ id: old })]);
    expect(ids(await listAll())).toEqual([fed, young]);
  });

  test("deletes sessions with a start in the future when all are asked for", async () => {
    await start();
    store.clock.advance(-hour);

    expect(await drop(null)).toHaveLength(1);
    expect(await folders()).toEqual([]);
  });
});
