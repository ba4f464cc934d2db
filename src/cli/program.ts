// The command tree: names, options and help. Each action is one call; what it needs is loaded when it runs.

import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/problem.ts";
import { addAbout } from "./aboutCommands.ts";
import { addAccess } from "./accessCommands.ts";
import { addBackup } from "./backupCommand.ts";
import { addBucket } from "./bucket/commands.ts";
import { addChecks } from "./checksCommands.ts";
import { examples, type RunAction } from "./commandParts.ts";
import { addConfig } from "./configCommands.ts";
import { exitCode, exitCodeHelp } from "./exitCode.ts";
import { addHelp, subcommandTerm } from "./helpCommand.ts";
import { addImages, addSourceFlags } from "./images/commands.ts";
import { addMigrate } from "./migrateCommand.ts";
import { complain, print } from "./print.ts";
import { addHealth, addServe, addService, addTrustCa } from "./serverCommands.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";
import { addTag } from "./tagCommands.ts";
import { addTrust } from "./trustCommands.ts";
import { versionLine } from "./versionLine.ts";
import { addWebhook } from "./webhookCommands.ts";

/** Runs one command line (without the program's own name). @returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = exitCode.done;
  const program = buildProgram(async (action) => {
    code = await action;
  }, args[0]);
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCode.done : exitCode.badUsage;
    if (error instanceof ConfigError) return reportConfig(error);
    complain(`The command failed: ${error instanceof Error ? error.message : error}`);
    return exitCode.failed;
  }
}

async function reportConfig(error: ConfigError): Promise<number> {
  const { explainConfig } = await import("./failure.ts");
  const { message, code } = explainConfig(error);
  complain(message);
  return code;
}

/** Commands that run often or for whom somebody waits: the others are a quarter of the time that a start takes. */
const quick: Readonly<Record<string, (program: Command, run: RunAction) => void>> = {
  serve: addServe,
  health: addHealth,
};

/** The whole tree, or as much as a command line needs. @param run what actions are handed to. @param first its first word. */
export function buildProgram(run: RunAction, first = ""): Command {
  const program = new Command("breadbox")
    .description("Breadbox: a complete OCI container registry in one executable.")
    .version(versionLine(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .configureHelp({ subcommandTerm })
    .exitOverride()
    // A command with an argument may have subcommands with options of the same name.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => complain(text.trimEnd()),
    })
    .addHelpText("after", `\n${exitCodeHelp}`)
    .addHelpText(
      "after",
      examples("breadbox serve", "breadbox serve --data /srv/breadbox --listen :5000"),
    );
  // As other programs call it.
  program.version(versionLine(), "-V").options.at(-1)?.hideHelp();
  const addOnly = Object.hasOwn(quick, first) ? quick[first] : undefined;
  (addOnly ?? addAll)(program, run);
  pointToHelp(program, "breadbox");
  return program;
}

function addAll(program: Command, run: RunAction): void {
  addServe(program, run);
  addHealth(program, run);
  addService(program, run);
  addImages(program, run);
  addBucket(program, run);
  addImport(program, run);
  addMigrate(program, run);
  addBackup(program, run);
  addAccess(program, run);
  addTrust(program, run);
  addTag(program, run);
  addWebhook(program, run);
  addUploads(program, run);
  addGc(program, run);
  addWhy(program, run);
  addFsck(program, run);
  addChecks(program, run);
  addTrustCa(program, run);
  addConfig(program, run);
  addAbout(program, run);
  addHelp(program);
}

/** After a mistake each command points to its own help. */
function pointToHelp(command: Command, path: string): void {
  command.showHelpAfterError(`Run "${path} --help" for usage.`);
  for (const each of command.commands) pointToHelp(each, `${path} ${each.name()}`);
}

function addImport(program: Command, run: RunAction): void {
  addDataFlags(program.command("import <SOURCE>"))
    .summary("take images over from another registry")
    .description(
      "Takes images over, while a server is running or without one: from the directory of registry:2 or registry:3, from an OCI image layout (oci:DIR, or the directory of zot), or from another registry (https://HOST, HOST:PORT, HOST/REPOSITORY). Every digest is verified. Files are shared by link or by the file system where that is safe, and copied otherwise; the source is never changed. Run it again to go on: what is here is not brought again.",
    )
    .option("--dry-run", "count what would be imported, and change nothing")
    .option("--copy", "copy files even where they can be shared")
    .option("--overwrite-tags", "move tags that name another manifest here")
    .option(
      "--repository <NAME>",
      "the repository that an image layout becomes, or the only one that is imported from a registry",
    )
    .option("--username <NAME>", "log in to the registry")
    .option("--password-stdin", "read the password from standard input")
    .option("--token-server <HOST>", "where the registry may send the login to, if not to itself")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox import /var/lib/registry --data /srv/breadbox",
        "breadbox import https://registry.example.com --dry-run",
      ),
    )
    .action(async (source: string, options: Options) =>
      run((await import("./import.ts")).importImages(source, options)),
    );
}

