// Users, tokens, rules and signing keys: each change in one transaction with the revision that servers keep their copies by.
import type { AccessMetadata, AccountsMetadata, NewRule, StoredUser } from "../access.ts";
import * as statements from "./accessStatements.ts";
import type { Body, Rows, Tx } from "./rows.ts";

const isTrue = (changed: boolean): boolean => changed;
const begun = { revision: 0, closed: false };

/** Builds what requests ask. */
export function accessMetadata(rows: Rows): AccessMetadata {
  const state = rows.cache<{ revision: number; closedAt: number | null }>(() => 0);
  return {
    async findState() {
      const row = state.peek("state") ?? (await state.find("state", statements.findState, {}));
      return row === null ? begun : { revision: row.revision, closed: row.closedAt !== null };
    },
    findUser: async (name) => {
      const row = await rows.find(statements.findUser, { name });
      return row === null ? null : toUser(row);
    },
    findToken: (hash) => rows.find(statements.findToken, { hash }),
    findTokenByName: (name) => rows.find(statements.findTokenByName, { name }),
    listRulesOf: (who) => rows.list(statements.rulesOf, { who }),
    noteUse: (hash, usedAt) => rows.runLazily(statements.noteUse, { hash, usedAt }),
    listKeys: () => rows.list(statements.allKeys, {}),
    addKey: (key, previous, kept) =>
      rows.write(function* (tx) {
        const [newest] = yield* tx.all(statements.allKeys, {});
        if ((newest?.id ?? null) !== previous) return false;
        tx.run(statements.insertKey, key);
        tx.run(statements.forgetKeys, { kept });
        tx.run(statements.moveRevision, {});
        return true;
      }, isTrue),
  };
}

/** Builds what commands change. */
export function accountsMetadata(rows: Rows): AccountsMetadata {
  const change = (body: (tx: Tx) => Body<boolean>): Promise<boolean> =>
    rows.write((tx) => moving(tx, body), isTrue);
  return {
    addUser: (user) => change((tx) => addUser(tx, user)),
    addFirstUser: (user) =>
      change(function* (tx) {
        const state = yield* tx.get(statements.findState, {});
        if (state !== undefined && state.closedAt !== null) return false;
        return yield* addUser(tx, user);
      }),
    setPassword: (name, passwordHash, stamp) =>
      change(function* (tx) {
        const given = { name, passwordHash, stamp };
        return (yield* tx.get(statements.updatePassword, given)) !== undefined;
      }),
    disableUser: (name, disabledAt, stamp) =>
      change(function* (tx) {
        const given = { name, disabledAt, stamp };
        return (yield* tx.get(statements.updateDisabled, given)) !== undefined;
      }),
    removeUser: (name) =>
      change(function* (tx) {
        tx.run(statements.deleteRulesOf, { who: `user:${name}` });
        return (yield* tx.get(statements.deleteUser, { name })) !== undefined;
      }),
    addToken: (token, rules) =>
      change(function* (tx) {
        if ((yield* tx.get(statements.insertToken, token)) === undefined) return false;
        for (const rule of rules) yield* tx.get(statements.insertRule, rule);
        closeDoor(tx, token.createdAt);
        return true;
      }),
    revokeToken: (name, revokedAt) =>
      change(function* (tx) {
        tx.run(statements.deleteRulesOf, { who: `token:${name}` });
        return (yield* tx.get(statements.revokeToken, { name, revokedAt })) !== undefined;
      }),
    addRule: (rule) => rows.write((tx) => addRule(tx, rule)),
    removeRule: (id) =>
      change(function* (tx) {
        return (yield* tx.get(statements.deleteRule, { id })) !== undefined;
      }),
    listAccounts: () =>
      rows.read(function* (tx) {
        const users = (yield* tx.all(statements.allUsers, {})).map(toUser);
        const tokens = yield* tx.all(statements.allTokens, {});
        return { users, tokens, rules: yield* tx.all(statements.allRules, {}) };
      }),
  };
}

function* moving(tx: Tx, body: (tx: Tx) => Body<boolean>): Body<boolean> {
  const changed = yield* body(tx);
  if (changed) tx.run(statements.moveRevision, {});
  return changed;
}

function* addUser(tx: Tx, user: Omit<StoredUser, "disabledAt">): Body<boolean> {
  const row = { ...user, isAdmin: user.isAdmin ? 1 : 0 } as const;
  if ((yield* tx.get(statements.insertUser, row)) === undefined) return false;
  closeDoor(tx, user.createdAt);
  return true;
}

/** From the first account on a server is closed to those without one. */
function closeDoor(tx: Tx, now: number): void {
  tx.run(statements.moveRevision, {});
  tx.run(statements.close, { now });
}

function* addRule(tx: Tx, rule: NewRule): Body<number> {
  const added = yield* tx.get(statements.insertRule, rule);
  if (added === undefined) throw new Error("the rule was not written");
  tx.run(statements.moveRevision, {});
  return added.id;
}

function toUser(row: Omit<StoredUser, "isAdmin"> & { readonly isAdmin: number }): StoredUser {
  return { ...row, isAdmin: row.isAdmin === 1 };
}
