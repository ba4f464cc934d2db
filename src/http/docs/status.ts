// Documentation of the server's status, and of what its space is used for.
import { runId } from "./examples.ts";
import { repositoryExample, repositorySchema } from "./images.ts";
import { array, boolean, integer, object, string } from "./schemas.ts";

const bytes = (description: string) => integer({ format: "int64", description });
const timeOrNull = (description: string) =>
  string({ format: "date-time", nullable: true, description });

export const usageSchema = object({
  blobs: integer({ description: "stored blobs, each once" }),
  size_bytes: bytes("their size"),
  saved_bytes: bytes(
    "what would be stored besides, if each repository had its own copy of its blobs; objects of the same bytes count as one copy",
  ),
  held_by: object(
    {
      tags: bytes("by manifests with a tag"),
      referrers: bytes("only by signatures, SBOMs and other manifests about one that is stored"),
      untagged: bytes("only by manifests that nothing names"),
      objects: bytes("only by objects of buckets"),
      leases: bytes("by nothing, but pushed or asked for a short while ago"),
      loose: bytes("by nothing: the next collection deletes it"),
    },
    { description: "bytes by what holds them, each once" },
  ),
  uploads: integer({ description: "open uploads" }),
  upload_bytes: bytes("staged by them; not part of `size_bytes`"),
  untagged_manifests: integer({ description: "manifests that nothing names" }),
  repositories: array(
    object({
      ...repositorySchema.properties,
      untagged_bytes: bytes("held by its untagged manifests alone"),
    }),
  ),
  counted_at: string({ format: "date-time" }),
});

export const usageExample = {
  blobs: 2,
  size_bytes: 2_812_948,
  saved_bytes: 0,
  held_by: { tags: 2_812_948, referrers: 0, untagged: 0, objects: 0, leases: 0, loose: 0 },
  uploads: 0,
  upload_bytes: 0,
  untagged_manifests: 0,
  repositories: [{ ...repositoryExample, untagged_bytes: 0 }],
  counted_at: "2026-01-01T03:00:01.000Z",
};

export const statusSchema = object({
  version: string(),
  server: object({
    door: string({
      enum: ["open", "empty", "closed"],
      description: "`open`: nobody logs in; `empty`: nobody can",
    }),
    listen: string({ description: "`http.listen`" }),
    scheme: string({ enum: ["http", "https"] }),
    loopback: boolean({ description: "only its own machine reaches it" }),
    read_only: string({ nullable: true, description: "why nothing can be written; null" }),
    running: boolean({ description: "true; `breadbox status` may ask without a server" }),
  }),
  users: integer({ description: "those of an htpasswd file are not counted" }),
  repositories: integer(),
  tags: integer(),
  blobs: integer(),
  size_bytes: bytes("of all blobs"),
  space: object(
    { free_bytes: bytes("for the server"), total_bytes: bytes("of the disk") },
    { nullable: true, description: "null for a bucket" },
  ),
  uploads: integer({ description: "open ones" }),
  upload_bytes: bytes("staged by them"),
  last_collection: object(
    {
      id: string(),
      state: string({ enum: ["running", "done", "refused", "failed"] }),
      trigger: string({ enum: ["schedule", "api", "command"] }),
      started_at: string({ format: "date-time" }),
      finished_at: timeOrNull("null while it is running, or when it was killed"),
      deleted_blobs: integer(),
      deleted_bytes: bytes("their size"),
      reason: string({ nullable: true, description: "why it was refused or failed" }),
    },
    { nullable: true, description: "the latest one that was not dry" },
  ),
  last_success_at: timeOrNull("when a collection last deleted what it found"),
  last_backup: object(
    {
      id: string(),
      state: string({
        enum: ["done", "incomplete", "failed"],
        description: "`incomplete`: contents of the store were lost, everything else is backed up",
      }),
      trigger: string({ enum: ["schedule", "command"] }),
      target: string(),
      started_at: string({ format: "date-time" }),
      finished_at: string({ format: "date-time" }),
      contents: integer({ description: "each once" }),
      size_bytes: bytes("of all contents"),
      added_bytes: bytes("that it brought"),
      reason: string({ nullable: true, description: "why it is not complete" }),
    },
    { nullable: true, description: "the latest one, whatever became of it" },
  ),
  last_backup_at: timeOrNull("when the last complete backup ended"),
  warnings: array(
    object({
      code: string({
        enum: [
          ...["read-only", "disk", "open", "empty", "plain-http", "gc-refused", "gc-failed"],
          ...["check", "backup-old", "backup-failed"],
        ],
      }),
      level: string({ enum: ["problem", "note"] }),
      text: string({ description: "a sentence" }),
    }),
  ),
});

export const statusExample = {
  version: "0.9.0",
  server: {
    door: "closed",
    listen: "0.0.0.0:5000",
    scheme: "https",
    loopback: false,
    read_only: null,
    running: true,
  },
  users: 2,
  repositories: 1,
  tags: 1,
  blobs: 2,
  size_bytes: 2_812_948,
  space: { free_bytes: 412_000_000_000, total_bytes: 500_000_000_000 },
  uploads: 0,
  upload_bytes: 0,
  last_collection: {
    id: runId,
    state: "done",
    trigger: "schedule",
    started_at: "2026-01-01T03:00:00.000Z",
    finished_at: "2026-01-01T03:00:01.250Z",
    deleted_blobs: 8,
    deleted_bytes: 52_428_800,
    reason: null,
  },
  last_success_at: "2026-01-01T03:00:01.250Z",
  last_backup: {
    id: runId,
    state: "done",
    trigger: "schedule",
    target: "/mnt/backups",
    started_at: "2026-01-01T02:00:00.000Z",
    finished_at: "2026-01-01T02:00:07.500Z",
    contents: 2,
    size_bytes: 2_812_948,
    added_bytes: 0,
    reason: null,
  },
  last_backup_at: "2026-01-01T02:00:07.500Z",
  warnings: [],
};
