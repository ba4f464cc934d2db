// `breadbox migrate` in the command tree.
import type { Command } from "commander";
import { examples, type RunAction } from "./commandParts.ts";
import { addDataFlags, type Options } from "./settingFlags.ts";

/** Adds the command. */
export function addMigrate(program: Command, run: RunAction): void {
  addDataFlags(program.command("migrate"))
    .summary("move the store to PostgreSQL")
    .description(
      "Copies all rows of the database (images, tags, buckets, users, tokens, rules, audit trail) to an empty PostgreSQL database, and compares both. While a server is running it only copies. Without one it copies what has changed since, and the new database becomes the store of the data directory. The old database is never changed. Run it again to continue after a failure.",
    )
    .option("--to-db <URL>", "PostgreSQL database, such as postgres://user:password@host/database")
    .option("--to-db-file <FILE>", "file that holds that URL, so that nobody sees the password")
    .option("--dry-run", "look at both databases, and change nothing")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        "breadbox migrate --to-db postgres://breadbox@db.example.com/breadbox --dry-run",
        "breadbox migrate --to-db-file /run/secrets/database-url --data /srv/breadbox",
      ),
    )
    .action(async (options: Options) => run((await import("./migrate.ts")).migrateStore(options)));
}
