// `npm run coverage`: runs the tests over instrumented sources and an instrumented executable, prints which share of the
// statements of `src/` ran in any process, and writes lcov and pages.

import { prepareAssets } from "../assets.ts";
import { flag, readOptions } from "../options.ts";
import { runTests } from "../runTests.ts";
import { measured, prepareCounters, printCoverage } from "./coverage.ts";
import { countingBinary } from "./folder.ts";

const { values, operands: patterns } = readOptions({
  name: "npm run coverage",
  about:
    "Counts which statements of src/ run in any process of the tests, or of those whose path has a pattern in it.",
  options: { add: flag("goes on with the counters of the last run") },
  operands: "[PATTERN …]",
});
await prepareAssets();
if (!values.add) await prepareCounters();
const { passed, failed, skipped } = await runTests(patterns, {
  ...measured,
  env: { BREADBOX_TEST_BINARY: countingBinary },
  // Where other programs keep the machine busy, a slow test counts too.
  timeoutMs: 120_000,
});
const isEnough = await printCoverage();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && isEnough ? 0 : 1;
