// What `breadbox migrate` prints. Pure.
import type { MigrateReport } from "../migrate/report.ts";
import { counted } from "./amounts.ts";

const heads = {
  looked: "A dry run: these rows would be copied",
  copied: "Copied and compared",
  switched: "Copied and compared",
} as const;

const isThere =
  "The data directory has its rows in this database already. Nothing was done. Start the server with it: set BREADBOX_DATABASE_URL_FILE or BREADBOX_DATABASE_URL.";

/** The account of a migration. */
export function migrateText({ end, tables }: MigrateReport): string {
  if (end === "done") return isThere;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const changed = tables.reduce((sum, table) => sum + table.changed, 0);
  const names = tables.filter((table) => table.rows > 0);
  const wide = Math.max(...names.map(({ name }) => name.length), 0);
  return [
    `${heads[end]}: ${counted(rows, "row")} of ${counted(names.length, "table")}`,
    ...names.map(({ name, rows: count }) => `  ${name.padEnd(wide)}  ${count}`),
    ...(end === "looked" ? [] : [`Written by this run: ${counted(changed, "row")}.`]),
    "",
    ...next[end],
  ].join("\n");
}

const next = {
  looked: ["Nothing was changed."],
  copied: [
    "A server is running: it still uses the old database, which is the store. To switch, stop the server and run the same command",
    "again. It copies only what has changed since.",
  ],
  switched: [
    "The new database is the store now. Start the server with it: set BREADBOX_DATABASE_URL_FILE or BREADBOX_DATABASE_URL. The old",
    "database was not changed, and is not used any more.",
  ],
} as const;
