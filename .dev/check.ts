// The checks that run nothing: types and lint. Also a command: `npm run check`.
import { readOptions } from "./options.ts";

const root = `${import.meta.dir}/..`;
const colours = process.stdout.isTTY ? "force" : "off";

/** Runs a tool of node_modules under this Bun, which works where there is no Node.js. @returns true when it is content. */
async function runTool(script: string, ...args: string[]): Promise<boolean> {
  const tool = Bun.spawn([process.execPath, `${root}/node_modules/${script}`, ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (await tool.exited) === 0;
}

/** A check by the name it is reported under. */
export interface Check {
  readonly name: string;
  /** @returns true when it found nothing. Prints what it found. */
  readonly run: () => Promise<boolean>;
}

/** All of them, in the order to run them. */
export const checks: readonly Check[] = [
  { name: "type check", run: () => runTool("typescript/bin/tsc") },
  // A program of its own, with the types of a browser.
  {
    name: "type check of the pages' scripts",
    run: () => runTool("typescript/bin/tsc", "-p", "src/pages/islands"),
  },
  {
    name: "lint",
    run: () => runTool("@biomejs/biome/bin/biome", "ci", `--colors=${colours}`, "."),
  },
];

if (import.meta.main) {
  readOptions({
    name: "npm run check",
    about: "Checks types and lint, and runs nothing.",
    options: {},
  });
  for (const { name, run } of checks) {
    const passed = await run();
    console.log(`${passed ? "passed" : "FAILED"}: ${name}`);
    if (!passed) process.exitCode = 1;
  }
}
