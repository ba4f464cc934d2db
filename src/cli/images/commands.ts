// The commands for images: names, options and help. Apart from program.ts, because they are many.
import type { Command } from "commander";
import { examples, type RunAction } from "../commandParts.ts";
import { addDataFlags, type Options } from "../settingFlags.ts";

/** Adds what every command takes that looks at a data directory or a server. */
export function addSourceFlags(command: Command): Command {
  return addDataFlags(command)
    .option(
      "-s, --server <URL>",
      "ask a running server, such as https://NAME:PASSWORD@HOST. Default: BREADBOX_SERVER, then the data directory",
    )
    .option("--json", "print JSON");
}

/** Adds `ls`, `tags`, `show`, `rm`, `du` and `status` to the program. */
export function addImages(program: Command, run: RunAction): void {
  addLists(program, run);
  addShow(program, run);
  addRemove(program, run);
  addSpace(program, run);
}

function addLists(program: Command, run: RunAction): void {
  addSourceFlags(program.command("ls [PATTERN]"))
    .summary("list repositories")
    .description(
      "Lists repositories with their size, and when they were last pushed to and pulled from. UNIQUE is what no other repository and no bucket holds: deleting the repository gives it back. PATTERN is a part of the name, or a pattern with * and ?.",
    )
    .option("--sort <BY>", "name, pushed, pulled, size or tags. Default: name")
    .addHelpText("after", examples("breadbox ls", "breadbox ls 'team/*' --sort size"))
    .action(async (pattern: string | undefined, options: Options) =>
      run((await import("./lists.ts")).listRepositories(pattern, options)),
    );
  addSourceFlags(program.command("tags <REPO>"))
    .summary("list the tags of a repository")
    .description(
      "Lists the tags of a repository: platforms, size, last push and pull, digest, and who or which commit it was pushed from.",
    )
    .option("--search <PATTERN>", "only tags with this in their name, or a pattern with * and ?")
    .option("--sort <BY>", "name, pushed or size. Default: name")
    .option("--untagged", "list manifests that nothing names instead")
    .addHelpText(
      "after",
      examples("breadbox tags team/app", "breadbox tags team/app --sort pushed --json"),
    )
    .action(async (name: string, options: Options) =>
      run((await import("./lists.ts")).listTags(name, options)),
    );
}

function addShow(program: Command, run: RunAction): void {
  addSourceFlags(program.command("show <IMAGE> [OTHER]"))
    .summary("show all about an image, or compare two")
    .description(
      "Shows the platforms, layers, config, labels and referrers of an image (REPO:TAG or REPO@DIGEST), or the facts of a Helm chart. With OTHER, a tag or digest of the same repository, it shows what differs.",
    )
    .addHelpText("after", examples("breadbox show team/app:1.2", "breadbox show team/app:1.2 1.3"))
    .action(async (name: string, other: string | undefined, options: Options) =>
      run((await import("./show.ts")).showImage(name, other, options)),
    );
}

function addRemove(program: Command, run: RunAction): void {
  addSourceFlags(program.command("rm <NAME...>"))
    .summary("delete tags, images or repositories after a plan")
    .description(
      "Prints what would be deleted, how many bytes come back and what breaks; with --yes it is done. REPO:TAG is the tag alone: its manifest stays. REPO@DIGEST is the manifest with its tags, with what only it names and with what is about it. REPO is everything in it. The next garbage collection frees the space.",
    )
    .option("-y, --yes", "delete")
    .addHelpText(
      "after",
      examples("breadbox rm team/app:1.2", "breadbox rm team/old team/app:test --yes"),
    )
    .action(async (names: readonly string[], options: Options) =>
      run((await import("./remove.ts")).removeImages(names, options)),
    );
}

function addSpace(program: Command, run: RunAction): void {
  addSourceFlags(program.command("du"))
    .summary("show what the disk space is used for")
    .description(
      "Shows what is stored by what holds it: tags, signatures and SBOMs, objects, manifests without a name, leases; and what can be reclaimed.",
    )
    .option("--by <WHAT>", "repository: a line for each")
    .addHelpText("after", examples("breadbox du", "breadbox du --by repository"))
    .action(async (options: Options) => run((await import("./space.ts")).diskUsage(options)));
  addSourceFlags(program.command("status"))
    .summary("show how the server is")
    .description(
      "Shows on one screen where the server listens, who gets in, what is stored, the free space, open uploads, the last garbage collection and backup, and warnings. Exits with 0 only when nothing is wrong: for cron.",
    )
    .addHelpText(
      "after",
      examples("breadbox status", "breadbox status --server https://registry.example.com"),
    )
    .action(async (options: Options) => run((await import("./space.ts")).showStatus(options)));
}
