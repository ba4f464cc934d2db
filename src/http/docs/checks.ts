// Documentation of checks of the store.
import { Type } from "@sinclair/typebox";
import { checkId, layerDigest, repository } from "./examples.ts";
import { array, boolean, integer, object, string } from "./schemas.ts";

const count = (description: string) => integer({ description });
const severity = string({
  enum: ["problem", "unchecked", "notice"],
  description: "`unchecked`: it could not be looked at",
});
const outcome = string({
  enum: ["solved", "waits", "failed"],
  nullable: true,
  description: "of a repair; `waits`: until it is pushed again; null: none was made",
});
const kind = string({ description: "as `breadbox fsck --json` names it" });

export const summarySchema = object({
  id: string(),
  kind: string({ enum: ["fsck", "scrub"], description: "`scrub`: a pass of the scrub" }),
  trigger: string({ enum: ["schedule", "api", "command"] }),
  full: boolean({ description: "every stored byte is read" }),
  repair: boolean(),
  state: string({
    enum: ["running", "clean", "problems", "failed", "stopped"],
    description:
      "`problems`: something is wrong, or could not be looked at. `failed`: it ended before everything was looked at, or was killed. `stopped`: its server stopped, or nobody goes on with it now",
  }),
  started_at: string({ format: "date-time" }),
  finished_at: string({
    format: "date-time",
    nullable: true,
    description: "null while it is running, or when it was killed",
  }),
  progress: object(
    {
      phase: string({ description: "what it looks at" }),
      done: integer({ format: "int64", description: "bytes, or things" }),
      total: integer({ format: "int64", description: "0 while it is not known" }),
    },
    { nullable: true, description: "null once it has ended" },
  ),
  contents: count("stored blobs that were looked at"),
  bytes_read: integer({ format: "int64", description: "that were read and hashed" }),
  problems: count("findings that are problems, those that were repaired as well"),
  unchecked: count("things that could not be looked at"),
  notices: count("findings for information"),
  reason: string({
    nullable: true,
    description: "why it failed or stopped, or why nothing was repaired",
  }),
  kinds: array(object({ kind, severity, outcome, count: integer() }), {
    description: "all findings, counted",
  }),
});

export const checkSchema = object({
  ...summarySchema.properties,
  findings: array(
    object({
      ...{ kind, severity, outcome },
      text: string({ description: "what it is, and what it means" }),
      advice: string({ nullable: true, description: "what to do; null where the text says it" }),
      command: string({ nullable: true, description: "the command that repairs it" }),
      digest: string({ nullable: true, description: "the blob or manifest that it is about" }),
      repository: string({ nullable: true, description: "a repository that it concerns" }),
    }),
    { description: "the first 50, problems first" },
  ),
});

export const summaryExample = {
  ...{ id: checkId, kind: "fsck", trigger: "api", full: true, repair: false, state: "problems" },
  started_at: "2026-01-01T03:00:00.000Z",
  finished_at: "2026-01-01T03:00:41.000Z",
  progress: null,
  ...{ contents: 1204, bytes_read: 62_000_000_000, problems: 1, unchecked: 0, notices: 0 },
  reason: null,
  kinds: [{ kind: "content_missing", severity: "problem", outcome: null, count: 1 }],
};

export const ended = {
  ...summaryExample,
  findings: [
    {
      ...{ kind: "content_missing", severity: "problem", outcome: null },
      text: `${layerDigest} (3.2 MB): the file is missing. Pulls fail: ${repository}:1.0.`,
      advice: "The command marks it, so that the next push restores it.",
      command: "breadbox fsck --full --repair",
      ...{ digest: layerDigest, repository },
    },
  ],
};

export const begun = {
  ...{ ...summaryExample, state: "running", finished_at: null },
  progress: { phase: "database", done: 0, total: 0 },
  ...{ contents: 0, bytes_read: 0, problems: 0, kinds: [], findings: [] },
};

export const options = Type.Object({
  full: Type.Optional(
    Type.Boolean({
      default: false,
      description: "Reads and hashes every stored byte; otherwise names and sizes are compared.",
    }),
  ),
});
