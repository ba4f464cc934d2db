// `breadbox help COMMAND…`: the library's own knows the first name only, and prints the help of `bucket` for `help bucket put`.
import type { Command, Help } from "commander";
import { examples } from "./commandParts.ts";

/** Longest name with arguments in a list of commands: the summaries next to it have to fit into 80 columns. */
const longestTerm = 26;

/** How a list of commands names one: with its arguments where there is room. */
export const subcommandTerm: Help["subcommandTerm"] = (command) => {
  const given = command.registeredArguments.map((each) => {
    const name = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${name}>` : `[${name}]`;
  });
  const whole = [command.name(), ...given].join(" ");
  return whole.length <= longestTerm ? whole : command.name();
};

/** Adds `help` to the program. */
export function addHelp(program: Command): void {
  for (const group of program.commands) describeHelp(group);
  program.helpCommand(false);
  program
    .command("help [COMMAND...]")
    .summary("print help for a command")
    .description("Prints the help of a command, as --help after it does.")
    .addHelpText("after", examples("breadbox help serve", "breadbox help bucket put"))
    .action((names: readonly string[]) => {
      let found = program;
      for (const name of names) {
        const next = found.commands.find((each) => each.name() === name);
        if (next === undefined) return found.error(`error: unknown command '${names.join(" ")}'`);
        found = next;
      }
      return found.outputHelp();
    });
}

/** The `help` of a group of commands, which the library adds, in the words of the others. */
function describeHelp(group: Command): void {
  if (group.commands.length === 0) return;
  group.helpCommand("help [COMMAND]", "print help for a command");
  for (const each of group.commands) describeHelp(each);
}
