// Patterns of rules: which repositories, objects and parts of the server they select.
import { describe, expect, test } from "bun:test";
import type { Resource } from "../../src/access/actions.ts";
import { PatternError, parsePattern } from "../../src/access/patterns.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";

const repository = (name: string): Resource => ({
  kind: "repository",
  repository: parseRepositoryName(name),
});
const bucket = (name: string): Resource => ({ kind: "bucket", bucket: parseBucketName(name) });
const object = (name: string, key: string): Resource => ({
  kind: "object",
  bucket: parseBucketName(name),
  object: parseObjectName(key),
});
const objects = (name: string, prefix: string): Resource => ({
  kind: "objects",
  bucket: parseBucketName(name),
  prefix,
});

describe("a pattern of repositories", () => {
  test.each([
    ["lab/app", ["lab/app"], ["lab/app/x", "lab/ap", "xlab/app"]],
    ["lab/*", ["lab/app"], ["lab/app/x", "lab", "laboratory/app"]],
    ["lab/**", ["lab/app", "lab/app/x"], ["lab", "laboratory/app", "other/lab/app"]],
    ["*", ["app"], ["lab/app"]],
    ["**", ["app", "lab/app/x"], []],
    ["**/app", ["lab/app", "a/b/app"], ["app", "lab/app/x"]],
    ["lab/app-*", ["lab/app-1"], ["lab/app", "lab/app-1/x"]],
    ["a.b/c", ["a.b/c"], ["axb/c"]],
  ])("%s selects whole names only", (text, inside, outside) => {
    const pattern = parsePattern(text);

    expect(inside.filter((name) => !pattern.matches(repository(name)))).toEqual([]);
    expect(outside.filter((name) => pattern.matches(repository(name)))).toEqual([]);
  });

  test("selects neither a bucket nor a part of the server of the same name", () => {
    const pattern = parsePattern("**");

    expect(pattern.matches(bucket("lab"))).toBeFalse();
    expect(pattern.matches(object("lab", "app"))).toBeFalse();
    expect(pattern.matches({ kind: "server", area: "gc" })).toBeFalse();
  });
});

describe("a pattern of a bucket", () => {
  test("without a slash selects the bucket, its lists and all of its objects", () => {
    const pattern = parsePattern("bucket:backups");

    expect(pattern.matches(bucket("backups"))).toBeTrue();
    expect(pattern.matches(object("backups", "a/b"))).toBeTrue();
    expect(pattern.matches(objects("backups", ""))).toBeTrue();
    expect(pattern.matches(bucket("backups2"))).toBeFalse();
    expect(pattern.matches(repository("backups"))).toBeFalse();
  });

  test("with a prefix selects objects and lists below it, and not the bucket", () => {
    const pattern = parsePattern("bucket:backups/nightly/**");

    expect(pattern.matches(object("backups", "nightly/db"))).toBeTrue();
    expect(pattern.matches(object("backups", "nightly2/db"))).toBeFalse();
    expect(pattern.matches(objects("backups", "nightly/"))).toBeTrue();
    expect(pattern.matches(objects("backups", "nightly/d"))).toBeTrue();
    expect(
      ["", "night", "nightly", "other/"].filter((prefix) =>
        pattern.matches(objects("backups", prefix)),
      ),
    ).toEqual([]);
    expect(pattern.matches(bucket("backups"))).toBeFalse();
  });

  test("that ends with no ** allows no list: some of the names below would not match", () => {
    expect(parsePattern("bucket:backups/a*").matches(objects("backups", "a"))).toBeFalse();
  });
});

describe("a pattern of the server", () => {
  test("selects one part, or all with **", () => {
    const metrics: Resource = { kind: "server", area: "metrics" };

    expect(parsePattern("server:metrics").matches(metrics)).toBeTrue();
    expect(parsePattern("server:gc").matches(metrics)).toBeFalse();
    expect(parsePattern("server:**").matches(metrics)).toBeTrue();
  });
});

test.each([
  "",
  "/lab",
  "lab/",
  "Lab",
  "lab app",
  "bucket:",
  "bucket:/x",
  "bucket:UP",
  "bucket:a/",
  "server:",
  "server:x",
  "a/**/b/**/c/**",
  "x".repeat(600),
  "lab\n",
])("%j is refused as a pattern", (text) => {
  expect(() => parsePattern(text)).toThrow(PatternError);
});
