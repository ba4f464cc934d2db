// `npm run coverage [-- pattern]`: runs the tests over instrumented sources and an instrumented executable, prints which share of the
// statements of `src/` ran in any process, and writes lcov and pages. `--add` goes on with the counters of the last run.
import { prepareAssets } from "../assets.ts";
import { runTests } from "../runTests.ts";
import { measured, prepareCounters, printCoverage } from "./coverage.ts";
import { countingBinary } from "./folder.ts";

const [patterns, options] = [true, false].map((isPattern) =>
  process.argv.slice(2).filter((argument) => argument.startsWith("--") !== isPattern),
);
if (options?.some((option) => option !== "--add"))
  throw new Error("usage: npm run coverage [-- pattern] [--add]");
await prepareAssets();
if (!options?.includes("--add")) await prepareCounters();
const { passed, failed, skipped } = await runTests(patterns ?? [], {
  ...measured,
  env: { BREADBOX_TEST_BINARY: countingBinary },
  // Where other programs keep the machine busy, a slow test counts too.
  timeoutMs: 120_000,
});
const isEnough = await printCoverage();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && isEnough ? 0 : 1;
