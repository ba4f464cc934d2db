// The manual page, made of the command tree: the words of --help in the form of man(7).

import { flatten, type TreeCommand, type TreeOption } from "./commandTree.ts";
import { exitCodeHelp } from "./exitCode.ts";

/** `breadbox.1`. @param version in the page's foot. */
export function manualPage(tree: TreeCommand, version: string): string {
  const [program, ...commands] = flatten(tree);
  return [
    `.TH BREADBOX 1 "" "Breadbox ${plain(version)}" "Breadbox"`,
    ".SH NAME",
    "breadbox \\- a complete OCI container registry in one executable",
    ".SH SYNOPSIS",
    ".B breadbox",
    "[options] [command]",
    ".SH OPTIONS",
    ...(program?.options ?? []).flatMap(optionLines),
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH EXIT STATUS",
    ...exitLines(),
    ".SH SEE ALSO",
    "https://github.com/opencontainers/distribution-spec",
  ].join("\n");
}

function commandLines({ path, usage, description, options }: TreeCommand): string[] {
  return [
    `.SS breadbox ${plain(path.join(" "))}`,
    `.B breadbox ${plain(path.join(" "))}`,
    plain(usage),
    ".PP",
    plain(description),
    ...options.flatMap(optionLines),
  ];
}

function optionLines({ long, short, value, description }: TreeOption): string[] {
  const names = [short, long]
    .filter((name) => name !== null)
    .map((name) => `\\fB${plain(name)}\\fR`);
  const takes = value === null ? "" : ` \\fI${plain(value)}\\fR`;
  return [".TP", `${names.join(", ")}${takes}`, plain(description)];
}

function exitLines(): string[] {
  return exitCodeHelp
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, codes = "", text = ""] = /^ {2}([\d, ]+?) {2}(.*)$/.exec(line) ?? [];
      return codes === "" ? [] : [".TP", `.B ${codes}`, plain(text)];
    });
}

/** A backslash, a dash and a dot or quote at the beginning of a line mean something to roff, and it reads ASCII. */
const plain = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll("-", "\\-")
    .replace(
      /[^\n -~]/gu,
      (found) => `\\[u${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/^([.'])/, "\\&$1");
