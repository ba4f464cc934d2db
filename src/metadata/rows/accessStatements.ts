// The statements of users, tokens, rules and signing keys.
import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  isNull,
  lt,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
import type { NewRule, StoredKey, StoredToken, StoredUser, StoredWho } from "../access.ts";
import { accessRules, accessState, accessTokens, signingKeys, users } from "./accessSchema.ts";
import { command, type Params, statement } from "./statement.ts";

type Name = Params<{ name: string }>;

export const findState = statement((db) =>
  db
    .select({ revision: accessState.revision, closedAt: accessState.closedAt })
    .from(accessState)
    .where(eq(accessState.id, 1)),
);
export const moveRevision = command((db) =>
  db
    .insert(accessState)
    .values({ id: 1, revision: 1 })
    .onConflictDoUpdate({
      target: accessState.id,
      set: { revision: sql`${accessState.revision} + 1` },
    }),
);
export const close = command((db, { now }: Params<{ now: number }>) =>
  db
    .update(accessState)
    .set({ closedAt: now })
    .where(and(eq(accessState.id, 1), isNull(accessState.closedAt))),
);

export const findUser = statement((db, { name }: Name) =>
  db.select(getTableColumns(users)).from(users).where(eq(users.name, name)),
);
export const countUsers = statement((db) => db.select({ total: count() }).from(users));
export const allUsers = statement((db) =>
  db.select(getTableColumns(users)).from(users).orderBy(asc(users.name)),
);
export const insertUser = statement(
  (db, given: Params<Omit<StoredUser, "disabledAt" | "isAdmin"> & { isAdmin: 0 | 1 }>) => {
    const { name, passwordHash, isAdmin, stamp, createdAt } = given;
    return db
      .insert(users)
      .values({ name, passwordHash, isAdmin, stamp, createdAt })
      .onConflictDoNothing()
      .returning({ name: users.name });
  },
);
export const updatePassword = statement(
  (db, given: Params<Pick<StoredUser, "name" | "passwordHash" | "stamp">>) =>
    db
      .update(users)
      .set({ passwordHash: given.passwordHash, stamp: given.stamp })
      .where(eq(users.name, given.name))
      .returning({ name: users.name }),
);
export const updateDisabled = statement(
  (db, given: Params<Pick<StoredUser, "name" | "disabledAt" | "stamp">>) =>
    db
      .update(users)
      .set({ disabledAt: given.disabledAt, stamp: given.stamp })
      .where(eq(users.name, given.name))
      .returning({ name: users.name }),
);
export const updateAdmin = statement((db, given: Params<{ name: string; isAdmin: 0 | 1 }>) =>
  db
    .update(users)
    .set({ isAdmin: given.isAdmin })
    .where(eq(users.name, given.name))
    .returning({ name: users.name }),
);
export const deleteUser = statement((db, { name }: Name) =>
  db.delete(users).where(eq(users.name, name)).returning({ name: users.name }),
);

export const findToken = statement((db, { hash }: Params<{ hash: string }>) =>
  db.select(getTableColumns(accessTokens)).from(accessTokens).where(eq(accessTokens.hash, hash)),
);
export const findTokenByName = statement((db, { name }: Name) =>
  db.select(getTableColumns(accessTokens)).from(accessTokens).where(eq(accessTokens.name, name)),
);
export const allTokens = statement((db) =>
  db.select(getTableColumns(accessTokens)).from(accessTokens).orderBy(asc(accessTokens.name)),
);
export const insertToken = statement(
  (db, given: Params<Pick<StoredToken, "name" | "hash" | "createdAt" | "expiresAt">>) => {
    const { name, hash, createdAt, expiresAt } = given;
    return db
      .insert(accessTokens)
      .values({ name, hash, createdAt, expiresAt })
      .onConflictDoNothing()
      .returning({ name: accessTokens.name });
  },
);
export const revokeToken = statement((db, given: Params<{ name: string; revokedAt: number }>) =>
  db
    .update(accessTokens)
    .set({ revokedAt: given.revokedAt })
    .where(and(eq(accessTokens.name, given.name), isNull(accessTokens.revokedAt)))
    .returning({ name: accessTokens.name }),
);
export const noteUse = command((db, { hash, usedAt }: Params<{ hash: string; usedAt: number }>) =>
  db
    .update(accessTokens)
    .set({ lastUsedAt: usedAt })
    .where(
      and(
        eq(accessTokens.hash, hash),
        or(isNull(accessTokens.lastUsedAt), lt(accessTokens.lastUsedAt, usedAt)),
      ),
    ),
);

export const rulesOf = statement((db, { who }: Params<{ who: StoredWho }>) =>
  db
    .select(getTableColumns(accessRules))
    .from(accessRules)
    .where(eq(accessRules.who, who))
    .orderBy(asc(accessRules.id)),
);
export const allRules = statement((db) =>
  db.select(getTableColumns(accessRules)).from(accessRules).orderBy(asc(accessRules.id)),
);
export const insertRule = statement((db, given: Params<NewRule>) => {
  const { who, effect, pattern, actions, createdAt } = given;
  return db
    .insert(accessRules)
    .values({ who, effect, pattern, actions, createdAt })
    .returning({ id: accessRules.id });
});
export const deleteRule = statement((db, { id }: Params<{ id: number }>) =>
  db.delete(accessRules).where(eq(accessRules.id, id)).returning(getTableColumns(accessRules)),
);
export const deleteRulesOf = command((db, { who }: Params<{ who: StoredWho }>) =>
  db.delete(accessRules).where(eq(accessRules.who, who)),
);

export const allKeys = statement((db) =>
  db.select(getTableColumns(signingKeys)).from(signingKeys).orderBy(desc(signingKeys.id)),
);
export const insertKey = command((db, given: Params<StoredKey>) => {
  const { id, jwk, createdAt } = given;
  return db.insert(signingKeys).values({ id, jwk, createdAt });
});
export const forgetKeys = command((db, { kept }: Params<{ kept: number }>) =>
  db
    .delete(signingKeys)
    .where(
      notInArray(
        signingKeys.id,
        db
          .select({ id: signingKeys.id })
          .from(signingKeys)
          .orderBy(desc(signingKeys.id))
          .limit(kept),
      ),
    ),
);
