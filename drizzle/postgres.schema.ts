// Every table of the schema (src/metadata/rows) once more, for drizzle-kit: it reads what a file exports. A test compares both databases.
import { bigint, index, pgTable, text } from "drizzle-orm/pg-core";
import * as access from "../src/metadata/rows/accessSchema.ts";
import * as audit from "../src/metadata/rows/auditSchema.ts";
import * as inBuckets from "../src/metadata/rows/objectsSchema.ts";
import * as pulls from "../src/metadata/rows/pullsSchema.ts";
import * as rows from "../src/metadata/rows/schema.ts";
import * as tending from "../src/metadata/rows/tendingSchema.ts";
import * as webhooks from "../src/metadata/rows/webhooksSchema.ts";
import { mirror } from "./mirror.ts";

export const store = mirror(rows.store);
export const repositories = mirror(rows.repositories);
export const contents = mirror(rows.contents);
export const trash = mirror(rows.trash);
export const repositoryContents = mirror(rows.repositoryContents);
export const manifests = mirror(rows.manifests);
export const referrers = mirror(rows.referrers);
export const manifestReferences = mirror(rows.manifestReferences);
export const tags = mirror(rows.tags);
export const releasedManifests = mirror(rows.releasedManifests);
export const uploadSessions = mirror(rows.uploadSessions);
export const uploadChunks = mirror(rows.uploadChunks);
export const finishedUploads = mirror(rows.finishedUploads);
export const locks = mirror(tending.locks);
export const gcRuns = mirror(tending.gcRuns);
export const checks = mirror(tending.checks);
export const backupRuns = mirror(tending.backupRuns);
export const clockAnchor = mirror(tending.clockAnchor);
export const pushHistory = mirror(rows.pushHistory);
export const repositoryPulls = mirror(pulls.repositoryPulls);
export const manifestPulls = mirror(pulls.manifestPulls);
export const buckets = mirror(inBuckets.buckets);
export const objects = mirror(inBuckets.objects);
export const multipartUploads = mirror(inBuckets.multipartUploads);
export const multipartParts = mirror(inBuckets.multipartParts);
export const completedUploads = mirror(inBuckets.completedUploads);
export const auditEntries = mirror(audit.auditEntries);
export const webhookEvents = mirror(webhooks.webhookEvents);
export const accessState = mirror(access.accessState);
export const users = mirror(access.users);
export const accessTokens = mirror(access.accessTokens);
export const accessRules = mirror(access.accessRules);
export const trustRules = mirror(access.trustRules);
export const browserSessions = mirror(access.browserSessions);
export const signingKeys = mirror(access.signingKeys);

/** Tokens of the latest transactions: one whose answer to COMMIT was lost is looked up here. SQLite loses no answers. */
export const commits = pgTable(
  "commits",
  { token: text("token").primaryKey(), at: bigint("at", { mode: "number" }).notNull() }, // Unix ms, of the database
  (row) => [index("commits_by_at").on(row.at)],
);
