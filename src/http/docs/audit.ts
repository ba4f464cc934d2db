// Documentation of the audit trail.
import { layerDigest, manifestDigest, repository, tag } from "./examples.ts";
import { text } from "./gc.ts";
import type { Parameter } from "./types.ts";

const nullable = (description: string) => ({ ...text, nullable: true, description });

export const entrySchema = {
  type: "object" as const,
  required: ["at", "event", "who", "address", "request_id", "resource", "detail", "times"],
  properties: {
    at: { ...text, format: "date-time" },
    event: {
      ...text,
      description:
        "`login`, `login.failed`, `logout`, `push`, `tag.move`, `tag.delete`, `manifest.delete`, `blob.delete`, `object.put`, `object.replace`, `object.delete`, `bucket.create`, `bucket.delete`, `user.…`, `token.…`, `rule.…` or `key.rotate`",
    },
    who: nullable(
      "`user:ann`, `token:ci`, `command:root` (a command on the machine) or `server`; null for nobody in particular",
    ),
    address: nullable("the other end of the connection"),
    request_id: nullable("its `X-Request-Id`"),
    resource: nullable("`team/app`, `bucket:NAME/OBJECT`, `user:ann`, `rule:7`; null for a login"),
    detail: nullable("a tag or digest, the text of a rule"),
    digest: nullable("of the manifest, the blob or the object"),
    previous_digest: nullable("what the tag or the object's name stood for before"),
    times: {
      type: "integer" as const,
      description: "how often: more than 1 where logins are summed up",
    },
  },
};

export const moved = {
  at: "2026-01-01T03:00:00.000Z",
  event: "tag.move",
  who: "user:ann",
  address: "10.0.0.7",
  request_id: "5a61b9c8f780-2f",
  resource: repository,
  detail: tag,
  digest: manifestDigest,
  previous_digest: layerDigest,
  times: 1,
};

const parameter = (name: string, description: string, schema: Parameter["schema"] = text) => ({
  ...({ in: "query", required: false } as const),
  ...{ name, description, schema },
});

export const auditPage: readonly Parameter[] = [
  parameter("limit", "Largest number of entries on a page; 1000 is the maximum.", {
    ...{ type: "integer", minimum: 1, default: 100 },
  }),
  parameter(
    "after",
    "The page begins after this entry. The `Link` of the previous page contains it.",
  ),
  parameter(
    "since",
    "Only entries of this time or later: ISO 8601, such as `2026-01-01T00:00:00Z`.",
  ),
  parameter("who", "Only entries of this caller, such as `user:ann`."),
  parameter("resource", "Only entries about this, such as `team/app` or `bucket:backups/db.dump`."),
];
