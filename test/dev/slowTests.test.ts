// The list of slow test files, which are started first, names files that exist.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import slow from "../../.dev/slowTests.json" with { type: "json" };
import { slowest } from "../../.dev/slowTests.ts";
import { projectRoot } from "../support/binary.ts";

test("every file in .dev/slowTests.json exists", () => {
  const files = Object.keys(slow.files);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(projectRoot, file)))).toEqual([]);
});

test("files that take long are listed, the slowest first", () => {
  const times = { "test/a.test.ts": 8_400, "test/b.test.ts": 7_999, "test/c.test.ts": 61_600 };

  expect(Object.entries(slowest(times))).toEqual([
    ["test/c.test.ts", 62_000],
    ["test/a.test.ts", 8_000],
  ]);
});
