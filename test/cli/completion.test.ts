// Completions and the manual page against the command tree itself: what is added to the tree is in them.
import { describe, expect, test } from "bun:test";
import { flatten, type TreeCommand, treeOf } from "../../src/cli/commandTree.ts";
import { completionScript, shells } from "../../src/cli/completion.ts";
import { manualPage } from "../../src/cli/manual.ts";
import { buildProgram } from "../../src/cli/program.ts";

const tree = treeOf(buildProgram(async () => {}));
const all = flatten(tree);

/** What bash offers behind these words. */
function offered(questions: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const asked = questions.map((words) => {
    const list = ["breadbox", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; COMPREPLY=(); _breadbox; echo "\${COMPREPLY[*]}"`;
  });
  const script = [completionScript(tree, "bash"), ...asked].join("\n");
  const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "-c", script]);
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  const lines = stdout.toString().split("\n").slice(0, -1);
  return lines.map((line) => line.split(" ").filter((word) => word !== ""));
}

const words = ({ options }: TreeCommand) =>
  options.flatMap(({ long, short }) => (short === null ? [long] : [short, long]));

test("the tree has all commands, but for hidden ones", () => {
  const paths = all.map(({ path }) => path.join(" "));
  for (const path of ["", "ls", "rm", "bucket uploads abort", "completion", "man"]) {
    expect(paths).toContain(path);
  }
  expect(paths).not.toContain("config docs");
  expect(new Set(paths).size).toBe(paths.length);
});

describe("the completion of bash", () => {
  test("offers the commands below each command, and its options", () => {
    const commands = offered(all.map(({ path }) => [...path, ""]));
    const options = offered(all.map(({ path }) => [...path, "-"]));

    for (const [at, command] of all.entries()) {
      const names = command.commands.map(({ path }) => path.at(-1) ?? "");
      expect([command.path, commands[at]]).toEqual([command.path, names]);
      expect([command.path, options[at]]).toEqual([command.path, words(command)]);
    }
  });

  test("goes on behind options, and with the beginning of a word", () => {
    expect(offered([["bucket", "--json", "cr"]])).toEqual([["create"]]);
    expect(offered([["gc", "--dry"]])).toEqual([["--dry-run"]]);
    expect(offered([["rm", "team/app:1.0", "--y"]])).toEqual([["--yes"]]);
  });
});

test.each(shells)("the completion of %s names every command and option", (shell) => {
  const script = completionScript(tree, shell);

  for (const { path, options } of all) {
    expect(script).toContain(path.join(" "));
    for (const { long } of options) {
      expect(script).toContain(shell === "fish" ? `-l ${long.slice(2)}` : long);
    }
  }
});

test("the manual page has every command with its description and options", () => {
  const page = manualPage(tree, "1.2.3");

  const plain = page.replaceAll("\\-", "-").replaceAll("\\\\", "\\");
  expect(plain).toStartWith('.TH BREADBOX 1 "" "Breadbox 1.2.3" "Breadbox"\n');
  for (const { path, description, options } of all.slice(1)) {
    const [, section = ""] = plain.split(`\n.SS breadbox ${path.join(" ")}\n`);
    const own = section.split("\n.SS ")[0] ?? "";
    expect(own).toContain(description);
    for (const { long } of options) expect(own).toContain(`\\fB${long}\\fR`);
  }
  expect(plain).toContain(".SH EXIT STATUS\n.TP\n.B 0\ndone\n");
  // A line that begins with a dot is an order to roff: all of these are known.
  const orders = new Set(page.match(/^\.\w*/gm));
  expect([...orders].sort()).toEqual([".B", ".PP", ".SH", ".SS", ".TH", ".TP"]);
});
