// `npm test [-- pattern]`: assets, build, types, lint, tests, and one closing line that counts them all.
import { buildIfStale } from "../build.ts";
import { installGoPrograms } from "../test/support/goPrograms.ts";
import { type Check, checks } from "./check.ts";
import { parseBunTest, type TestRun, tally } from "./testSummary.ts";

const root = `${import.meta.dir}/..`;

/** Four times the default: on two busy cores a test that starts a few processes has taken half of that. ms. */
const testTimeout = 20_000;

/** Files at a time: many tests wait for a server, a client or a clock, so that one more than there are cores keeps these busy. */
const filesAtOnce = navigator.hardwareConcurrency + 1;

/** Runs `bun test`, shows its output as it comes, and reads the counts from it. */
async function runTests(patterns: readonly string[]): Promise<TestRun> {
  // The slowest files first: at the end, none of them runs alone.
  const slow = "--timings=.dev/slowTests.json";
  const options = [`--timeout=${testTimeout}`, `--parallel=${filesAtOnce}`, "--no-isolate", slow];
  const tests = Bun.spawn([process.execPath, "test", ...options, ...patterns], {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  let report = "";
  const decoder = new TextDecoder();
  for await (const bytes of tests.stderr) {
    process.stderr.write(bytes);
    report += decoder.decode(bytes, { stream: true });
  }
  return parseBunTest(report, await tests.exited);
}

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

const everythingRuns = Boolean(process.env["CI"]);
const runs: TestRun[] = [];
// Tests run the executable.
const build = await runCheck(works("build", buildIfStale));
if (build.failed > 0) runs.push(build);
for (const check of checks) runs.push(await runCheck(check));
// Together they share what they are built from; elsewhere each test gets the one it needs.
if (everythingRuns)
  runs.push(await runCheck(works("programs of other projects", installGoPrograms)));
runs.push(await runTests(process.argv.slice(2)));

const { lines, failed } = tally(runs, everythingRuns);
process.exitCode = failed > 0 ? 1 : 0;
// Written at once and last: whoever reads the output finds the counts in its last line.
await Bun.write(Bun.stdout, `${lines.join("\n")}\n`);
