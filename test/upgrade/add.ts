// `sh .dev/bun test/upgrade/add.ts COMMIT`: builds the server of a released commit in a clone, and makes a data directory with it for the
// tests here (make.ts). One is added for each release whose schema differs from that of the one before; what is there is never made again.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineEnv } from "../support/goCompiler.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const project = join(import.meta.dir, "..", "..");
const [asked] = process.argv.slice(2);
if (asked === undefined) throw new Error("add.ts COMMIT");
const { stdout } = await run(["git", "-C", project, "rev-parse", "--short=7", `${asked}^{commit}`]);
const commit = stdout.trim();
if (existsSync(join(import.meta.dir, `${commit}.tar.gz`))) {
  throw new Error(`${commit}.tar.gz is there, and is never made again`);
}
await using scope = new Scope();
const clone = join(tempFolder(scope, "release"), "clone");
const env = machineEnv();
const steps = [
  ["git", "clone", "--quiet", "--no-checkout", project, clone],
  ["git", "-C", clone, "checkout", "--quiet", commit],
  // Bun is downloaded only if that release has another one.
  ["mkdir", join(clone, ".dev", "cache")],
  ["cp", "-r", dirname(process.execPath), join(clone, ".dev", "cache")],
];
for (const step of steps) await run(step, { env });
await run(["sh", ".dev/bun", "build.ts"], { cwd: clone, env, timeoutMs: 900_000 });
const make = ["sh", ".dev/bun", "test/upgrade/make.ts", join(clone, "dist", "breadbox"), commit];
await run(make, { cwd: project, env, timeoutMs: 300_000 });
console.log(`${commit}.tar.gz and ${commit}.json are made`);
