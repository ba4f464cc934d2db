// Documentation of users, tokens, rules and trust rules, and the bodies that they take.
import { type Static, Type } from "@sinclair/typebox";
import { failures, inside, jsonLike, sometimes } from "./answers.ts";
import { text, uncachedHeader } from "./gc.ts";
import type { Content, Parameter, Responses } from "./types.ts";

const time = { ...text, format: "date-time" };
const nullableTime = (description: string) => ({ ...time, nullable: true, description });
const texts = (description: string) => Type.Array(Type.String(), { description });

/** Why every operation here may be refused. */
export const forAdministrators = ["ADMINISTRATORS_ONLY", "DOOR_OPEN", "UNAUTHORIZED"] as const;
/** Why one that changes something may be refused. */
export const whileManaging = ["CROSS_SITE", "READ_ONLY", "BUSY", "DISK_FULL"] as const;
/** Why a body may be refused. */
export const badBody = [
  ...(["REQUEST_INVALID", "BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
] as const;

export const grantBody = Type.Object(
  {
    pattern: Type.String({
      description: "`lab/**`, `bucket:backups/**`, `server:metrics` and the like",
    }),
    actions: texts("some of `pull`, `push`, `overwrite`, `delete`, `admin`"),
  },
  { additionalProperties: false },
);
export type GrantBody = Static<typeof grantBody>;
const grantsBody = Type.Array(grantBody, { description: "what is allowed" });

export const newUser = Type.Object({
  name: Type.String({ description: "letters, digits and `. _ @ + -`, 128 at most" }),
  password: Type.String({ description: "at least 8 characters" }),
  administrator: Type.Optional(Type.Boolean({ description: "true: everything is allowed" })),
});
export const changedUser = Type.Object({
  password: Type.Optional(Type.String({ description: "what was issued to the old one is void" })),
  disabled: Type.Optional(Type.Boolean({ description: "true: the user cannot log in" })),
  administrator: Type.Optional(Type.Boolean({ description: "true: everything is allowed" })),
});
export const newOwnPassword = Type.Object({
  current_password: Type.String({ description: "that holds now" }),
  password: Type.String({ description: "at least 8 characters" }),
});
export const newToken = Type.Object({
  name: Type.String({ description: "one that was never given to a token" }),
  grants: grantsBody,
  expires_in: Type.Optional(
    Type.Number({
      ...{ minimum: 60, maximum: 3_153_600_000, "x-unit": "seconds" },
      description: "seconds until it ends; absent: never",
    }),
  ),
});
export const newRule = Type.Object({
  who: Type.String({
    description:
      "`anonymous`, `authenticated`, a user's name, `token:NAME` or `workload:NAME` of a trust rule",
  }),
  effect: Type.String({ description: "`allow` or `deny`" }),
  ...grantBody.properties,
});
export const newTrust = Type.Object({
  kind: Type.String({ description: "`github`, `gitlab`, `forgejo`, `kubernetes` or `oidc`" }),
  place: Type.String({
    description: "`ORG/REPO`, `GROUP/PROJECT`, `NAMESPACE/ACCOUNT`; of `oidc` the issuer",
  }),
  grants: grantsBody,
  issuer: Type.Optional(Type.String({ description: "where it is not the usual one of its kind" })),
  name: Type.Optional(Type.String({ description: "of the rule; absent: that of the place" })),
  id: Type.Optional(Type.String({ description: "of the repository; absent: of the first job" })),
  refs: Type.Optional(texts("whole refs, such as `refs/heads/main` or `refs/tags/v*`")),
  claims: Type.Optional(texts("`NAME=VALUE`; several of one name are alternatives")),
  pull_requests: Type.Optional(Type.Boolean({ description: "true: they are let in as well" })),
  ca: Type.Optional(Type.String({ description: "PEM; absent: the usual CAs" })),
});

export const userSchema = {
  type: "object" as const,
  required: ["name", "administrator", "disabled_at", "created_at"],
  properties: {
    name: text,
    administrator: { type: "boolean" as const },
    disabled_at: nullableTime("null while the user may log in"),
    created_at: time,
  },
};
export const ann = {
  name: "ann",
  administrator: true,
  disabled_at: null,
  created_at: "2026-01-01T03:00:00.000Z",
};

export const tokenSchema = {
  type: "object" as const,
  required: ["name", "created_at", "expires_at", "revoked_at", "last_used_at"],
  properties: {
    name: text,
    created_at: time,
    expires_at: nullableTime("null: never"),
    revoked_at: nullableTime("null while it is good; its name is not given again"),
    last_used_at: nullableTime("to the minute"),
  },
};
export const ci = {
  name: "ci",
  created_at: "2026-01-01T03:00:00.000Z",
  expires_at: "2026-04-01T03:00:00.000Z",
  revoked_at: null,
  last_used_at: null,
};
export const madeToken = {
  type: "object" as const,
  required: ["name", "token", "expires_at"],
  properties: {
    name: text,
    token: { ...text, description: "the password of any user name; nothing shows it again" },
    expires_at: nullableTime("null: never"),
  },
};

export const ruleSchema = {
  type: "object" as const,
  required: ["id", "who", "effect", "pattern", "actions", "created_at"],
  properties: {
    id: { type: "integer" as const },
    who: text,
    effect: { ...text, enum: ["allow", "deny"] },
    pattern: text,
    actions: { type: "array" as const, items: text },
    created_at: time,
  },
};
export const bobMayPush = {
  ...{ id: 7, who: "user:bob", effect: "allow", pattern: "lab/**", actions: ["pull", "push"] },
  created_at: "2026-01-01T03:00:00.000Z",
};
export const verdictSchema = {
  type: "object" as const,
  required: ["allowed", "rule", "why"],
  properties: {
    allowed: { type: "boolean" as const },
    rule: { type: "integer" as const, nullable: true, description: "the rule that decides" },
    why: text,
  },
};

export const trustSchema = {
  type: "object" as const,
  required: ["name", "kind", "issuer", "claims", "bound", "grants", "created_at", "last_used_at"],
  properties: {
    name: text,
    kind: text,
    issuer: text,
    claims: {
      type: "array" as const,
      items: {
        type: "object" as const,
        properties: { name: text, values: { type: "array" as const, items: text } },
      },
    },
    bound: {
      type: "object" as const,
      nullable: true,
      description: "the claim with the id of the repository; `value` is null until the first job",
      properties: { claim: text, value: { ...text, nullable: true } },
    },
    pull_requests: { type: "boolean" as const },
    has_ca: { type: "boolean" as const },
    grants: { type: "array" as const, items: text, description: "`PATTERN:ACTIONS`" },
    created_at: time,
    last_used_at: nullableTime("to the minute"),
  },
};
export const acme = {
  ...{ name: "acme/app", kind: "github", issuer: "https://token.actions.githubusercontent.com" },
  claims: [{ name: "repository", values: ["acme/app"] }],
  bound: { claim: "repository_id", value: "123456" },
  ...{ pull_requests: false, has_ca: false, grants: ["lab/**:pull,push"] },
  ...{ created_at: "2026-01-01T03:00:00.000Z", last_used_at: null },
};

const accountName = { ...text, pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$" };
const inPath = {
  user: { description: "Name of the user.", schema: accountName, example: "bob" },
  token: { description: "Name of the token.", schema: accountName, example: "ci" },
  rule: {
    ...{ description: "Number of the rule.", example: "7" },
    schema: { ...text, pattern: "^[1-9][0-9]{0,8}$" },
  },
  trust: {
    ...{
      description: "Name of the trust rule; slashes in it are not escaped.",
      example: "acme/app",
    },
    schema: { ...text, pattern: "^[A-Za-z0-9][A-Za-z0-9._@/+-]{0,127}$" },
  },
} as const;

/** `{user}`, `{token}`, `{rule}` or `{trust}` of an address. */
export const ofAccount = (name: keyof typeof inPath): Parameter => ({
  ...({ in: "path", name, required: true } as const),
  ...inPath[name],
});

/** The answers to a list. */
export function listAnswers(path: string, name: string, [schema, example]: Shown): Responses {
  return {
    200: {
      description: "A page of them.",
      headers: {
        ...uncachedHeader,
        Link: sometimes(
          "The next page, when there is one (RFC 8288).",
          `<${path}?limit=1&after=x>; rel="next"`,
        ),
      },
      content: jsonLike(
        {
          type: "object",
          required: [name, "next"],
          properties: {
            [name]: { type: "array", items: schema },
            next: { ...text, nullable: true, description: "`after` of the next page" },
          },
        },
        { [name]: [example], next: null },
      ),
    },
    ...failures("PAGE_INVALID", "REQUEST_INVALID", ...forAdministrators, ...inside),
  };
}

/** A schema with an example. */
type Shown = readonly [NonNullable<Content[string]["schema"]>, unknown];

/** An answer with a body. */
export const shown = (description: string, [schema, example]: Shown): Responses[string] => ({
  ...{ description, headers: uncachedHeader, content: jsonLike(schema, example) },
});
