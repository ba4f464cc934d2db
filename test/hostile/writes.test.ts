// The trace that shows whether a server touches anything but its data directory: test/http/target.ts and test/hostile/api look at it.
import { expect } from "bun:test";
import { join } from "node:path";
import { clientTest } from "../support/clientTest.ts";
import { startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { traceWrites } from "../support/writes.ts";

const needs = { commands: ["strace"] };

clientTest("a trace of a process names what it writes elsewhere", needs, async (scope) => {
  const [folder, elsewhere] = [tempFolder(scope, "inside"), tempFolder(scope, "elsewhere")];
  const script = `cd ${folder}; while [ ! -e go ]; do sleep 0.1; done; > a; > ${elsewhere}/b; mkdir ../c-$$; rmdir ../c-$$; mv a b; rm b`;
  const log = join(tempFolder(scope, "log"), "log");
  const child = startProcess(scope, ["sh", "-c", script], { log });
  const trace = await traceWrites(scope, child.pid);

  await Bun.write(join(folder, "go"), "");
  await waitFor("its end", child.hasExited);
  const { outside, calls } = await trace.end(folder);

  expect(outside.map((line) => /^\d+ +([a-z]+)/.exec(line)?.[1])).toEqual([
    ...[expect.stringMatching(/^open/), "mkdir", "rmdir"],
  ]);
  expect(calls).toBeGreaterThan(4);
});
