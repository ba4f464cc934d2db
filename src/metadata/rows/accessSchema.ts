// The tables of users, tokens, rules and signing keys, in the terms of schema.ts: the same rules hold.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { StoredWho } from "../access.ts";

/** One row. Servers keep in memory what they read of the tables below for as long as its revision is the same. */
export const accessState = sqliteTable("access_state", {
  id: integer("id").primaryKey(), // always 1
  revision: integer("revision").notNull(), // changes in every transaction that changes users, tokens, rules or keys
  closedAt: integer("closed_at"), // Unix ms; since when there are accounts. It stays when the last one is removed
});

/** People and machines with a password. */
export const users = sqliteTable("users", {
  name: text("name").primaryKey(),
  passwordHash: text("password_hash").notNull(), // argon2id or bcrypt, in PHC's spelling
  isAdmin: integer("is_admin").notNull(), // 1: everything is allowed
  stamp: text("stamp").notNull(), // another one after each change of the password and of `disabled_at`: what was issued before is void
  disabledAt: integer("disabled_at"), // Unix ms
  createdAt: integer("created_at").notNull(), // Unix ms
});

/** Access tokens. The rows of revoked ones stay, so that their names are not given to others. */
export const accessTokens = sqliteTable("access_tokens", {
  name: text("name").primaryKey(),
  hash: text("hash").notNull().unique(), // SHA-256, hexadecimal
  createdAt: integer("created_at").notNull(), // Unix ms
  expiresAt: integer("expires_at"), // Unix ms; null: never
  revokedAt: integer("revoked_at"), // Unix ms
  lastUsedAt: integer("last_used_at"), // Unix ms, to the minute
});

/** Who may, or may not, do what on what. */
export const accessRules = sqliteTable(
  "access_rules",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    who: text("who").$type<StoredWho>().notNull(),
    effect: text("effect").$type<"allow" | "deny">().notNull(),
    pattern: text("pattern").notNull(),
    actions: text("actions").notNull(), // names with commas in between
    createdAt: integer("created_at").notNull(), // Unix ms
  },
  (row) => [index("access_rules_by_who").on(row.who, row.id)],
);

/** Logins of browsers. */
export const browserSessions = sqliteTable(
  "browser_sessions",
  {
    hash: text("hash").primaryKey(), // SHA-256 of the cookie's secret, hexadecimal
    who: text("who").notNull(), // `user:NAME` or `token:NAME`
    stamp: text("stamp").notNull(), // of the account: a session of another stamp is void
    createdAt: integer("created_at").notNull(), // Unix ms
    lastUsedAt: integer("last_used_at").notNull(), // Unix ms, to the minute
    expiresAt: integer("expires_at").notNull(), // Unix ms; however often it is used
  },
  (row) => [
    index("browser_sessions_by_who").on(row.who, row.createdAt),
    index("browser_sessions_by_end").on(row.expiresAt),
  ],
);

/** Key pairs that sign bearer tokens. The newest one signs. */
export const signingKeys = sqliteTable("signing_keys", {
  id: text("id").primaryKey(), // UUIDv7: the order of the ids is that of the keys
  jwk: text("jwk").notNull(), // private JWK, JSON
  createdAt: integer("created_at").notNull(), // Unix ms
});

/** Whose jobs need no password: an issuer, and what its tokens must say. */
export const trustRules = sqliteTable(
  "trust_rules",
  {
    name: text("name").primaryKey(),
    stamp: text("stamp").notNull(), // what is issued to another rule of that name is void
    kind: text("kind").notNull(),
    issuer: text("issuer").notNull(), // as the token's `iss` spells it
    demands: text("demands").notNull(), // JSON: claim → texts that it may have
    boundClaim: text("bound_claim"), // holds an id that no other repository is ever given
    boundValue: text("bound_value"), // null until the first job came
    allowsPullRequests: integer("allows_pull_requests").notNull(), // 0 or 1
    ca: text("ca"), // PEM; null: the usual CAs
    createdAt: integer("created_at").notNull(), // Unix ms
    lastUsedAt: integer("last_used_at"), // Unix ms, to the minute
  },
  (row) => [index("trust_rules_by_issuer").on(row.issuer)],
);
