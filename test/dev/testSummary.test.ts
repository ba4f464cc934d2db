// The closing line of `npm test` decides what a change is worth: it must not lose a failure.
import { describe, expect, test } from "bun:test";
import { kernelLacks, parseBunTest, refusedConformance, tally } from "../../.dev/testSummary.ts";

const report = `
test/a.test.ts:
(pass) adds [0.01ms]
(skip) docker > pushes (skipped: docker not installed)
(todo) later
(fail) subtracts [0.10ms]

2 tests skipped:
(skip) docker > pushes (skipped: docker not installed)
(todo) later

 12 pass
 1 skip
 1 todo
 3 fail
 1 error
Ran 17 tests across 3 files. [7.00ms]
`;

describe("parseBunTest", () => {
  test("reads counts and the names of tests that did not run", () => {
    expect(parseBunTest(report, 1)).toEqual({
      passed: 12,
      failed: 3,
      skipped: 2,
      skippedNames: ["docker > pushes (skipped: docker not installed)", "later"],
    });
  });

  test("a run that crashed before its summary is a failure", () => {
    expect(parseBunTest("(pass) adds [0.01ms]\npanic", 132)).toMatchObject({
      passed: 0,
      failed: 1,
    });
  });

  test("a run that found no file to test is a failure", () => {
    const nothing = "The following filters did not match any test files:\n nomatch\n";
    expect(parseBunTest(nothing, 1)).toMatchObject({ passed: 0, failed: 1 });
  });

  test("a summary that a test prints is not taken for the real one", () => {
    expect(parseBunTest(" 5 pass\n 7 fail\n\n 1 pass\n 0 fail\n", 0)).toMatchObject({
      passed: 1,
      failed: 0,
    });
  });
});

describe("tally", () => {
  const runs = [
    { passed: 1, failed: 0, skipped: 0, skippedNames: [] },
    {
      passed: 4,
      failed: 1,
      skipped: 1,
      skippedNames: ["docker (skipped: docker not installed)"],
    },
  ];

  test("closes with the sum of all runs and lists what did not run", () => {
    expect(tally(runs, false)).toEqual({
      failed: 1,
      lines: ["not run: docker (skipped: docker not installed)", "5 passed, 1 failed, 1 skipped"],
    });
  });

  test("a test that did not run is a failed one where all must run", () => {
    const { failed, lines } = tally(runs, true);

    expect(failed).toBe(2);
    expect(lines.at(-1)).toBe("5 passed, 2 failed");
  });

  test("only the conformance program may be skipped when it cannot be downloaded", () => {
    const refused = `${refusedConformance}: every check passes`;
    const run = { passed: 4, failed: 0, skipped: 2, skippedNames: [refused, "docker pushes"] };

    expect(tally([run], true)).toEqual({
      failed: 1,
      lines: [
        `not run: ${refused}`,
        "not run, so it counts as failed: docker pushes",
        "4 passed, 1 failed, 1 skipped",
      ],
    });
  });

  test("a test that needs a missing kernel feature may be skipped even where all must run, and is listed", () => {
    const lacking = `${kernelLacks} XFS: parts take no space twice`;
    const run = { passed: 4, failed: 0, skipped: 1, skippedNames: [lacking] };

    expect(tally([run], true)).toEqual({
      failed: 0,
      lines: [`not run: ${lacking}`, "4 passed, 0 failed, 1 skipped"],
    });
  });
});
