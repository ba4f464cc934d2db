// What a test run amounts to: reads `bun test`'s report, adds up, words the closing line. Pure.

/** Counts of one run, and the full names of those that were skipped. */
export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skippedNames: readonly string[];
}

/**
 * Reads the report that `bun test` prints. A run that ended badly without a failed test
 * (a crash, an error outside of tests, no file found) counts as one failure.
 */
export function parseBunTest(report: string, exitCode: number): TestRun {
  const count = (word: string) =>
    Number(
      report
        .match(new RegExp(`^ *(\\d+) ${word}$`, "gm"))
        ?.at(-1)
        ?.trim()
        .split(" ")[0] ?? 0,
    );
  const failed = count("fail");
  const endedBadly = exitCode !== 0 && failed === 0;
  // A long report names them a second time at its end.
  const names = Array.from(report.matchAll(/^\((?:skip|todo)\) (.+)$/gm), ([, name]) => name ?? "");
  return {
    passed: count("pass"),
    failed: endedBadly ? 1 : failed,
    skipped: count("skip") + count("todo"),
    skippedNames: [...new Set(names)],
  };
}

/**
 * What the names of the only tests begin with that may be skipped everywhere. The official conformance program is had as a
 * Go module or not at all; where the module proxy itself refuses it, no set-up of the machine helps.
 */
export const refusedConformance = "conformance skipped: the module proxy refuses the program";

/** And those that need what a machine's kernel has or has not, such as a file system: no package brings it. */
export const kernelLacks = "skipped: the kernel here has no";

/**
 * Adds up runs.
 * @param strict counts a skipped test as a failed one: on a machine that is set up for all of them, none may be skipped
 *   but those of {@link refusedConformance} and {@link kernelLacks}.
 * @returns lines to print, of which the last is `N passed, N failed`, with `, N skipped` when there are any.
 */
export function tally(
  runs: readonly TestRun[],
  strict: boolean,
): { readonly lines: readonly string[]; readonly failed: number } {
  const sum = (pick: (run: TestRun) => number) => runs.reduce((all, run) => all + pick(run), 0);
  const names = runs.flatMap((run) => run.skippedNames);
  const isExcused = (name: string) =>
    !strict || name.startsWith(refusedConformance) || name.startsWith(kernelLacks);
  const all = sum((run) => run.skipped);
  const skipped = strict ? names.filter(isExcused).length : all;
  const failed = sum((run) => run.failed) + all - skipped;
  const verdict = (name: string) =>
    isExcused(name) ? "not run" : "not run, so it counts as failed";
  const counts = `${sum((run) => run.passed)} passed, ${failed} failed`;
  return {
    failed,
    lines: [
      ...names.map((name) => `${verdict(name)}: ${name}`),
      skipped === 0 ? counts : `${counts}, ${skipped} skipped`,
    ],
  };
}
