// `sh .dev/bun test/upgrade/add.ts COMMIT`: builds the server of a released commit in a clone, and makes a data directory with it for the
// tests here (make.ts). One is added for each release whose schema differs from that of the one before; what is there is never made again.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readOptions } from "../../.dev/options.ts";
import { projectRoot } from "../support/binary.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { buildRelease } from "./release.ts";

const [asked = ""] = readOptions({
  name: "sh .dev/bun test/upgrade/add.ts",
  about: "Makes a data directory with the server of a commit, for the tests of upgrades.",
  options: {},
  operands: "COMMIT",
}).operands;
await using scope = new Scope();
const { commit, binary } = await buildRelease(scope, asked);
if (existsSync(join(import.meta.dir, `${commit}.tar.gz`))) {
  throw new Error(`${commit}.tar.gz is there, and is never made again`);
}
await run([process.execPath, "test/upgrade/make.ts", binary, commit], {
  ...{ cwd: projectRoot, timeoutMs: 300_000 },
});
console.log(`${commit}.tar.gz and ${commit}.json are made`);
