// Tests that need programs of other projects. Where one is absent they say so; in CI that is a failure.
import { test } from "bun:test";
import { kernelLacks } from "../../.dev/testSummary.ts";
import { Scope } from "./scope.ts";
import { isLong } from "./share.ts";

/** What a test with real clients needs. */
export interface Needs {
  /** Commands that must be on PATH. */
  readonly commands: readonly string[];
  /** Mounts or namespaces are involved. */
  readonly root?: boolean;
  /** Anything else: why it cannot run here, or null. */
  readonly reason?: () => string | null;
  /** What the kernel would need and has not; null when it has all. Such a test is skipped in CI as well. */
  readonly kernelLacks?: () => string | null;
  readonly timeoutMs?: number;
  /** It waits most of its time: those of a file that follow each other run side by side. */
  readonly waits?: boolean;
}

/** Why a test with these needs cannot run on this machine; null when it can. */
export function missing({ commands, root = false, reason }: Needs): string | null {
  if (process.platform !== "linux") return "it needs Linux";
  const absent = commands.filter((command) => Bun.which(command) === null);
  if (absent.length > 0) return `${absent.join(", ")} not installed`;
  if (root && process.getuid?.() !== 0) return "it needs root";
  return reason?.() ?? null;
}

/** How much longer a test of the long form may take: it does all of what is a share otherwise. */
const longer = 10;

/** One that only the long form of the tests has. */
export const longTest: typeof clientTest = (...given) => {
  if (isLong) clientTest(...given);
};

/** A test that cleans up behind itself and reports `skipped: <why>` where it cannot run; with CI set that fails. */
export function clientTest(
  sentence: string,
  needs: Needs,
  body: (scope: Scope) => Promise<void>,
): void {
  const why = missing(needs);
  const lacking = why === null ? (needs.kernelLacks?.() ?? null) : null;
  if (lacking !== null) {
    console.warn(`${kernelLacks} ${lacking}: ${sentence}`);
    test.skip(`${kernelLacks} ${lacking}: ${sentence}`, () => {});
    return;
  }
  if (why !== null && !process.env["CI"]) {
    console.warn(`skipped: ${why}: ${sentence}`);
    test.skip(`${sentence} (skipped: ${why})`, () => {});
    return;
  }
  const run = needs.waits ? test.concurrent : test;
  run(
    sentence,
    async () => {
      if (why !== null) throw new Error(`skipped: ${why}`);
      await using scope = new Scope();
      await body(scope);
    },
    (needs.timeoutMs ?? 180_000) * (isLong ? longer : 1),
  );
}
