// `sh .dev/bun test/conformance/run.ts`: the conformance program in all modes. The same runs are tests in conformance.test.ts.
import { join } from "node:path";
import { flag, readOptions } from "../../.dev/options.ts";
import { breadboxBinary } from "../support/binary.ts";
import { run } from "../support/processes.ts";
import { findProgram, pinnedVersion } from "./program.ts";
import { closingLine, type Run, reportPage } from "./report.ts";
import { modes, runSuite } from "./suite.ts";

const { values } = readOptions({
  name: "sh .dev/bun test/conformance/run.ts",
  about: "Runs the conformance program of the OCI distribution specification in all modes.",
  options: { write: flag("writes its counts into test/conformance/README.md") },
});

async function main(): Promise<number> {
  const program = await findProgram();
  if ("missing" in program) {
    console.error(`conformance: skipped: ${program.missing}`);
    return 2;
  }
  console.log(`conformance: ${program.origin}`);
  const runs: Run[] = [];
  for (const mode of modes) {
    const done = { mode, results: await runSuite(program.path, mode) };
    console.log(closingLine(done));
    for (const complaint of done.results.complaints) console.log(complaint);
    runs.push(done);
  }
  if (values.write) await writePage(program.origin, runs);
  return runs.every(({ results: { counts } }) => counts.failed + counts.skipped === 0) ? 0 : 1;
}

async function writePage(origin: string, runs: readonly Run[]): Promise<void> {
  const commit = await commitOfBinary();
  // Nobody could repeat it.
  if (!/^[0-9a-f]+$/.test(commit))
    throw new Error(`README.md is not written: the executable is of ${commit}; commit, then build`);
  const setting = {
    origin,
    pinned: pinnedVersion,
    commit,
    day: new Date().toISOString().slice(0, 10),
  };
  await Bun.write(join(import.meta.dir, "README.md"), reportPage(setting, runs));
}

/** Not the checkout's: the binary under test may be another build. */
async function commitOfBinary(): Promise<string> {
  const version = await run([await breadboxBinary(), "--version"]);
  return /commit (\S+)\)/.exec(version.stdout)?.[1] ?? "unknown";
}

process.exitCode = await main();
