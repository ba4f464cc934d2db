// `breadbox backup` and `breadbox restore` in the command tree.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

const retryFlag = [
  "--retry-for <TIME>",
  "how long to retry while the server of a bucket is down. Default: 10m",
] as const;

/** Adds the commands. */
export function addBackup(program: Command, run: RunAction): void {
  const backup = addDataFlags(program.command("backup [TARGET]"))
    .summary("back up the data directory")
    .description(
      "Backs up the whole store to TARGET, while its server is running or without one: the database as it is at one moment, every content that it names, and the files that the server needs. TARGET is a directory, or a bucket of another Breadbox: https://HOST/BUCKET or https://HOST/BUCKET/PREFIX, with a token in the URL or in BREADBOX_SERVER. Each content is compared with its digest. What TARGET has is not copied again, and a backup that was interrupted continues. Exits with 0 only when the backup is complete.",
    )
    .option(
      "--keep <RULE>",
      "remove older backups afterwards, except the latest one of each of so many days, weeks and months that have one, such as 7d,4w,12m",
    )
    .option(
      "--copy",
      "copy contents even where TARGET is on the same file system and could share them",
    )
    .option(...retryFlag)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox backup /mnt/backups --keep 7d,4w,12m",
        "breadbox backup https://boxes.example/backups/shop",
      ),
    )
    .action(async (target: string | undefined, options: Options) =>
      run((await import("./backup.ts")).backUpStore(target, options)),
    );
  // Its own options come before the name of a subcommand.
  backup.enablePositionalOptions();
  backup
    .command("list <TARGET>")
    .summary("list the backups in a target")
    .description("Lists the backups in TARGET, the latest first.")
    .option(...retryFlag)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox backup list /mnt/backups", "breadbox backup list /mnt/backups --json"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./backup.ts")).listTarget(target, options)),
    );
  backup
    .command("verify <TARGET>")
    .summary("read every byte of the backups in a target")
    .description(
      "Reads everything in TARGET back, every byte, also from a bucket, and compares it with its digest. Exits with 0 only when every backup is complete.",
    )
    .option(...retryFlag)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples("breadbox backup verify /mnt/backups", "breadbox backup verify /mnt/backups --json"),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./backup.ts")).verifyTarget(target, options)),
    );
  addRestore(program, run);
}

function addRestore(program: Command, run: RunAction): void {
  addDataFlags(program.command("restore <TARGET>"))
    .summary("restore a backup into an empty data directory")
    .description(
      "Restores a backup of TARGET into the data directory, which must be empty. Each content is compared with its digest. There is no store before everything is there; a restore that was interrupted continues. TARGET is not changed.",
    )
    .option("--as-of <TIME>", "the latest backup up to TIME, such as 2026-01-31T14:05Z, or its id")
    .option(...retryFlag)
    .option("--verify", "read every restored byte again, as breadbox fsck --full does")
    .option(
      "--accept-damage",
      "restore although contents are missing from the backup: they are restored by the next push",
    )
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox restore /mnt/backups --data /srv/breadbox",
        "breadbox restore /mnt/backups --data /srv/new --as-of 2026-01-31 --verify",
      ),
    )
    .action(async (target: string, options: Options) =>
      run((await import("./restore.ts")).restoreStore(target, options)),
    );
}
