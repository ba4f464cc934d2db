// Documentation of webhooks.
import { manifestDigest, repository, tag } from "./examples.ts";
import { text } from "./gc.ts";
import type { Parameter } from "./types.ts";

const time = { ...text, format: "date-time" };
const count = (description: string) => ({ type: "integer" as const, description });
const texts = { type: "array" as const, items: text };

export const hookSchema = {
  type: "object" as const,
  required: ["name", "url", "format", "events", "repositories", "signed", "waiting", "dead"],
  properties: {
    name: text,
    url: { ...text, nullable: true, description: "without its query; null when not configured" },
    format: { ...text, nullable: true },
    events: texts,
    repositories: texts,
    signed: { type: "boolean" as const },
    waiting: count("events that wait to be delivered"),
    dead: count("events that were given up"),
    oldest_waiting_at: { ...time, nullable: true },
  },
};

export const deploy = {
  name: "deploy",
  url: "https://ci.example.com/hooks/registry",
  format: "cloudevents",
  events: ["push", "tag.move"],
  repositories: ["team/**"],
  signed: true,
  waiting: 0,
  dead: 1,
  oldest_waiting_at: null,
};

export const letterSchema = {
  type: "object" as const,
  required: ["id", "event", "resource", "at", "attempts", "reason", "given_up_at", "data"],
  properties: {
    id: text,
    event: text,
    resource: { ...text, description: "a repository, `bucket:NAME/OBJECT`, or nothing" },
    at: time,
    attempts: count("of its last round"),
    reason: { ...text, nullable: true, description: "why the last attempt failed" },
    given_up_at: time,
    data: { type: "object" as const, description: "what the receiver gets as `data`" },
  },
};

export const letterId = "01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55";

export const letter = {
  id: letterId,
  event: "push",
  resource: repository,
  at: "2026-01-01T03:00:00.000Z",
  attempts: 148,
  reason: "status 500",
  given_up_at: "2026-01-02T03:04:00.000Z",
  data: { repository, tag, digest: manifestDigest },
};

/** `{hook}`. */
export const hookName: Parameter = {
  in: "path",
  name: "hook",
  required: true,
  description: "Its `name` in the configuration.",
  schema: { type: "string", pattern: "^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$" },
  example: "deploy",
};

const query = (name: string, description: string, schema: Parameter["schema"] = text) => ({
  ...({ in: "query", required: false } as const),
  ...{ name, description, schema },
});

export const lettersPage: readonly Parameter[] = [
  query("limit", "Largest number of dead letters on a page; 1000 is the maximum.", {
    ...{ type: "integer", minimum: 1, default: 100 },
  }),
  query("after", "The page begins after the letter of this id."),
];

export const oneLetter = query("id", "Only the letter of this id.");
