// Millions of digests: which are there, in which order, and what they take.
import { expect, test } from "bun:test";
import { DigestTable } from "../../src/images/digestTable.ts";
import { type Algorithm, digestOf } from "../../src/model/digest.ts";
import { heapObjects } from "../support/heapObjects.ts";

const made = (at: number, algorithm: Algorithm = "sha256") =>
  digestOf(new TextEncoder().encode(`content ${at}`), algorithm);

test("digests are numbered as they were added, once each, whatever their algorithm", () => {
  const table = new DigestTable();
  const digests = Array.from({ length: 5_000 }, (_, at) =>
    made(at, at % 7 === 0 ? "sha512" : "sha256"),
  );

  const numbers = digests.map((digest) => table.add(digest));

  expect(numbers).toEqual(digests.map((_, at) => at));
  expect(digests.map((digest) => table.add(digest))).toEqual(numbers);
  expect(table.size).toBe(5_000);
  expect(table.list(0, 9_999)).toEqual(digests);
  expect(table.list(4_998, 5_000)).toEqual(digests.slice(4_998));
  expect([table.find(made(5_000)), table.find(made(5_000, "sha512"))]).toEqual([null, null]);
  expect(table.list(5_000, 5_001)).toEqual([]);
});

test("a hundred thousand digests are not a hundred thousand objects", () => {
  const table = new DigestTable();
  table.add(made(0));
  const before = heapObjects();

  for (let at = 0; at < 100_000; at += 1) table.add(made(at));

  expect(heapObjects() - before).toBeLessThan(5_000);
  expect(table.size).toBe(100_000);
});
