// The grammars of names, tags and references against a corpus, and that no input can make them slow.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../../src/errors.ts";
import {
  parseRepositoryName,
  readReference,
  readRepositoryName,
  readTag,
} from "../../src/model/names.ts";
import { digestFor } from "../registry/builders.ts";

const validNames = [
  "a",
  "0",
  "library/alpine",
  "a/b/c/d/e/f",
  "a-b",
  "a--b",
  "a------b",
  "a.b",
  "a_b",
  "a__b",
  "blobs",
  "manifests/tags/list",
  "v2/blobs/uploads",
  "1.2.3/x",
  "a".repeat(255),
  `${"a/".repeat(127)}a`,
];
const invalidNames = [
  "",
  "/",
  "a/",
  "/a",
  "a//b",
  "A",
  "a/B",
  "-a",
  "a-",
  "_a",
  "a_",
  ".a",
  "a.",
  "a..b",
  "a___b",
  "a_-b",
  "a._b",
  "a/.b",
  ".",
  "..",
  "../a",
  "a/../b",
  "a/./b",
  "a b",
  "a\n",
  "\na",
  "a\0",
  "a%2fb",
  "a\\b",
  "a:b",
  "a@b",
  "a~b",
  "ä",
  "а",
  "a\u202eb",
  "１",
  "a".repeat(256),
  `${"a/".repeat(128)}a`,
];

describe("repository names", () => {
  test.each(validNames)("accept %p", (text) => {
    expect(readRepositoryName(text)).toBe(text as never);
  });

  test.each(invalidNames)("refuse %p", (text) => {
    expect(readRepositoryName(text)).toBeNull();
    expect(() => parseRepositoryName(text)).toThrow(
      expect.objectContaining({ situation: "NAME_INVALID" }),
    );
  });

  test("agree with a reference parser that reads one component after the other", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."aZ0._-/%".split("")), maxLength: 24 }),
      fc.string({ unit: "binary", maxLength: 24 }),
    );
    fc.assert(
      fc.property(text, (name) => {
        expect(readRepositoryName(name) !== null).toBe(name.split("/").every(isComponent));
      }),
      { numRuns: 5000 },
    );
  });

  test("of a megabyte are refused by their length before the grammar runs", () => {
    for (const unit of ["a", "a-", "a/", "_", "-", "a__"]) {
      const text = `${unit.repeat(1_000_000 / unit.length)}!`;
      expect(readRepositoryName(text)).toBeNull();
      expect(readTag(text)).toBeNull();
      expect(readReference(text)).toBeNull();
    }
  });

  test("of the greatest length are decided in a bounded number of steps", () => {
    // 255 characters of a repeated separator are the worst case of a nested quantifier: an exponential
    // grammar would never come back from one of them.
    for (const unit of ["a-", "-", "a--", "a_", "a__", "a.", "a/"]) {
      expect(readRepositoryName(`${unit.repeat(254 / unit.length)}!`)).toBeNull();
    }
  });
});

/** The specification's rule for one path component, written without a regular expression. */
function isComponent(text: string): boolean {
  const isAlphanumeric = (c: string) => (c >= "a" && c <= "z") || (c >= "0" && c <= "9");
  let separator = "";
  let seen = false;
  for (const c of text) {
    if (!isAlphanumeric(c)) {
      separator += c;
      continue;
    }
    if (separator !== "" && !(seen && isSeparator(separator))) return false;
    separator = "";
    seen = true;
  }
  return seen && separator === "";
}

function isSeparator(text: string): boolean {
  return text === "." || text === "_" || text === "__" || [...text].every((c) => c === "-");
}

describe("tags and references", () => {
  test.each(["latest", "1", "_", "v1.2.3-rc.1", "A.B-C_d", "a".repeat(128), "con", "__proto__"])(
    "%p is a tag",
    (text) => {
      expect(readTag(text)).toBe(text as never);
      expect(readReference(text)).toEqual({ tag: text as never });
    },
  );

  test.each([
    "",
    ".a",
    "-a",
    "a b",
    "a/b",
    "a:b",
    "a+b",
    "a\n",
    "ä",
    "..",
    "a%20",
    "a".repeat(129),
  ])("%p is not a tag", (text) => {
    expect(readTag(text)).toBeNull();
    expect(readReference(text)).toBeNull();
  });

  test("that look like a digest are digests, never tags", () => {
    const sha256 = digestFor("x");
    const sha512 = `sha512:${"0f".repeat(64)}`;
    expect(readReference(sha256)).toEqual({ digest: sha256 });
    expect(readReference(sha512)).toEqual({ digest: sha512 as never });
  });

  test.each([
    `sha256:${"0".repeat(63)}`,
    `sha256:${"0".repeat(65)}`,
    `sha256:${"A".repeat(64)}`,
    `SHA256:${"a".repeat(64)}`,
    `sha512:${"0".repeat(64)}`,
    `sha1:${"0".repeat(40)}`,
    `md5:${"0".repeat(32)}`,
    "sha256:",
    `sha256:../../${"0".repeat(58)}`,
    `sha256:${"٣".repeat(64)}`,
    `sha256:${"0".repeat(64)}\n`,
    ` sha256:${"0".repeat(64)}`,
    `sha256:sha256:${"0".repeat(64)}`,
  ])("%p is neither", (text) => {
    expect(readReference(text)).toBeNull();
  });

  test("that are invalid have an error message that describes the grammar", () => {
    expect(() => parseRepositoryName("Team/App")).toThrow(RegistryError);
    expect(() => parseRepositoryName("Team/App")).toThrow(/lower-case letters and digits/);
  });
});
