// The executable of an earlier commit, built in a clone.
import { dirname, join } from "node:path";
import { projectRoot } from "../support/binary.ts";
import { machineEnv } from "../support/goCompiler.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** Builds it; that takes minutes. @returns the short name of the commit, and the executable's path, which lasts as long as the scope. */
export async function buildRelease(scope: Scope, asked: string) {
  const name = ["git", "-C", projectRoot, "rev-parse", "--short=7", `${asked}^{commit}`];
  const commit = (await run(name)).stdout.trim();
  const clone = join(tempFolder(scope, "release"), "clone");
  const env = machineEnv();
  const steps = [
    ["git", "clone", "--quiet", "--no-checkout", projectRoot, clone],
    ["git", "-C", clone, "checkout", "--quiet", commit],
    // Bun is downloaded only if that release has another one.
    ["mkdir", join(clone, ".dev", "cache")],
    ["cp", "-r", dirname(process.execPath), join(clone, ".dev", "cache")],
  ];
  for (const step of steps) await run(step, { env });
  await run(["sh", ".dev/bun", "build.ts"], { cwd: clone, env, timeoutMs: 900_000 });
  return { commit, binary: join(clone, "dist", "breadbox") };
}
