// The generated migrations, in order, inside the executable. Add a line for each new file of drizzle/postgres.
import tables from "../../../drizzle/postgres/0000_tables.sql" with { type: "text" };
import storedNames from "../../../drizzle/postgres/0001_stored_names.sql" with { type: "text" };
import claimLeases from "../../../drizzle/postgres/0002_claim_leases.sql" with { type: "text" };
import runLeases from "../../../drizzle/postgres/0003_run_leases.sql" with { type: "text" };
import digestSpelling from "../../../drizzle/postgres/0004_digest_spelling.sql" with {
  type: "text",
};
import browserSessions from "../../../drizzle/postgres/0005_browser_sessions.sql" with {
  type: "text",
};
import webhooks from "../../../drizzle/postgres/0006_webhooks.sql" with { type: "text" };
import pulls from "../../../drizzle/postgres/0007_pulls.sql" with { type: "text" };
import checks from "../../../drizzle/postgres/0008_checks.sql" with { type: "text" };
import backups from "../../../drizzle/postgres/0009_backups.sql" with { type: "text" };
import type { Migration } from "../migration.ts";

/** Every migration this build knows, oldest first. Released ones never change. */
export const migrations: readonly Migration[] = [
  { tag: "0000_tables", sql: tables },
  { tag: "0001_stored_names", sql: storedNames },
  { tag: "0002_claim_leases", sql: claimLeases },
  { tag: "0003_run_leases", sql: runLeases },
  { tag: "0004_digest_spelling", sql: digestSpelling },
  { tag: "0005_browser_sessions", sql: browserSessions },
  { tag: "0006_webhooks", sql: webhooks },
  { tag: "0007_pulls", sql: pulls },
  { tag: "0008_checks", sql: checks },
  { tag: "0009_backups", sql: backups },
];
