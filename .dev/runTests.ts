// Runs `bun test` over the whole suite or a part of it, shows its output as it comes, and counts.
import { parseBunTest, type TestRun } from "./testSummary.ts";

const root = `${import.meta.dir}/..`;

/** What each file took when it ran last, in this clone. */
export const testTimes = `${root}/dist/testTimes.json`;

/** Four times the default: on two busy cores a test that starts a few processes has taken half of that. ms. */
const testTimeout = 20_000;

/** Files at a time: many tests wait for a server, a client or a clock, so that one more than there are cores keeps these busy. */
const filesAtOnce = navigator.hardwareConcurrency + 1;

/** How a run differs from the plain one. */
export interface Variant {
  /** More options of `bun test`. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Of a test that says nothing else, ms. */
  readonly timeoutMs?: number;
}

/** @param patterns what a test file's path contains; none for all files. */
export async function runTests(
  patterns: readonly string[],
  { options = [], env = {}, timeoutMs = testTimeout }: Variant = {},
): Promise<TestRun> {
  // The slowest files first: at the end, none of them runs alone.
  const times = [`--timings=${testTimes}`, "--timings=.dev/slowTests.json", "--update-timings"];
  const usual = [`--timeout=${timeoutMs}`, `--parallel=${filesAtOnce}`, "--no-isolate", ...times];
  const tests = Bun.spawn([process.execPath, "test", ...usual, ...options, ...patterns], {
    cwd: root,
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0", ...env },
  });
  let report = "";
  const decoder = new TextDecoder();
  for await (const bytes of tests.stderr) {
    process.stderr.write(bytes);
    report += decoder.decode(bytes, { stream: true });
  }
  return parseBunTest(report, await tests.exited);
}
