// Documentation of the garbage collection.
import { Type } from "@sinclair/typebox";
import { always } from "./answers.ts";
import { runId } from "./examples.ts";
import type { Headers } from "./types.ts";

export const uncachedHeader: Headers = {
  "Cache-Control": always("Never cached.", "no-store"),
};
export const text = { type: "string" as const };
const words = (...values: string[]) => ({ ...text, enum: values });
const time = { ...text, format: "date-time" };
const count = (description: string) => ({ type: "integer" as const, description });
const bytes = (description: string) => ({
  type: "integer" as const,
  format: "int64",
  description: `${description}, in bytes`,
});

export const runSchema = {
  type: "object" as const,
  required: ["id", "state", "trigger", "dry_run", "started_at", "finished_at", "reason"],
  properties: {
    id: text,
    state: {
      ...words("running", "done", "refused", "failed"),
      description:
        "`refused`: `gc.brake` stopped it, or the clock could not be trusted; nothing was deleted, and `reason` says what to do. `failed`: it stopped at an error, or was killed.",
    },
    trigger: words("schedule", "api", "command"),
    dry_run: { type: "boolean" as const },
    started_at: time,
    finished_at: {
      ...time,
      nullable: true,
      description: "null while it is running, or when it was killed",
    },
    total_blobs: count("stored blobs, manifests not counted"),
    referenced_blobs: count("blobs that a manifest or an object uses"),
    orphaned_blobs: count("blobs that can be deleted; a dry run counts those that it would delete"),
    orphaned_bytes: bytes("their size"),
    deleted_blobs: count("blobs that were deleted"),
    deleted_bytes: bytes("their size"),
    deleted_manifests: count("untagged manifests, by `gc.untagged`"),
    deleted_links: count("links of repositories to blobs that none of their manifests names"),
    reason: { ...text, nullable: true, description: "why it was refused or failed" },
  },
};

export const begun = {
  id: runId,
  state: "running",
  trigger: "api",
  dry_run: true,
  started_at: "2026-01-01T03:00:00.000Z",
  finished_at: null,
  total_blobs: 0,
  referenced_blobs: 0,
  orphaned_blobs: 0,
  orphaned_bytes: 0,
  deleted_blobs: 0,
  deleted_bytes: 0,
  deleted_manifests: 0,
  deleted_links: 0,
  reason: null,
};

export const ended = {
  ...begun,
  state: "done",
  finished_at: "2026-01-01T03:00:01.250Z",
  total_blobs: 120,
  referenced_blobs: 112,
  orphaned_blobs: 8,
  orphaned_bytes: 52_428_800,
};

/** Longest `min_age` in seconds: ten years, as in the configuration. */
const longestAge = 3650 * 24 * 3600;

export const options = Type.Object({
  dry_run: Type.Optional(
    Type.Boolean({ default: false, description: "Counts, and deletes nothing." }),
  ),
  min_age: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: longestAge,
      nullable: true,
      "x-unit": "seconds",
      description: "Seconds; younger blobs are kept. Default: `gc.minAge`.",
    }),
  ),
  untagged: Type.Optional(
    Type.Boolean({
      default: false,
      description: "Deletes manifests without a tag as well, as `gc.untagged.enabled` does.",
    }),
  ),
  older_than: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: longestAge,
      nullable: true,
      "x-unit": "seconds",
      description:
        "Seconds, with `untagged`: manifests that were pushed later stay. It must be longer than a push takes. Default: `gc.untagged.olderThan`.",
    }),
  ),
});
