import { describe, expect, test } from "bun:test";
import { isCheckpointDue } from "../../src/jobs/checkpointRule.ts";

const mebibyte = 1_048_576;

describe("isCheckpointDue", () => {
  for (const [what, log, moved, now, due] of [
    ["an empty log is never due", { bytes: 0, version: "a", since: 0 }, null, 60_000, false],
    ["a large log is due at once", { bytes: 4 * mebibyte, version: "a", since: 0 }, null, 1, true],
    [
      "a small log waits while it grows",
      { bytes: 100, version: "b", since: 9_000 },
      "a",
      9_500,
      false,
    ],
    [
      "a small log is due once it is quiet",
      { bytes: 100, version: "a", since: 0 },
      null,
      10_000,
      true,
    ],
    [
      "a log is not moved twice",
      { bytes: 9 * mebibyte, version: "a", since: 0 },
      "a",
      60_000,
      false,
    ],
  ] as const) {
    test(what, () => {
      expect(isCheckpointDue(log, moved, now)).toBe(due);
    });
  }
});
