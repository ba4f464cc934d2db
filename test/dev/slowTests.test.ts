// The list of slow test files, which are started first, names files that exist.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import slow from "../../.dev/slowTests.json" with { type: "json" };
import { projectRoot } from "../support/binary.ts";

test("every file in .dev/slowTests.json exists", () => {
  const files = Object.keys(slow.files);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(projectRoot, file)))).toEqual([]);
});
