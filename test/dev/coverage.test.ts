// Coverage counts what really ran, in whichever process, also in one that was killed: on a small project with the tools of this one.
import { expect, test } from "bun:test";
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../support/binary.ts";
import { run, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const sources = {
  "src/main.ts": `
    import { double } from "./double.ts";
    const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
    worker.onmessage = () => {
      Bun.spawnSync([process.execPath, new URL("./child.ts", import.meta.url).pathname], { env: {} });
      process.kill(process.pid, double(4) === 8 ? "SIGKILL" : "SIGTERM");
    };`,
  "src/double.ts": `
    export function double(value: number): number {
      if (value < 0) throw new Error("negative");
      return 2 * value;
    }`,
  "src/worker.ts": `import { double } from "./double.ts"; postMessage(double(1));`,
  "src/child.ts": `const child = 1; export default child;`,
  "src/nobody.ts": `export const nobody = 1; export const loads = 2;`,
  "src/pages/styles/page.css": "",
};

/** A project of these sources, with `.dev` of this one. */
async function project(scope: Scope): Promise<string> {
  const root = tempFolder(scope, "coverage");
  for (const part of [".dev/coverage", ".dev/bom"])
    await cp(join(projectRoot, part), join(root, part), { recursive: true });
  for (const file of ["assets.ts", "bundle.ts", "stale.ts", "runTests.ts", "testSummary.ts"])
    await cp(join(projectRoot, ".dev", file), join(root, ".dev", file));
  await cp(join(projectRoot, "package.json"), join(root, "package.json"));
  await symlink(join(projectRoot, "node_modules"), join(root, "node_modules"));
  await mkdir(join(root, "src", "pages"), { recursive: true });
  for (const [file, text] of Object.entries(sources)) await Bun.write(join(root, file), text);
  return root;
}

test("statements count that ran in a killed process, a worker or a child, and no others", async () => {
  await using scope = new Scope();
  const root = await project(scope);
  // In a measured run `process.execPath` counts for that run.
  const bun = Bun.which("bun") ?? process.execPath;
  const tools = join(root, ".dev", "coverage");
  await run([bun, "-e", `await (await import("${tools}/instrument.ts")).instrument()`]);

  const main = [join(root, "dist", "coverage", "bun"), join(root, "src", "main.ts")];
  await run(main, { mayFail: true });

  const print = `
    const { readCounters } = await import("${tools}/instrument.ts");
    const { coverageOf, sharesOf } = await import("${tools}/report.ts");
    const { hits, ...layout } = await readCounters();
    console.log(JSON.stringify(sharesOf(coverageOf(layout, hits), "${root}/src/")));`;
  const { stdout } = await run([bun, "-e", print]);
  expect(JSON.parse(stdout)).toEqual([
    { name: "nobody.ts", total: 2, covered: 0 },
    { name: "double.ts", total: 3, covered: 2 },
    { name: "child.ts", total: 1, covered: 1 },
    { name: "main.ts", total: 4, covered: 4 },
    { name: "worker.ts", total: 1, covered: 1 },
  ]);
}, 60_000);
