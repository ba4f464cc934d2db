import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import {
  parseBucketName,
  parseObjectName,
  readBucketName,
  readPartNumber,
} from "../../src/model/objectNames.ts";

const refusalOf = (action: () => unknown) => {
  try {
    action();
    return null;
  } catch (error) {
    return error instanceof RegistryError ? error : null;
  }
};

describe("bucket names", () => {
  test.each(["b", "backups", "nightly-2026", "a.b", "0", "constructor", "a".repeat(63)])(
    "%p is accepted",
    (text) => {
      expect(String(readBucketName(text))).toBe(text);
    },
  );

  test.each([
    "",
    "A",
    "a_b",
    "-a",
    "a-",
    ".a",
    "a.",
    "a..b",
    "a/b",
    "__proto__",
    "ä",
    "a b",
    "a\0",
    "a\n",
    "a".repeat(64),
  ])("%p is refused", (text) => {
    expect(readBucketName(text)).toBeNull();
    expect(refusalOf(() => parseBucketName(text))?.status).toBe(400);
  });
});

describe("object names", () => {
  test.each([
    "a",
    "path/to/file.bin",
    "..a",
    "a..",
    "a..b/c",
    "...",
    "ä/ö ü.txt",
    "%2F",
    "\\",
    "a:b@c;d?e#f",
    "__proto__",
    "ü".repeat(512),
  ])("%p is accepted", (text) => {
    expect(String(parseObjectName(text))).toBe(text);
  });

  test.each([
    ["", "empty"],
    ["/a", "begin"],
    ["a/", "begin or end"],
    ["a//b", "'//'"],
    ["..", "'..'"],
    ["a/../b", "'..'"],
    ["a/./b", "'.'"],
    ["a\0b", "control"],
    ["a\nb", "control"],
    ["\u007f", "control"],
    ["\ud800", "Unicode"],
    ["a".repeat(1025), "1024"],
    [`${"ü".repeat(512)}a`, "1024"],
  ])("%p is refused with the reason", (text, reason) => {
    const refusal = refusalOf(() => parseObjectName(text));
    expect(refusal?.status).toBe(400);
    expect(refusal?.message).toContain(reason);
  });
});

describe("part numbers", () => {
  test("start at 1", () => {
    expect(["1", "10000", "99999"].map(readPartNumber)).toEqual([1, 10_000, 99_999]);
  });

  test.each(["0", "-1", "1.5", "00001", "01", "", "1e3", "+1", " 1", "1 ", "٣", "9".repeat(10)])(
    "%p is refused",
    (text) => {
      expect(readPartNumber(text)).toBeNull();
    },
  );
});
