// The commands about the program itself: version, completions, licenses, manual page.
import type { Command } from "commander";
import { version } from "../version.ts";
import { examples, type RunAction } from "./commandParts.ts";
import { treeOf } from "./commandTree.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import { versionFacts, versionLine } from "./versionLine.ts";

/** Adds `completion`, `licenses`, `man` and `version` to the program. */
export function addAbout(program: Command, run: RunAction): void {
  program
    .command("completion <SHELL>")
    .summary("print the completion of a shell")
    .description("Prints the completion of commands and options for bash, zsh or fish.")
    .addHelpText(
      "after",
      examples(
        "breadbox completion bash > /etc/bash_completion.d/breadbox",
        "breadbox completion fish > ~/.config/fish/completions/breadbox.fish",
      ),
    )
    .action((shell: string) => run(printCompletion(program, shell)));
  program
    .command("licenses")
    .summary("print what is inside, and under which licenses")
    .description(
      "Prints every component of the executable with its license, and the licenses' texts.",
    )
    .option("--sbom", "print a software bill of materials instead (CycloneDX 1.6, JSON)")
    .addHelpText(
      "after",
      examples("breadbox licenses | less", "breadbox licenses --sbom > breadbox.cdx.json"),
    )
    .action((options: { sbom?: true }) => run(printLicenses(options.sbom === true)));
  program
    .command("man")
    .summary("print the manual page")
    .description("Prints the manual page, breadbox(1), with the help of every command.")
    .addHelpText(
      "after",
      examples("breadbox man | man -l -", "breadbox man > /usr/local/share/man/man1/breadbox.1"),
    )
    .action(() => run(printManual(program)));
  program
    .command("version")
    .summary("print the version")
    .description("Prints the version and the commit that it was built from.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox version", "breadbox version --json"))
    .action((options: { json?: true }) => {
      if (options.json === true) printJson(versionFacts());
      else print(versionLine());
    });
}

async function printCompletion(program: Command, name: string): Promise<number> {
  const { completionScript, shells } = await import("./completion.ts");
  const shell = shells.find((each) => each === name);
  if (shell !== undefined) {
    print(completionScript(treeOf(program), shell));
    return exitCode.done;
  }
  complain(
    `error: there is no completion for ${JSON.stringify(name)}, only for ${shells.join(", ")}.\nRun "breadbox completion --help" for usage.`,
  );
  return exitCode.badUsage;
}

async function printLicenses(asSbom: boolean): Promise<number> {
  const { noticeText, sbomText } = await import("./licenses.ts");
  print(await (asSbom ? sbomText() : noticeText()));
  return exitCode.done;
}

async function printManual(program: Command): Promise<number> {
  const { manualPage } = await import("./manual.ts");
  print(manualPage(treeOf(program), version));
  return exitCode.done;
}
