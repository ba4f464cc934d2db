import { expect, test } from "bun:test";
import { describeFinding } from "../../src/cli/findingText.ts";
import { digestOf } from "../../src/content/digest.ts";
import { parseRepositoryName } from "../../src/registry/names.ts";

const manifest = {
  repository: parseRepositoryName("team/app"),
  digest: digestOf(new Uint8Array()),
};

test.each([
  [["subject"], "subject differs from"],
  [["references"], "references differ from"],
  [["referrers"], "referrers differ from"],
  [["references", "subject"], "references and subject differ from"],
] as const)("rows of %p are told as: %s", (what, words) => {
  expect(describeFinding({ kind: "derivedDiffers", manifest, what, tags: [] })).toBe(
    `manifest team/app@${manifest.digest}: ${words} what it says.`,
  );
});
