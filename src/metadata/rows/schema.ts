// The tables of the SQLite database. Only text, integer and blob: another dialect must be able to mirror it.
// Change it together with a generated migration (docs/CONTRIBUTING.md); a test compares both.

import {
  customType,
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
} from "drizzle-orm/sqlite-core";
import type { Algorithm, Digest } from "../../model/digest.ts";
import type { Locator, StagingState } from "../../model/locator.ts";
import type { RepositoryName, Tag } from "../../model/names.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { isUntold } from "./untold.ts";

/** Drizzle's own blob column copies every value into a Buffer; the driver's bytes are already ours. */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "blob" });

/** One row: which database this is. `<data>/format` names the same id. */
export const store = sqliteTable("store", {
  id: text("id").primaryKey(),
  createdAt: integer("created_at").notNull(), // Unix ms
  generation: integer("generation").notNull().default(0), // grows while it is served; `<data>/generation` has it as well
  restoredAt: integer("restored_at"), // Unix ms; when it was restored, or found to be older than its data directory
});

/** Every name something was ever pushed to; listed once it holds a manifest. */
export const repositories = sqliteTable(
  "repositories",
  {
    name: text("name").$type<RepositoryName>().primaryKey(),
    createdAt: integer("created_at").notNull(), // Unix ms
    pushingSince: integer("pushing_since").notNull().default(0), // Unix ms; when the first of the uploads began that follow each other
    pushingUntil: integer("pushing_until").notNull().default(0), // Unix ms; an upload that begins later begins another push
  },
  (row) => [index("repositories_by_pushing_until").on(row.pushingUntil)],
);

/** Content that is stored: digest → stored name. Shared by all repositories. */
export const contents = sqliteTable(
  "contents",
  {
    digest: text("digest").$type<Digest>().primaryKey(),
    size: integer("size").notNull(), // bytes
    locator: text("locator").$type<Locator>().notNull(),
    createdAt: integer("created_at").notNull(), // Unix ms
    keptUntil: integer("kept_until").notNull(), // Unix ms; the lease
    releasedAt: integer("released_at"), // Unix ms; since when nothing names it by an answered upload, deletion or replacement; null: something does, or what did is lost
    verifiedAt: integer("verified_at"), // Unix ms; when its bytes were last read and were right
    damagedAt: integer("damaged_at"), // Unix ms; its bytes were wrong and were set aside: it counts as absent until it is pushed again
  },
  (row) => [index("contents_by_locator").on(row.locator).where(isUntold)],
);

/** Stored names whose rows are gone and whose bytes still have to go: a deletion that was broken off is finished from here. */
export const trash = sqliteTable("trash", {
  locator: text("locator").$type<Locator>().primaryKey(),
  size: integer("size").notNull(), // bytes
  discardedAt: integer("discarded_at").notNull(), // Unix ms
});

/** Which repository may serve which content. */
export const repositoryContents = sqliteTable(
  "repository_contents",
  {
    repository: text("repository")
      .$type<RepositoryName>()
      .notNull()
      .references(() => repositories.name),
    digest: text("digest")
      .$type<Digest>()
      .notNull()
      .references(() => contents.digest),
    linkedAt: integer("linked_at").notNull(), // Unix ms
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.digest] }),
    index("repository_contents_by_digest").on(row.digest, row.repository),
  ],
);

/** Manifests with their exact bytes. `body` stands last: who reads the columns before it does not read it. */
export const manifests = sqliteTable(
  "manifests",
  {
    repository: text("repository")
      .$type<RepositoryName>()
      .notNull()
      .references(() => repositories.name),
    digest: text("digest").$type<Digest>().notNull(),
    mediaType: text("media_type").notNull(),
    artifactType: text("artifact_type"),
    subject: text("subject").$type<Digest>(),
    size: integer("size").notNull(), // bytes
    pushedAt: integer("pushed_at").notNull(), // Unix ms of the latest push
    pushedBy: text("pushed_by"),
    body: bytes("body").notNull(),
  },
  (row) => [primaryKey({ columns: [row.repository, row.digest] })],
);

/** Manifests with a subject, as the list of its referrers shows them. The subject need not exist. */
export const referrers = sqliteTable(
  "referrers",
  {
    repository: text("repository").$type<RepositoryName>().notNull(),
    subject: text("subject").$type<Digest>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    artifactType: text("artifact_type"),
    annotations: text("annotations"), // the manifest's, as JSON; null when it has none
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.subject, row.digest] }),
    foreignKey({
      name: "referrers_are_manifests",
      columns: [row.repository, row.digest],
      foreignColumns: [manifests.repository, manifests.digest],
    }).onDelete("cascade"),
    index("referrers_by_type").on(row.repository, row.subject, row.artifactType, row.digest),
    index("referrers_by_manifest").on(row.repository, row.digest),
  ],
);

