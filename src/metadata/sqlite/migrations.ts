// The generated migrations, in order, inside the executable. Add a line for each new file of drizzle/sqlite.
import registry from "../../../drizzle/sqlite/0000_registry.sql" with { type: "text" };
import uploads from "../../../drizzle/sqlite/0001_uploads.sql" with { type: "text" };
import collection from "../../../drizzle/sqlite/0002_collection.sql" with { type: "text" };
import referenceIndexes from "../../../drizzle/sqlite/0003_reference_indexes.sql" with {
  type: "text",
};
import pushes from "../../../drizzle/sqlite/0004_pushes.sql" with { type: "text" };
import objects from "../../../drizzle/sqlite/0005_objects.sql" with { type: "text" };
import released from "../../../drizzle/sqlite/0006_released.sql" with { type: "text" };
import claims from "../../../drizzle/sqlite/0007_claims.sql" with { type: "text" };
import access from "../../../drizzle/sqlite/0008_access.sql" with { type: "text" };
import audit from "../../../drizzle/sqlite/0009_audit.sql" with { type: "text" };
import keyless from "../../../drizzle/sqlite/0010_keyless.sql" with { type: "text" };
import storedNames from "../../../drizzle/sqlite/0011_stored_names.sql" with { type: "text" };
import claimLeases from "../../../drizzle/sqlite/0012_claim_leases.sql" with { type: "text" };
import runLeases from "../../../drizzle/sqlite/0013_run_leases.sql" with { type: "text" };
import browserSessions from "../../../drizzle/sqlite/0014_browser_sessions.sql" with {
  type: "text",
};
import webhooks from "../../../drizzle/sqlite/0015_webhooks.sql" with { type: "text" };
import pulls from "../../../drizzle/sqlite/0016_pulls.sql" with { type: "text" };
import checks from "../../../drizzle/sqlite/0017_checks.sql" with { type: "text" };
import backups from "../../../drizzle/sqlite/0018_backups.sql" with { type: "text" };
import type { Migration } from "../migration.ts";

/** Every migration this build knows, oldest first. Released ones never change. */
export const migrations: readonly Migration[] = [
  { tag: "0000_registry", sql: registry },
  { tag: "0001_uploads", sql: uploads },
  { tag: "0002_collection", sql: collection },
  { tag: "0003_reference_indexes", sql: referenceIndexes },
  { tag: "0004_pushes", sql: pushes },
  { tag: "0005_objects", sql: objects },
  { tag: "0006_released", sql: released },
  { tag: "0007_claims", sql: claims },
  { tag: "0008_access", sql: access },
  { tag: "0009_audit", sql: audit },
  { tag: "0010_keyless", sql: keyless },
  { tag: "0011_stored_names", sql: storedNames },
  { tag: "0012_claim_leases", sql: claimLeases },
  { tag: "0013_run_leases", sql: runLeases },
  { tag: "0014_browser_sessions", sql: browserSessions },
  { tag: "0015_webhooks", sql: webhooks },
  { tag: "0016_pulls", sql: pulls },
  { tag: "0017_checks", sql: checks },
  { tag: "0018_backups", sql: backups },
];
