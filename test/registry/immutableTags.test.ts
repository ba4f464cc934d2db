import { describe, expect, test } from "bun:test";
import { makeImmutability } from "../../src/registry/immutableTags.ts";
import { repo, tag } from "./world.ts";

describe("an immutable tag pattern", () => {
  test.each<[string, string, string, boolean]>([
    ["v*", "app", "v1.0", true],
    ["v*", "team/nested/app", "v", true],
    ["v*", "app", "1.0", false],
    ["v*", "app", "dev1", false],
    ["v?", "app", "v1", true],
    ["v?", "app", "v10", false],
    ["v1.0", "app", "v1.0", true],
    ["v1.0", "app", "v1x0", false],
    ["*", "app", "anything", true],
    ["prod/**:v*", "prod/a", "v1", true],
    ["prod/**:v*", "prod/a/b", "v1", true],
    ["prod/**:v*", "prod", "v1", false],
    ["prod/**:v*", "test/prod/a", "v1", false],
    ["prod/**:v*", "prod/a", "latest", false],
    ["prod/*:v*", "prod/a", "v1", true],
    ["prod/*:v*", "prod/a/b", "v1", false],
    ["**/app:stable", "team/app", "stable", true],
    ["*:stable", "app", "stable", true],
    ["*:stable", "team/app", "stable", false],
  ])("%s: %s:%s is locked: %p", (pattern, repository, name, locked) => {
    const locks = makeImmutability([pattern]);

    expect(locks(repo(repository), tag(name))).toBe(locked ? pattern : null);
  });

  test("is named as the first one that matches a tag", () => {
    const locks = makeImmutability(["prod/**:v*", "v*", "v1*"]);

    expect(locks(repo("prod/a"), tag("v1"))).toBe("prod/**:v*");
    expect(locks(repo("lab/a"), tag("v1"))).toBe("v*");
    expect(locks(repo("lab/a"), tag("latest"))).toBeNull();
  });

  test("must be configured for any tag to be immutable", () => {
    expect(makeImmutability([])(repo("app"), tag("v1"))).toBeNull();
  });
});
