// docs/IMAGES.md against the compiled binary: each command of it works, and prints what the document says.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, projectRoot } from "../support/binary.ts";
import { freePort, tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { comparable, stepsOf, takeSteps } from "../support/walkthrough.ts";

const path = join(projectRoot, "docs", "IMAGES.md");

/** Ages differ from run to run, and with them the width of their column. */
const withoutAges = (text: string): string =>
  comparable(text).replaceAll(/\b(?:\d+[dhms] ?)+(?: +|(?=[.,]|$| ago))/gm, "<age> ");

test("every command of docs/IMAGES.md runs as written", async () => {
  await using scope = new Scope();
  const text = await Bun.file(path).text();
  const steps = stepsOf(text);
  const folder = tempFolder(scope, "walkthrough");

  const taken = await takeSteps(
    scope,
    { binary: await breadboxBinary(), folder, port: freePort() },
    steps,
  );

  const told = (printed: string, line: number) => `line ${line}\n${withoutAges(printed)}`;
  expect(taken.map(({ printed, line }) => told(printed, line))).toEqual(
    taken.map(({ says, line }) => told(says, line)),
  );
  expect(taken.length).toBeGreaterThan(4);
}, 120_000);
