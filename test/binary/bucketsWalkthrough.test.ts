// docs/BUCKETS.md against the compiled binary: each command of it works, and prints what the document says.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, projectRoot } from "../support/binary.ts";
import { freePort, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { comparable, stepsOf, takeSteps } from "../support/walkthrough.ts";

const path = join(projectRoot, "docs", "BUCKETS.md");

test("every command of the walk-through in docs/BUCKETS.md runs as written", async () => {
  await using scope = new Scope();
  const steps = stepsOf(await Bun.file(path).text());
  const folder = tempFolder(scope, "walkthrough");

  const taken = await takeSteps(
    scope,
    { binary: await breadboxBinary(), folder, port: freePort() },
    steps,
  );

  const told = (text: string, line: number) => `line ${line}\n${comparable(text)}`;
  expect(taken.map(({ printed, line }) => told(printed, line))).toEqual(
    taken.map(({ says, line }) => told(says, line)),
  );
  expect(taken.length).toBeGreaterThan(20);
}, 120_000);
