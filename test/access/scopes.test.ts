// Scopes of Docker's token protocol, as clients send them.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { mostScopes, readScopes } from "../../src/access/scopes.ts";

test("several scopes of one parameter and of several are read, and joined for each repository", () => {
  const scopes = readScopes([
    "repository:team/app:pull repository:team/app:push,pull",
    "repository:team/base:pull",
    "registry:catalog:*",
  ]);

  expect(scopes.map(({ type, name, actions }) => [type, String(name), actions.join()])).toEqual([
    ["repository", "team/app", "pull,push"],
    ["repository", "team/base", "pull"],
    ["registry", "catalog", "*"],
  ]);
});

test("what is unknown is left out: types, names and actions", () => {
  const asked = [
    "",
    "repository",
    "repository:UPPER:pull",
    "repository:box:5000/app:pull",
    "aux:x:y",
    "registry:other:*",
  ];

  expect(readScopes(asked)).toEqual([]);
  expect(readScopes(["repository:app:pull,fly"])).toMatchObject([{ actions: ["pull"] }]);
  expect(readScopes(["repository(plugin):app:pull"])).toMatchObject([{ name: "app" }]);
});

test("no more than the most scopes are read, whatever arrives", () => {
  const many = Array.from({ length: 500 }, (_, index) => `repository:app-${index}:pull`);
  expect(readScopes(many)).toHaveLength(mostScopes);

  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 })), (texts) => {
      expect(readScopes(texts).length).toBeLessThanOrEqual(mostScopes);
    }),
  );
});
