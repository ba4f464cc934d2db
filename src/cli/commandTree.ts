// The command tree as completions and the manual page need it: what --help shows, and nothing else.
import { type Command, Help } from "commander";

/** An option of a command. */
export interface TreeOption {
  /** `--older-than`; every option has one. */
  readonly long: string;
  /** `-y`; null without one. */
  readonly short: string | null;
  /** `<TIME>`; null for an option that takes no value. */
  readonly value: string | null;
  readonly description: string;
}

/** A command, and those below it. */
export interface TreeCommand {
  /** Words after the program's name: none for the program itself. */
  readonly path: readonly string[];
  /** `[options] <BUCKET[/OBJECT]>`. */
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly TreeOption[];
  readonly commands: readonly TreeCommand[];
}

/** Reads the tree of a program. */
export function treeOf(command: Command, path: readonly string[] = []): TreeCommand {
  const help = new Help();
  const options = help.visibleOptions(command).flatMap((option): TreeOption[] => {
    const { long, short, flags, description } = option;
    if (long === undefined || long === null) return [];
    const value = /[<[].*/.exec(flags)?.[0] ?? null;
    return [{ long, short: short ?? null, value, description }];
  });
  const commands = help
    .visibleCommands(command)
    .filter((each) => each.name() !== "help")
    .map((each) => treeOf(each, [...path, each.name()]));
  return {
    ...{ path, options, commands, usage: command.usage() },
    summary: command.summary() || command.description(),
    description: command.description(),
  };
}

/** A command and all below it, each before those below it. */
export const flatten = (tree: TreeCommand): readonly TreeCommand[] => [
  tree,
  ...tree.commands.flatMap(flatten),
];
