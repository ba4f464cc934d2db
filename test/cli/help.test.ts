// The help of every command: found by its name, and as wide as a terminal.
import { expect, test } from "bun:test";
import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";
import { breadbox } from "./command.ts";

/** Every command with its path. */
function* commandsOf(command: Command, path: string): Generator<[path: string, command: Command]> {
  yield [path, command];
  for (const each of command.commands) yield* commandsOf(each, `${path} ${each.name()}`.trim());
}

const all = [
  ...commandsOf(
    buildProgram(async () => {}),
    "",
  ),
];

/** What `--help` prints, without a terminal: 80 columns. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

test("no line of any help is wider than 80 columns", () => {
  expect(all.length).toBeGreaterThan(40);
  const wide = all.flatMap(([path, command]) =>
    helpOf(command)
      .split("\n")
      .filter((line) => line.length > 80)
      .map((line) => `${path}: ${line}`),
  );
  expect(wide).toEqual([]);
});

test.each([
  [["bucket", "put"], "breadbox bucket put [options]"],
  [["config", "check"], "breadbox config check [options]"],
  [["bucket", "uploads", "ls"], "breadbox bucket uploads ls [options]"],
  [["serve"], "breadbox serve [options]"],
  [[], "breadbox [options] [command]"],
])("help %p prints the help of that command", async (names, usage) => {
  const { out, err, code } = await breadbox(["help", ...names]);
  expect(out).toStartWith(names.length === 0 ? "Usage: breadbox" : `Usage: ${usage}`);
  expect([err, code]).toEqual(["", 0]);
});

test("help of what there is not is bad usage, and points to the nearest help", async () => {
  const { err, code } = await breadbox(["help", "bucket", "putt"]);
  expect(err).toContain("unknown command 'bucket putt'");
  expect(err).toContain('Run "breadbox bucket --help" for usage.');
  expect(code).toBe(2);
});

test.each(["serve", "health"])("%s alone has the same help as in the whole tree", (name) => {
  const alone = buildProgram(async () => {}, name);
  expect(alone.commands.map((each) => each.name())).toEqual([name]);
  const [, whole] = all.find(([path]) => path === name) ?? [];
  expect(alone.commands.map(helpOf)).toEqual(whole === undefined ? [] : [helpOf(whole)]);
  expect(helpOf(alone.commands[0] ?? alone)).toContain("--data");
});

test("a mistake after serve points to the help of serve", async () => {
  const { err, code } = await breadbox(["serve", "--dta", "x"]);
  expect(err).toContain("--data");
  expect(err).toContain('Run "breadbox serve --help" for usage.');
  expect(code).toBe(2);
});
