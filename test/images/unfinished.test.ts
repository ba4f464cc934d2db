// How open uploads are counted: metrics are scraped every few seconds, and there may be a million.
import { expect, test } from "bun:test";
import { UnfinishedBook } from "../../src/images/unfinished.ts";
import type { UploadPage } from "../../src/metadata/uploadPage.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";

const idAt = (at: number): UploadId =>
  makeUploadId(`00000000-0000-7000-8000-${at.toString(16).padStart(12, "0")}`);

/** A store with so many sessions of ten bytes, and as many uploads in parts; `read` tells how many rows each question counted. */
function bookOf(count: number) {
  const read: number[] = [];
  const store = { count, now: 1_000, rests: 0 };
  const window = async ({ after, limit }: UploadPage) => {
    const first = after === null ? 0 : Number.parseInt(after.slice(24), 16) + 1;
    const uploads = Math.min(limit, store.count - first);
    read.push(uploads);
    const last = uploads === 0 ? null : idAt(first + uploads - 1);
    return { uploads, bytes: 10 * uploads, last };
  };
  const book = new UnfinishedBook({
    rows: { uploadSweep: { countUploads: window }, multipartLife: { countMultipart: window } },
    clock: () => store.now,
    rest: async () => {
      store.rests += 1;
    },
  });
  return { book, store, read };
}

const counted = (count: number) => ({
  sessions: { sessions: count, bytes: 10 * count },
  inParts: { uploads: count, bytes: 10 * count },
});

test("a few open uploads are counted each time", async () => {
  const { book, store } = bookOf(3);
  expect(await book.read()).toMatchObject(counted(3));

  store.count = 4;
  expect(await book.read()).toMatchObject(counted(4));
});

test("a million are counted in windows with a rest after each, and once a minute", async () => {
  const million = 1_000_000;
  const { book, store, read } = bookOf(million);

  const gauges = await Promise.all([book.read(), book.read(), book.read()]);

  for (const gauge of gauges) expect(gauge).toMatchObject(counted(million));
  expect(read.reduce((sum, rows) => sum + rows, 0)).toBe(2 * million);
  expect(Math.max(...read)).toBe(2_000);
  expect(store.rests).toBe(1_000);

  store.now += 59_000;
  const before = read.length;
  expect(await book.read()).toMatchObject(counted(million));
  expect(read.length).toBe(before);
});
