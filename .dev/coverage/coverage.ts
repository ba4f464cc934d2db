// A measured run of the tests, and its figures: of `npm run coverage` and of the gate.
import { compile } from "../../build.ts";
import type { Variant } from "../runTests.ts";
import { countingBinary, root } from "./folder.ts";
import { instrument, readCounters } from "./instrument.ts";
import { instrumented } from "./plugin.ts";
import { coverageOf, percent, reportFolder, sharesOf, writeReports } from "./report.ts";

/** Percent of all statements below which a run fails. */
const least = 90.1;
/** The check, in words. */
export const leastCoverage = `at least ${least} % of statements ran`;

/** Tests, and all that they start from sources, count. What they start of an executable counts if that is instrumented. */
export const measured: Variant = { options: [`--preload=${root}/.dev/coverage/preload.ts`] };

/** Puts counters at all statements, sets them to 0, and compiles the program with them. */
export async function prepareCounters(): Promise<void> {
  await instrument();
  await compile(null, countingBinary, [instrumented]);
}

/** Prints the figures of the last run and writes its reports. @returns whether they are high enough. */
export async function printCoverage(): Promise<boolean> {
  const { hits, ...layout } = await readCounters();
  const map = coverageOf(layout, hits);
  writeReports(map);
  const whole = map.getCoverageSummary().statements;
  const lines = [...sharesOf(map, `${root}/src/`), { name: "src/", ...whole }].map(
    (share) =>
      `${percent(share).toFixed(1).padStart(5)} %  ${String(share.covered).padStart(6)} of ${String(share.total).padStart(6)}  ${share.name}`,
  );
  console.log("statements that ran:");
  for (const line of lines) console.log(line);
  console.log("excluded: nothing");
  console.log(`${reportFolder}/index.html, lcov.info`);
  return percent(whole) >= least;
}
