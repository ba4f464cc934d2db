// Completions for shells, made of the command tree: a command or an option that is added is completed without a further word.
import { flatten, type TreeCommand, type TreeOption } from "./commandTree.ts";

/** Shells with completions. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** The script of a shell. */
export function completionScript(tree: TreeCommand, shell: Shell): string {
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](flatten(tree));
}

const pathOf = ({ path }: TreeCommand): string => path.join(" ");
const wordsOf = ({ options }: TreeCommand): readonly string[] =>
  options.flatMap(({ long, short }) => (short === null ? [long] : [short, long]));
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Names of commands hold neither quotes nor spaces. */
const pathsOf = (all: readonly TreeCommand[]): string =>
  all
    .filter(({ path }) => path.length > 0)
    .map((command) => `"${pathOf(command)}"`)
    .join("|");

function bashScript(all: readonly TreeCommand[]): string {
  const cases = all.map((command) => {
    const names = command.commands.map(({ path }) => path.at(-1)).join(" ");
    return `    "${pathOf(command)}") commands=${quoted(names)} options=${quoted(wordsOf(command).join(" "))} ;;`;
  });
  return `# Completion of breadbox for bash.
_breadbox() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at="" word commands="" options=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(all)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join("\n")}
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  else COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o default -F _breadbox breadbox`;
}

function zshScript(all: readonly TreeCommand[]): string {
  // A colon divides a word from its description.
  const entry = (word: string, text: string) => quoted(`${word.replaceAll(":", "\\:")}:${text}`);
  const cases = all.map((command) => {
    const names = command.commands.map((each) => entry(each.path.at(-1) ?? "", each.summary));
    const options = command.options.flatMap((option) =>
      [option.short, option.long].flatMap((word) =>
        word === null ? [] : [entry(word, firstSentence(option))],
      ),
    );
    return `    "${pathOf(command)}") commands=(${names.join(" ")}) options=(${options.join(" ")}) ;;`;
  });
  return `#compdef breadbox
# Completion of breadbox for zsh.
_breadbox() {
  local at="" word
  local -a commands options
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    case "\${at:+$at }$word" in
      ${pathsOf(all)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe option options
  elif (( \${#commands} )); then _describe command commands
  else _files
  fi
}
if [[ \${funcstack[1]} == _breadbox ]]; then _breadbox "$@"; else compdef _breadbox breadbox; fi`;
}

function fishScript(all: readonly TreeCommand[]): string {
  const lines = all.flatMap((command) => {
    const when = `complete -c breadbox -n ${quoted(`__breadbox_at ${quoted(pathOf(command))}`)}`;
    const commands = command.commands.map(
      ({ path, summary }) => `${when} -f -a ${path.at(-1)} -d ${quoted(summary)}`,
    );
    const options = command.options.map((option) => {
      const short = option.short === null ? "" : ` -s ${option.short.slice(1)}`;
      const value = option.value === null ? "" : " -r";
      return `${when}${short} -l ${option.long.slice(2)}${value} -d ${quoted(firstSentence(option))}`;
    });
    return [...commands, ...options];
  });
  return `# Completion of breadbox for fish.
function __breadbox_at
  set -l at ""
  for word in (commandline -opc)[2..]
    switch (string trim "$at $word")
      case ${all
        .filter(({ path }) => path.length > 0)
        .map((command) => quoted(pathOf(command)))
        .join(" ")}
        set at (string trim "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}`;
}

const firstSentence = ({ description }: TreeOption): string =>
  description.split(/[.:;] /)[0]?.replace(/\.$/, "") ?? "";
