// The audit of dependencies that needs no network is part of every run of the tests.
import { expect, test } from "bun:test";
import { auditOffline, looseVersions, unhashed } from "../../.dev/audit.ts";

test("dependencies are pinned, hashed, run no scripts, and are under licenses that are allowed", async () => {
  expect(await auditOffline()).toEqual([]);
}, 60_000);

test.each(["^1.2.3", "~1.2.3", "1.2", "latest", "*", "github:a/b", "npm:other@1.2.3"])(
  "a dependency asked for as %p is named",
  (version) => {
    expect(looseVersions({ exact: "1.2.3-rc.1", loose: version })).toHaveLength(1);
  },
);

test("a package without a hash in the lock file is named", () => {
  const hashed = ["a@1.0.0", "", {}, "sha512-AAAA"];
  expect(unhashed({ a: hashed, b: ["b@git+https://example.com/b#1", {}, "b-1"] })).toEqual([
    "b has no SHA-512 in bun.lock",
  ]);
});
