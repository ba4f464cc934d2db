// Users, tokens, rules and signing keys: each change in one transaction with the revision that servers keep their copies by.
import type {
  AccessMetadata,
  AccessState,
  AccountsMetadata,
  NewRule,
  StoredUser,
} from "../access.ts";
import type { Signed } from "../audit.ts";
import * as statements from "./accessStatements.ts";
import { type Deed, record } from "./audit.ts";
import type { Body, Recent, Rows, Tx } from "./rows.ts";

const isTrue = (changed: boolean): boolean => changed;
const begun = { revision: 0, closed: false };

/** The row that servers keep their copies by. */
export type StateRow = Recent<{ readonly revision: number; readonly closedAt: number | null }>;

/** Finds it. */
export const accessState = (rows: Rows): StateRow => rows.recent(statements.findState);

/** Waits for a change of it, which the next request of this server sees, whatever is known of its outcome. */
export async function changingState<T>(state: StateRow, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } finally {
    state.forget();
  }
}

/** Builds what requests ask. */
export function accessMetadata(rows: Rows, state: StateRow): AccessMetadata {
  return {
    findState() {
      const found = state.get();
      return found instanceof Promise ? found.then(toState) : toState(found);
    },
    confirmState: async () => toState(await state.latest()),
    countUsers: async () => (await rows.find(statements.countUsers, {}))?.total ?? 0,
    findUser: async (name) => {
      const row = await rows.find(statements.findUser, { name });
      return row === null ? null : toUser(row);
    },
    findToken: (hash) => rows.find(statements.findToken, { hash }),
    findTokenByName: (name) => rows.find(statements.findTokenByName, { name }),
    listRulesOf: (who) => rows.list(statements.rulesOf, { who }),
    noteUse: (hash, usedAt) => rows.runLazily(statements.noteUse, { hash, usedAt }),
    listKeys: () => rows.list(statements.allKeys, {}),
    addKey: (key, { previous, kept }, by) =>
      changingState(
        state,
        rows.write(function* (tx) {
          const [newest] = yield* tx.all(statements.allKeys, {});
          if ((newest?.id ?? null) !== previous) return false;
          tx.run(statements.insertKey, key);
          tx.run(statements.forgetKeys, { kept });
          tx.run(statements.moveRevision, {});
          record(
            tx,
            { ...by, at: key.createdAt },
            { event: "key.rotate", resource: `key:${key.id}` },
          );
          return true;
        }, isTrue),
      ),
  };
}

