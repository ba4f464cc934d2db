// The commands of `breadbox tag`: names, options and help.

import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

/** Adds `tag` to the program. */
export function addTag(program: Command, run: RunAction): void {
  const tag = program
    .command("tag")
    .summary("show who pushed a tag")
    .description("Shows what happened to a tag.")
    .addHelpText(
      "after",
      examples("breadbox tag history lab/app:1.2", "breadbox tag history --json lab/app:1.2"),
    );
  addDataFlags(tag.command("history <IMAGE>"))
    .summary("list the pushes of a tag or a digest")
    .description(
      "Lists the pushes of a tag (REPO:TAG), of a manifest (REPO@DIGEST), or of a digest in all repositories, the latest first: when, by whom, and from which commit, when a CI job pushed it with its ID token.",
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox tag history lab/app:1.2", "breadbox tag history lab/app@sha256:6c3c…"),
    )
    .action(async (image: string, options: Options) =>
      run((await import("./history.ts")).showHistory(image, options)),
    );
}
