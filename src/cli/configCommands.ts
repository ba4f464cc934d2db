// The commands of `breadbox config`: names, options and help. Apart from program.ts, because they are many.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addConfigFlag, addSettingFlags, type Options } from "./settingFlags.ts";

/** Adds `config` and its commands to the program. */
export function addConfig(program: Command, run: RunAction): void {
  const config = program
    .command("config")
    .summary("check, print and import the configuration")
    .description("Checks, prints and imports the configuration.")
    .addHelpText(
      "after",
      examples("breadbox config check breadbox.yml", "breadbox config show --origin"),
    );
  addConfigFlag(config.command("check [FILE]"))
    .summary("report mistakes in the configuration")
    .description("Reports every mistake in the configuration. Exits with 3 if there is one.")
    .option("--json", "print JSON")
    .addHelpText("after", examples("breadbox config check", "breadbox config check breadbox.yml"))
    .action(async (file: string | undefined, options: Options) =>
      run((await import("./config.ts")).checkConfig(file, options)),
    );
  addSettingFlags(config.command("show"))
    .summary("print every setting")
    .description("Prints every setting, in the form of a configuration file.")
    .option("--origin", "show where each value came from")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox config show --origin", "breadbox config show > breadbox.yml"),
    )
    .action(async (options: Options) => run((await import("./config.ts")).showConfig(options)));
  config
    .command("import <FILE>")
    .summary("turn a configuration of registry:2 into ours")
    .description(
      "Prints the configuration file of registry:2 or registry:3 as one of Breadbox. Each key works here, or is named: as a mistake when ignoring it would leave the registry open, writable or somewhere else.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox config import registry.yml",
        "breadbox config import /etc/distribution/config.yml > breadbox.yml",
      ),
    )
    .action(async (file: string) => run((await import("./config.ts")).importConfig(file)));
  config
    .command("docs", { hidden: true })
    .description("Prints docs/CONFIGURATION.md: every setting, its default and its meaning.")
    .addHelpText(
      "after",
      examples("breadbox config docs", "breadbox config docs > docs/CONFIGURATION.md"),
    )
    .action(async () => run((await import("./config.ts")).printConfigDocument()));
}