/** Builds what commands change. */
export function accountsMetadata(rows: Rows, state: StateRow): AccountsMetadata {
  const change = (body: (tx: Tx) => Body<boolean>): Promise<boolean> =>
    changingState(
      state,
      rows.write((tx) => moving(tx, body), isTrue),
    );
  return {
    addUser: (user, by) => change((tx) => addUser(tx, user, by)),
    addFirstUser: (user, by) =>
      change(function* (tx) {
        const state = yield* tx.get(statements.findState, {});
        if (state !== undefined && state.closedAt !== null) return false;
        return yield* addUser(tx, user, by);
      }),
    setPassword: (name, passwordHash, stamp, by) =>
      change(function* (tx) {
        const given = { name, passwordHash, stamp };
        const changed = (yield* tx.get(statements.updatePassword, given)) !== undefined;
        return said(tx, changed, by, { event: "user.password", resource: `user:${name}` });
      }),
    changeUser: (name, given, by) =>
      change(function* (tx) {
        const resource = `user:${name}`;
        if ("isAdmin" in given) {
          const isAdmin = given.isAdmin ? 1 : 0;
          const changed = (yield* tx.get(statements.updateAdmin, { name, isAdmin })) !== undefined;
          return said(tx, changed, by, {
            event: given.isAdmin ? "user.promote" : "user.demote",
            resource,
          });
        }
        const changed =
          (yield* tx.get(statements.updateDisabled, { name, ...given })) !== undefined;
        const event = given.disabledAt === null ? "user.enable" : "user.disable";
        return said(tx, changed, by, { event, resource });
      }),
    removeUser: (name, by) =>
      change(function* (tx) {
        const resource = `user:${name}` as const;
        tx.run(statements.deleteRulesOf, { who: resource });
        const changed = (yield* tx.get(statements.deleteUser, { name })) !== undefined;
        return said(tx, changed, by, { event: "user.remove", resource });
      }),
    addToken: (token, rules, by) =>
      change(function* (tx) {
        if ((yield* tx.get(statements.insertToken, token)) === undefined) return false;
        for (const rule of rules) yield* tx.get(statements.insertRule, rule);
        closeDoor(tx, token.createdAt);
        const detail = rules.map(({ pattern, actions }) => `${pattern}:${actions}`).join(" ");
        const resource = `token:${token.name}`;
        return said(tx, true, by, { event: "token.create", resource, detail });
      }),
    revokeToken: (name, revokedAt, by) =>
      change(function* (tx) {
        const resource = `token:${name}` as const;
        tx.run(statements.deleteRulesOf, { who: resource });
        const given = { name, revokedAt };
        const changed = (yield* tx.get(statements.revokeToken, given)) !== undefined;
        return said(tx, changed, by, { event: "token.revoke", resource });
      }),
    addRule: (rule, by) =>
      changingState(
        state,
        rows.write((tx) => addRule(tx, rule, by)),
      ),
    removeRule: (id, by) =>
      change(function* (tx) {
        const removed = yield* tx.get(statements.deleteRule, { id });
        if (removed === undefined) return false;
        const deed = { event: "rule.remove", resource: `rule:${id}` } as const;
        return said(tx, true, by, { ...deed, detail: textOf(removed) });
      }),
    listAccounts: () =>
      rows.read(function* (tx) {
        const users = (yield* tx.all(statements.allUsers, {})).map(toUser);
        const tokens = yield* tx.all(statements.allTokens, {});
        return { users, tokens, rules: yield* tx.all(statements.allRules, {}) };
      }),
  };
}

function toState(row: { revision: number; closedAt: number | null } | null): AccessState {
  return row === null ? begun : { revision: row.revision, closed: row.closedAt !== null };
}

function* moving(tx: Tx, body: (tx: Tx) => Body<boolean>): Body<boolean> {
  const changed = yield* body(tx);
  if (changed) tx.run(statements.moveRevision, {});
  return changed;
}

/** Writes a change down. @returns whether there was one. */
function said(tx: Tx, changed: boolean, by: Signed | undefined, deed: Deed): boolean {
  if (changed) record(tx, by, deed);
  return changed;
}

function* addUser(
  tx: Tx,
  user: Omit<StoredUser, "disabledAt">,
  by: Signed | undefined,
): Body<boolean> {
  const row = { ...user, isAdmin: user.isAdmin ? 1 : 0 } as const;
  if ((yield* tx.get(statements.insertUser, row)) === undefined) return false;
  closeDoor(tx, user.createdAt);
  const detail = user.isAdmin ? "administrator" : null;
  return said(tx, true, by, { event: "user.add", resource: `user:${user.name}`, detail });
}

/** From the first account on a server is closed to those without one. */
export function closeDoor(tx: Tx, now: number): void {
  tx.run(statements.moveRevision, {});
  tx.run(statements.close, { now });
}

function* addRule(tx: Tx, rule: NewRule, by: Signed | undefined): Body<number> {
  const added = yield* tx.get(statements.insertRule, rule);
  if (added === undefined) throw new Error("the rule was not written");
  tx.run(statements.moveRevision, {});
  record(tx, by, { event: "rule.add", resource: `rule:${added.id}`, detail: textOf(rule) });
  return added.id;
}

function textOf({ who, effect, pattern, actions }: Omit<NewRule, "createdAt">): string {
  return `${effect} ${who} ${pattern} ${actions}`;
}

function toUser(row: Omit<StoredUser, "isAdmin"> & { readonly isAdmin: number }): StoredUser {
  return { ...row, isAdmin: row.isAdmin === 1 };
}
