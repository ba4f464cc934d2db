// `npm test`: assets, build, types, lint, tests, and one closing line that counts them all.
import { buildIfStale } from "../build.ts";
import { installGoPrograms } from "../test/support/goPrograms.ts";
import { type Check, checks } from "./check.ts";
import { leastCoverage, measured, prepareCounters, printCoverage } from "./coverage/coverage.ts";
import { readOptions } from "./options.ts";
import { runTests } from "./runTests.ts";
import { type TestRun, tally } from "./testSummary.ts";

/** A check that something can be done; the error is printed when it cannot. */
const works = (name: string, act: () => Promise<unknown>): Check => ({
  name,
  run: async () => {
    try {
      await act();
      return true;
    } catch (error) {
      console.error(error);
      return false;
    }
  },
});

/** Runs a check, says how it ended, counts it as one test. */
async function runCheck({ name, run }: Check): Promise<TestRun> {
  const passed = await run();
  console.log(`${passed ? "passed" : "FAILED"}: ${name}`);
  return { passed: Number(passed), failed: Number(!passed), skipped: 0, skippedNames: [] };
}

const { operands: patterns } = readOptions({
  name: "npm test",
  about:
    "Builds, checks types and lint, and runs all tests, or those whose path has a pattern in it.",
  options: {},
  operands: "[PATTERN …]",
});
const everythingRuns = Boolean(process.env["CI"]);
/** Only the whole suite can be expected to reach nearly every statement. */
const isMeasured = everythingRuns && patterns.length === 0;
const runs: TestRun[] = [];
// Tests run the executable.
const build = await runCheck(works("build", buildIfStale));
if (build.failed > 0) runs.push(build);
const runChecks = async (): Promise<void> => {
  for (const check of checks) runs.push(await runCheck(check));
  if (isMeasured) runs.push(await runCheck(works("counters at statements", prepareCounters)));
};
// Together they share what they are built from, and fetch while others compile; elsewhere each test gets the one it needs. Tests begin
// meanwhile, and wait for the ones that they need.
const buildPrograms = async (): Promise<void> => {
  if (!everythingRuns) return;
  runs.push(await runCheck(works("programs of other projects", installGoPrograms)));
};
const programs = buildPrograms();
await runChecks();
runs.push(await runTests(patterns, isMeasured ? measured : {}));
await programs;
if (isMeasured) runs.push(await runCheck({ name: leastCoverage, run: printCoverage }));

const { lines, failed } = tally(runs, everythingRuns);
process.exitCode = failed > 0 ? 1 : 0;
// Written at once and last: whoever reads the output finds the counts in its last line.
await Bun.write(Bun.stdout, `${lines.join("\n")}\n`);