function addUploads(program: Command, run: RunAction): void {
  const uploads = program
    .command("uploads")
    .summary("list and remove open uploads")
    .description(
      "Lists and removes open upload sessions, while a server is running or without one. The server removes an idle session automatically after storage.uploadTimeout.",
    )
    .addHelpText(
      "after",
      examples("breadbox uploads ls", "breadbox uploads rm --older-than 2h --yes"),
    );
  addDataFlags(uploads.command("ls"))
    .description(
      "Lists open uploads and who began them, the oldest first: sessions of repositories, then uploads in parts into buckets. IDLE is the time since the last byte or part arrived. BYTES counts acknowledged bytes only: a running request adds its bytes when it ends.",
    )
    .summary("list open uploads")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox uploads ls", "breadbox uploads ls --json --data /srv/breadbox"),
    )
    .action(async (options: Options) => run((await import("./uploads.ts")).listUploads(options)));
  addRemoveUploads(uploads, run);
}

function addRemoveUploads(uploads: Command, run: RunAction): void {
  addDataFlags(uploads.command("rm [ID]"))
    .description(
      "Removes one open upload, or many. An upload named by ID is removed even while a client is sending to it; the client then gets an error. --all and --older-than skip uploads that a client is sending to, and uploads in parts, which expire after storage.multipart.maxUploadTtlSeconds.",
    )
    .summary("remove open uploads")
    .option("--all", "every upload")
    .option("--older-than <TIME>", "every upload that received no byte for TIME, such as 2h")
    .option("-y, --yes", "do not ask")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox uploads rm 01a1f7e5-93cb-728c-8028-5a61b9c8f780",
        "breadbox uploads rm --older-than 2h --yes",
      ),
    )
    .action(async (id: string | undefined, options: Options) =>
      run((await import("./uploads.ts")).removeUploads(id, options)),
    );
}

function addFsck(program: Command, run: RunAction): void {
  addDataFlags(program.command("fsck"))
    .summary("check the data directory")
    .description(
      "Compares the database with the stored files, while a server is running or without one. Reports each problem and the images and objects that it affects. Exits with 0 only when there are no problems. Changes nothing without --repair.",
    )
    .option("--quick", "compare names and sizes (the default)")
    .option("--full", "also read and hash every stored byte")
    .option(
      "--repair",
      "repair what can be repaired, and set damaged blobs aside so that the next push or put restores them; nothing is deleted",
    )
    .option(
      "--forget-lost-objects",
      "with --repair: also recount buckets whose object rows are lost. Those objects are given up, and garbage collection resumes; content that may belong to them is deleted after 30 days",
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox fsck", "breadbox fsck --full --repair --data /srv/breadbox"),
    )
    .action(async (options: Options) => run((await import("./fsck.ts")).fsck(options)));
}

function addGc(program: Command, run: RunAction): void {
  addSourceFlags(program.command("gc"))
    .summary("reclaim disk space from unused data")
    .description(
      "Deletes blobs that no image and no object uses, while a server is running or without one. Blobs that were recently pushed, mounted or requested are kept. A dry run deletes nothing: it prints the blobs that a run would delete, and the space that untagged images keep.",
    )
    .option("--dry-run", "delete nothing")
    .option(
      "--min-age <TIME>",
      "keep blobs younger than TIME. Default: gc.minAge. A smaller TIME does not affect pushed blobs: they are kept for gc.minAge",
    )
    .option(
      "--untagged [TIME]",
      "also delete manifests without a tag that were pushed more than TIME ago, such as 1d. TIME must be longer than a push takes. Default: gc.untagged.olderThan",
    )
    .option("--older-than <TIME>", "the TIME of --untagged")
    .option("-v, --verbose", "list every blob")
    .option(
      "-y, --yes",
      "delete even when gc.brake refuses, because a large share of the store would be deleted that no client deleted",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox gc --dry-run",
        "breadbox gc --untagged 7d --server https://ann@registry.example.com",
      ),
    )
    .action(async (options: Options) => run((await import("./gc.ts")).collectGarbage(options)));
}

function addWhy(program: Command, run: RunAction): void {
  addSourceFlags(program.command("why <NAME>"))
    .summary("show what keeps an image, a manifest or a blob")
    .description(
      "Shows what keeps an image (REPO:TAG), a manifest or a blob (a digest): the path from a tag, the objects that use it, and its lease. For unused content, it prints since when nothing keeps it and when it will be deleted. The first eight digits of a digest are enough.",
    )
    .addHelpText(
      "after",
      examples(
        "breadbox why team/app:1.2",
        "breadbox why 9f86d081 --server https://ann@registry.example.com",
      ),
    )
    .action(async (name: string, options: Options) =>
      run((await import("./why.ts")).explain(name, options)),
    );
}
