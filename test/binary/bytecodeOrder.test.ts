// The functions whose bytecode the build puts together (`.dev/bytecode.order`) are still those that a start uses.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, projectRoot, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { tempFolder } from "../support/processes.ts";

/** Of the functions that a start uses; each change makes some unknown. */
const least = 0.7;

clientTest(
  "most functions that a start uses lie together in the executable",
  { commands: [], timeoutMs: 60_000 },
  async (scope) => {
    await breadboxBinary();
    const order = join(tempFolder(scope, "order"), "order");
    const server = await startBreadbox(scope, { env: { BUN_BYTECODE_ORDER_OUT: order } });
    await server.stop();

    const used = functionsIn(order);
    const known = functionsIn(join(projectRoot, ".dev", "bytecode.order"));
    const found = [...used].filter((each) => known.has(each)).length;
    expect(used.size).toBeGreaterThan(500);
    // Else: sh .dev/bun .dev/bytecodeOrder.ts
    expect(found / used.size).toBeGreaterThan(least);
  },
);

const functionsIn = (path: string): ReadonlySet<string> =>
  new Set(
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("F ")),
  );
