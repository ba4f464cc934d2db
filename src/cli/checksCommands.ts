// The commands about the history of checks: names, options and help. Apart from program.ts, because they are many.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addSourceFlags } from "./images/commands.ts";
import type { Options } from "./settingFlags.ts";

/** Adds `checks` to the program. */
export function addChecks(program: Command, run: RunAction): void {
  const checks = program
    .command("checks")
    .summary("show past checks of the store")
    .description(
      "Shows what `breadbox fsck` and the scrub have found: on the data directory, while a server is running or not, or on a server with --server. The latest 200 checks are kept.",
    )
    .addHelpText("after", examples("breadbox checks ls", "breadbox checks show"));
  addSourceFlags(checks.command("ls"))
    .summary("list checks, the latest first")
    .description(
      "Lists checks, the latest first. READ is what was read and hashed: everything with --full and by the scrub, nothing by a quick check.",
    )
    .option("--limit <NUMBER>", "list so many, 200 at most. Default: 20")
    .addHelpText(
      "after",
      examples("breadbox checks ls", "breadbox checks ls --server https://registry.example.com"),
    )
    .action(async (options: Options) => run((await import("./checks.ts")).listChecks(options)));
  addSourceFlags(checks.command("show [ID]"))
    .summary("show what a check has found")
    .description(
      "Shows a check with its first 50 findings, what they mean, and the command that repairs them; without ID, the latest check with a result. Exits with 0 only when it found no problems.",
    )
    .addHelpText(
      "after",
      examples("breadbox checks show", "breadbox checks show --json --data /srv/breadbox"),
    )
    .action(async (id: string | undefined, options: Options) =>
      run((await import("./checks.ts")).showCheck(id, options)),
    );
  addSourceFlags(checks.command("start"))
    .summary("begin a check on a server")
    .description(
      "Begins a check on a running server, named by --server or BREADBOX_SERVER. It changes nothing. On a data directory, `breadbox fsck` checks and waits for the result.",
    )
    .option("--full", "read and hash every stored byte")
    .addHelpText(
      "after",
      examples(
        "breadbox checks start --server https://registry.example.com",
        "breadbox checks start --full --server https://registry.example.com",
      ),
    )
    .action(async (options: Options) => run((await import("./checks.ts")).startCheck(options)));
}
