// The sums of all repositories: what is counted before anybody asks.
import { expect, test } from "bun:test";
import { Book } from "../../src/images/book.ts";

const kept = {
  ...{ blobs: 20_000, bytes: 300, objectBytes: 0 },
  ...{ leasedBytes: 0, looseBytes: 0, savedBytes: 0 },
};

function openBook() {
  const asked: string[] = [];
  const answer =
    <T>(name: string, value: T) =>
    async () => {
      asked.push(name);
      return value;
    };
  const book = new Book({
    rows: {
      imageSums: {
        sumContents: answer("contents", { links: [], kept, next: null }),
        sumTags: answer("tags", []),
        sumReleased: answer("released", []),
        listPulls: answer("pulls", []),
      },
      registry: { listRepositories: answer("names", { names: [], more: false }) },
    },
    clock: () => 1_000_000,
    rest: async () => {},
  });
  return { book, asked };
}

test("a server that nobody asks counts sizes and keeps no names of repositories", async () => {
  const { book, asked } = openBook();
  await book.prepare();
  expect(asked).toEqual(["contents"]);
});

test("who asks first waits for no sizes of a large store that were counted before", async () => {
  const { book, asked } = openBook();
  await book.prepare();
  expect((await book.read()).kept).toEqual(kept);
  expect(asked.filter((each) => each === "contents")).toEqual(["contents"]);
  expect(asked).toContain("names");
});
