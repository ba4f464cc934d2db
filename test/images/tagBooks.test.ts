// All tags of a repository, sorted by something else than their names: what is kept in memory between two pages.
import { expect, test } from "bun:test";
import { TagBooks } from "../../src/images/tagBooks.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName, parseTag } from "../../src/model/names.ts";

const digest = digestOf(new Uint8Array());

/** Repositories with so many tags; `read` tells which of them were read anew. */
function booksOf(tags: number) {
  const read: string[] = [];
  const rows = {
    images: {
      listTagRows: async (name: string, { after }: { readonly after: string | null }) => {
        const from = after === null ? 0 : Number(after.slice(1)) + 1;
        if (from === 0) read.push(name);
        return Array.from({ length: Math.min(5_000, tags - from) }, (_, at) => ({
          ...{ name: parseTag(`v${from + at}`), digest, updatedAt: 1 },
        }));
      },
      sumNamed: async () => [],
    },
  };
  const books = new TagBooks({ rows, clock: () => 1_000, rest: async () => {} });
  const readAll = async (...names: readonly string[]) => {
    read.length = 0;
    for (const name of names) await books.read(parseRepositoryName(name));
    return read;
  };
  return { readAll };
}

test("tags of the latest repositories are kept, of as many as fit", async () => {
  const { readAll } = booksOf(25_000);

  expect(await readAll("a", "b", "c", "d")).toEqual(["a", "b", "c", "d"]);
  expect(await readAll("a", "b", "c", "d")).toEqual([]);
  expect(await readAll("e", "a")).toEqual(["e", "a"]);
});

test("of repositories with very many tags, those of one are kept", async () => {
  const { readAll } = booksOf(60_000);

  expect(await readAll("a", "a")).toEqual(["a"]);
  expect(await readAll("b", "b")).toEqual(["b"]);
  expect(await readAll("a", "a")).toEqual(["a"]);
});
