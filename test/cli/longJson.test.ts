// JSON that is printed while it is read.
import { expect, spyOn, test } from "bun:test";
import { printJson, printLongJson } from "../../src/cli/print.ts";

/** What is printed meanwhile, call by call. */
async function printed(print: () => unknown): Promise<readonly string[]> {
  const log = spyOn(console, "log").mockImplementation(() => {});
  try {
    await print();
    return log.mock.calls.map(([text]) => String(text));
  } finally {
    log.mockRestore();
  }
}

async function* pagesOf<T>(items: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

test.each([0, 1, 7, 5_000])(
  "an object with a list of %p items is the same text as printed whole",
  async (count) => {
    const items = Array.from({ length: count }, (_, at) => ({ ownName: `\u202e${at}`, is: [at] }));
    const total = { openUploads: count };

    const whole = await printed(() => printJson({ itemList: items, none: [], total }));
    const paged = await printed(() =>
      printLongJson({ itemList: pagesOf(items, 3), none: pagesOf([], 1), total: () => total }),
    );

    expect(paged.join("\n")).toBe(whole.join("\n"));
    expect(JSON.parse(paged.join("\n")).item_list).toHaveLength(count);
  },
);

test("a list is printed before all of it was read", async () => {
  let read = 0;
  let readAtFirst = 0;
  async function* pages() {
    for (; read < 100; read += 1) yield Array.from({ length: 1_000 }, () => read);
  }
  const log = spyOn(console, "log").mockImplementation(() => {
    if (readAtFirst === 0) readAtFirst = read + 1;
  });
  await printLongJson({ items: pages() });
  log.mockRestore();

  expect(readAtFirst).toBeLessThanOrEqual(2);
});
