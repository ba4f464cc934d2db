// The tables of the object store, in the terms of schema.ts: the same rules hold.
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { Digest } from "../../model/digest.ts";
import type { PartEtag } from "../../model/fingerprint.ts";
import type { OpenState } from "../../model/multipartState.ts";
import type { BucketName, ObjectName } from "../../model/objectNames.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { contents } from "./schema.ts";

/** Named places for objects. The counts change in the transactions that change its objects. */
export const buckets = sqliteTable("buckets", {
  id: integer("id").primaryKey(),
  name: text("name").$type<BucketName>().notNull().unique(),
  createdAt: integer("created_at").notNull(), // Unix ms
  objectCount: integer("object_count").notNull().default(0),
  objectBytes: integer("object_bytes").notNull().default(0),
});

/** Names of content, and by that what keeps it. A put under the same name replaces the row. */
export const objects = sqliteTable(
  "objects",
  {
    bucketId: integer("bucket_id")
      .notNull()
      .references(() => buckets.id),
    name: text("name").$type<ObjectName>().notNull(),
    digest: text("digest")
      .$type<Digest>()
      .notNull()
      .references(() => contents.digest),
    size: integer("size").notNull(), // bytes
    contentType: text("content_type").notNull(),
    createdAt: integer("created_at").notNull(), // Unix ms of the latest put
  },
  (row) => [
    primaryKey({ columns: [row.bucketId, row.name] }),
    index("objects_by_digest").on(row.digest, row.bucketId),
  ],
);

/** Objects that are on their way in. One that ends well, is aborted or expires loses its row. */
export const multipartUploads = sqliteTable(
  "multipart_uploads",
  {
    id: integer("id").primaryKey(),
    uploadId: text("upload_id").$type<UploadId>().notNull().unique(),
    bucketId: integer("bucket_id")
      .notNull()
      .references(() => buckets.id, { onDelete: "cascade" }),
    objectName: text("object_name").$type<ObjectName>().notNull(),
    state: text("state").$type<OpenState>().notNull(),
    expiresAt: integer("expires_at").notNull(), // Unix ms
    createdAt: integer("created_at").notNull(), // Unix ms
    updatedAt: integer("updated_at").notNull(), // Unix ms of the latest part
    contentType: text("content_type").notNull(),
    claimOwner: text("claim_owner"), // who completes it; null: nobody
    partCount: integer("part_count").notNull().default(0), // changes in the transactions that change its parts, as the next one
    stagedBytes: integer("staged_bytes").notNull().default(0), // of its parts
    whole: integer("whole").notNull().default(0), // 1: an object that comes in one request; it has no parts and is not listed
    claimUntil: integer("claim_until"), // as that of an upload session
    startedBy: text("started_by"), // as `user:ann`; null: nobody had to log in
  },
  (row) => [
    index("idx_multipart_uploads_expires_at").on(row.expiresAt),
    index("multipart_uploads_by_bucket").on(row.bucketId, row.uploadId),
  ],
);

/** Parts that are staged. The latest one of a number counts. */
export const multipartParts = sqliteTable(
  "multipart_parts",
  {
    id: integer("id").primaryKey(),
    uploadId: integer("upload_id")
      .notNull()
      .references(() => multipartUploads.id, { onDelete: "cascade" }),
    partNumber: integer("part_number").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    etag: text("etag").$type<PartEtag>().notNull(),
    partName: text("temp_path").notNull(), // where the storage keeps it
    version: text("version").notNull(), // which of the writes to that place
    createdAt: integer("created_at").notNull(), // Unix ms
  },
  (row) => [
    uniqueIndex("multipart_parts_by_number").on(row.uploadId, row.partNumber),
    index("idx_multipart_parts_upload_id").on(row.uploadId),
  ],
);

/** Uploads in parts that ended well a short while ago: their completion may be repeated. */
export const completedUploads = sqliteTable(
  "completed_uploads",
  {
    uploadId: text("upload_id").$type<UploadId>().primaryKey(),
    bucket: text("bucket").$type<BucketName>().notNull(),
    objectName: text("object_name").$type<ObjectName>().notNull(),
    parts: text("parts").notNull(), // which list of parts it was completed with
    digest: text("digest").$type<Digest>().notNull(),
    size: integer("size").notNull(), // bytes
    contentType: text("content_type").notNull(),
    completedAt: integer("completed_at").notNull(), // Unix ms
  },
  (row) => [index("completed_uploads_by_completed_at").on(row.completedAt)],
);
