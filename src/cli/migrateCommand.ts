// `breadbox migrate` in the command tree.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

/** Adds the command. */
export function addMigrate(program: Command, run: RunAction): void {
  addDataFlags(program.command("migrate"))
    .summary("move the store to PostgreSQL, to an S3 bucket, or back")
    .description(
      "Copies the whole store (images, buckets, users, tokens, rules, audit trail) to another place, while its server is running: rows to a PostgreSQL database, bytes to an S3 bucket, or both into a new data directory. Every content is compared with its digest, and every table with the old one. Run it again at any time: it copies what is missing. With --switch, once the server is stopped, it copies the rest, and the copy becomes the store. The old store is only read, and nothing of it is deleted.",
    )
    .option("--to-db <URL>", "rows to this empty database: postgres://user:password@host/database")
    .option("--to-db-file <FILE>", "the same, with the URL in a file")
    .option(
      "--to-s3 <URL>",
      "bytes to this bucket: s3://bucket/prefix. Its server and keys are the settings storage.s3.…",
    )
    .option("--to-data <DIR>", "rows and bytes into this new data directory")
    .option("--switch", "let the copy become the store, once it is complete")
    .option("--accept-damage", "switch although bytes are lost: they are damaged ones in the copy")
    .option("--dry-run", "count what would be copied, and change nothing")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox migrate --to-db-file /run/secrets/db --to-s3 s3://images",
        "breadbox migrate --to-data /srv/box --switch",
      ),
    )
    .action(async (options: Options) => run((await import("./migrate.ts")).migrateStore(options)));
}