/** What a manifest names, and by that keeps: config, layers (`blob`), entries of an index (`child`). */
export const manifestReferences = sqliteTable(
  "manifest_references",
  {
    repository: text("repository").$type<RepositoryName>().notNull(),
    manifest: text("manifest").$type<Digest>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    kind: text("kind").$type<"blob" | "child">().notNull(),
    size: integer("size").notNull(), // bytes, as declared
    required: integer("required").notNull(), // 0: need not be present (non-distributable layer)
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.manifest, row.digest, row.kind] }),
    foreignKey({
      name: "manifest_references_of_manifest",
      columns: [row.repository, row.manifest],
      foreignColumns: [manifests.repository, manifests.digest],
    }).onDelete("cascade"),
    index("manifest_references_by_digest").on(row.digest, row.repository),
  ],
);

/** Movable names of manifests. */
export const tags = sqliteTable(
  "tags",
  {
    repository: text("repository").$type<RepositoryName>().notNull(),
    name: text("name").$type<Tag>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    updatedAt: integer("updated_at").notNull(), // Unix ms
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.name] }),
    foreignKey({
      name: "tags_of_manifest",
      columns: [row.repository, row.digest],
      foreignColumns: [manifests.repository, manifests.digest],
    }),
    index("tags_by_manifest").on(row.repository, row.digest),
  ],
);

/**
 * Manifests that nothing names (no tag, no index, no subject that is stored), and that came to that by an answered request: pushed
 * without a tag, or the last name was moved or deleted. One that lost its names without such a request has no row here.
 */
export const releasedManifests = sqliteTable(
  "released_manifests",
  {
    repository: text("repository").$type<RepositoryName>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    releasedAt: integer("released_at").notNull(), // Unix ms
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.digest] }),
    foreignKey({
      name: "released_manifests_are_manifests",
      columns: [row.repository, row.digest],
      foreignColumns: [manifests.repository, manifests.digest],
    }).onDelete("cascade"),
  ],
);

/** Pushes of manifests, one row for each tag that a push set, with what the ID token of a job said. They end with their manifest. */
export const pushHistory = sqliteTable(
  "push_history",
  {
    id: integer("id").primaryKey({ autoIncrement: true }), // in the order of the pushes
    repository: text("repository").$type<RepositoryName>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    tag: text("tag").$type<Tag | "">().notNull(), // empty: pushed by digest alone
    pushedAt: integer("pushed_at").notNull(), // Unix ms
    pushedBy: text("pushed_by"), // as `user:ann`; null: nobody had to log in
    issuer: text("origin_issuer"), // null: not pushed by a job
    source: text("origin_repository"),
    ref: text("origin_ref"),
    commit: text("origin_commit"),
    run: text("origin_run"),
    actor: text("origin_actor"),
  },
  (row) => [
    foreignKey({
      name: "push_history_of_manifest",
      columns: [row.repository, row.digest],
      foreignColumns: [manifests.repository, manifests.digest],
    }).onDelete("cascade"),
    index("push_history_by_tag").on(row.repository, row.tag, row.id),
    index("push_history_by_digest").on(row.repository, row.digest, row.id),
  ],
);

/** Open upload sessions. Their repository need not exist yet. */
export const uploadSessions = sqliteTable(
  "upload_sessions",
  {
    id: text("id").$type<UploadId>().primaryKey(),
    repository: text("repository").$type<RepositoryName>().notNull(),
    offset: integer("offset").notNull(), // bytes durably staged
    staging: text("staging").$type<StagingState>().notNull(),
    startedAt: integer("started_at").notNull(), // Unix ms
    updatedAt: integer("updated_at").notNull(), // Unix ms
    claimOwner: text("claim_owner"), // the one writer; null: nobody writes
    algorithm: text("algorithm").$type<Algorithm>().notNull().default("sha256"), // what the client said it will close with
    claimUntil: integer("claim_until"), // Unix ms by the database's clock; null: the claim lasts until it is released
    startedBy: text("started_by"), // as `user:ann`; null: nobody had to log in
  },
  (row) => [
    index("upload_sessions_by_updated_at").on(row.updatedAt),
    index("upload_sessions_by_repository").on(row.repository, row.startedAt),
  ],
);

/** Where a session's chunks ended, and the digest of everything before: what a restart checks the staged bytes against. */
export const uploadChunks = sqliteTable(
  "upload_chunks",
  {
    session: text("session")
      .$type<UploadId>()
      .notNull()
      .references(() => uploadSessions.id, { onDelete: "cascade" }),
    offset: integer("offset").notNull(), // bytes
    digest: text("digest").$type<Digest>().notNull(),
  },
  (row) => [primaryKey({ columns: [row.session, row.offset] })],
);

/** Sessions that ended well a short while ago: their closing request may be repeated. */
export const finishedUploads = sqliteTable(
  "finished_uploads",
  {
    id: text("id").$type<UploadId>().primaryKey(),
    repository: text("repository").$type<RepositoryName>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    size: integer("size").notNull(), // bytes
    finishedAt: integer("finished_at").notNull(), // Unix ms
  },
  (row) => [index("finished_uploads_by_finished_at").on(row.finishedAt)],
);
