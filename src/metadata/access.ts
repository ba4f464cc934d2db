// PORT 2, the group of users, tokens, rules and signing keys. Every change moves the revision in the same transaction, and is written
// down in it if its author is given.
import type { Author, Signed } from "./audit.ts";

/** Whom a rule is about, as src/access/actions.ts spells it. */
export type StoredWho =
  | "anonymous"
  | "authenticated"
  | `user:${string}`
  | `token:${string}`
  | `workload:${string}`;

/** What a server keeps its copies by. */
export interface AccessState {
  /** Differs after every change of users, tokens, rules or keys. */
  readonly revision: number;
  /** True once there was a user or a token: it stays true when the last one is removed. */
  readonly closed: boolean;
}

/** A user with the hash of the password. */
export interface StoredUser {
  readonly name: string;
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  /** Another one after each change of the password, and whenever the user is disabled or enabled. */
  readonly stamp: string;
  /** Unix ms; null while the user may log in. */
  readonly disabledAt: number | null;
  /** Unix ms. */
  readonly createdAt: number;
}

/** Something else about a user than the password. */
export type UserChange =
  /** Unix ms; null enables the user again. With another stamp: what was issued before stays void. */
  { readonly disabledAt: number | null; readonly stamp: string } | { readonly isAdmin: boolean };

/** A token without its text, which nobody stores. Times are Unix ms. */
export interface StoredToken {
  readonly name: string;
  /** SHA-256 of its text, hexadecimal. */
  readonly hash: string;
  readonly createdAt: number;
  /** null: never. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
}

/** A rule to be added. */
export interface NewRule {
  readonly who: StoredWho;
  readonly effect: "allow" | "deny";
  readonly pattern: string;
  /** Names of actions with commas in between. */
  readonly actions: string;
  /** Unix ms. */
  readonly createdAt: number;
}

export interface StoredRule extends NewRule {
  readonly id: number;
}

/** A private key as JSON. */
export interface StoredKey {
  /** UUIDv7. */
  readonly id: string;
  readonly jwk: string;
  /** Unix ms. */
  readonly createdAt: number;
}

/** What requests ask. */
export interface AccessMetadata {
  /**
   * Asked for every request, and mostly answered at once, from memory. What this server changes is seen by the next call; what another one
   * changes that shares the database, within half a second. While the database does not answer, the call waits, and fails in the end.
   */
  findState(): AccessState | Promise<AccessState>;
  /** As it is now, whoever changed it: asked before a login is refused that may be newer than what `findState` knows. */
  confirmState(): Promise<AccessState>;
  findUser(name: string): Promise<StoredUser | null>;
  countUsers(): Promise<number>;
  /** Expired and revoked ones, too. */
  findToken(hash: string): Promise<StoredToken | null>;
  findTokenByName(name: string): Promise<StoredToken | null>;
  /** In the order in which they were added. */
  listRulesOf(who: StoredWho): Promise<readonly StoredRule[]>;
  /** Notes when a token was used; changes no revision and may be lost with the power. */
  noteUse(hash: string, usedAt: number): Promise<void>;
  /** The newest first. */
  listKeys(): Promise<readonly StoredKey[]>;
  /** Adds a key if `previous` is the newest one (null: if there is none), and removes all but the newest `kept`. @returns whether it did. */
  addKey(
    key: StoredKey,
    among: { readonly previous: string | null; readonly kept: number },
    by: Author,
  ): Promise<boolean>;
}

/** What commands change. */
export interface AccountsMetadata {
  /** @returns false when there is a user of that name. */
  addUser(user: Omit<StoredUser, "disabledAt">, by?: Signed): Promise<boolean>;
  /** Adds a user if there was never an account. @returns whether it did. */
  addFirstUser(user: Omit<StoredUser, "disabledAt">, by?: Signed): Promise<boolean>;
  /** @returns false when there is no such user. */
  setPassword(name: string, passwordHash: string, stamp: string, by?: Signed): Promise<boolean>;
  /** @returns false when there is no such user. */
  changeUser(name: string, change: UserChange, by?: Signed): Promise<boolean>;
  /** Removes the user and the rules about it. @returns false when there is no such user. */
  removeUser(name: string, by?: Signed): Promise<boolean>;
  /** Adds a token with its rules. @returns false when there was ever a token of that name. */
  addToken(
    token: Pick<StoredToken, "name" | "hash" | "createdAt" | "expiresAt">,
    rules: readonly NewRule[],
    by?: Signed,
  ): Promise<boolean>;
  /** Revokes a token and removes the rules about it. @returns false when there is no such token, or it was revoked before. */
  revokeToken(name: string, revokedAt: number, by?: Signed): Promise<boolean>;
  /** @returns its id. */
  addRule(rule: NewRule, by?: Signed): Promise<number>;
  /** @returns false when there is no such rule. */
  removeRule(id: number, by?: Signed): Promise<boolean>;
  /** All of them, in the order of their names or ids. */
  listAccounts(): Promise<{
    readonly users: readonly StoredUser[];
    readonly tokens: readonly StoredToken[];
    readonly rules: readonly StoredRule[];
  }>;
}
