// When manifests were last pulled: what is gathered, and when it is written.
import { describe, expect, test } from "bun:test";
import type { NotedPull } from "../../src/metadata/history.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { PullBook } from "../../src/registry/pulls.ts";

const app = parseRepositoryName("team/app");
const digest = (text: string) => digestOf(new TextEncoder().encode(text));

/** A book whose batches are kept, and a clock that is moved by hand. */
function openBook({ everyMs = 2 ** 31 - 1, fails = (): boolean => false } = {}) {
  let now: number | null = 1_000;
  const batches: (readonly NotedPull[])[] = [];
  const lost: unknown[] = [];
  const written = Promise.withResolvers<void>();
  const book = new PullBook({
    metadata: {
      notePulls: async (pulls) => {
        if (fails()) throw new Error("no");
        batches.push(pulls);
        written.resolve();
      },
    },
    ...{ now: () => now, everyMs, rest: Bun.sleep },
    onLost: (error) => lost.push(error),
  });
  const set = (to: number | null) => {
    now = to;
  };
  return { book, batches, lost, set, written: written.promise };
}

describe("the book of pulls", () => {
  test("keeps the latest pull of each manifest, and writes all of them at once", async () => {
    const { book, batches, set } = openBook();

    book.note(app, digest("one"));
    book.note(app, digest("two"));
    set(2_000);
    book.note(app, digest("one"));
    await book.write();
    await book.write();

    expect(batches).toEqual([
      [
        { repository: app, digest: digest("one"), pulledAt: 2_000 },
        { repository: app, digest: digest("two"), pulledAt: 1_000 },
      ],
    ]);
  });

  test("writes without being asked, some time after the first pull", async () => {
    const { book, batches, written } = openBook({ everyMs: 1 });

    book.note(app, digest("one"));
    await written;

    expect(batches).toHaveLength(1);
  });

  test("notes nothing and writes nothing while the clock is in doubt", async () => {
    const { book, batches, set } = openBook();

    book.note(app, digest("before"));
    set(null);
    book.note(app, digest("meanwhile"));
    await book.write();
    set(3_000);
    await book.write();

    expect(batches).toEqual([]);
  });

  test("remembers five thousand manifests and no more, and writes them in small transactions", async () => {
    const { book, batches } = openBook();

    for (let at = 0; at < 5_100; at += 1) book.note(app, digest(`${at}`));
    await book.write();

    expect(batches.flat()).toHaveLength(5_000);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(250);
  });

  test("goes on after a batch that could not be written", async () => {
    let isFull = true;
    const { book, batches, lost } = openBook({ fails: () => isFull });

    book.note(app, digest("lost"));
    await book.write();
    isFull = false;
    book.note(app, digest("kept"));
    await book.write();

    expect(lost).toHaveLength(1);
    expect(batches.flat().map(({ digest: of }) => of)).toEqual([digest("kept")]);
  });
});
