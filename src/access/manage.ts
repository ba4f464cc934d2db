// Users, tokens and rules as commands change them: texts of people in, rows out.
import type { AccountsMetadata, NewRule } from "../metadata/access.ts";
import type { Author, Signed } from "../metadata/audit.ts";
import { hashOfToken, makeAccessToken } from "./accessToken.ts";
import { type ExplainDeps, explain } from "./explain.ts";
import { importUsers } from "./importUsers.ts";
import { AccessInputError } from "./inputError.ts";
import { type KeysDeps, rotateKey } from "./keys.ts";
import { longestPassword, Passwords } from "./passwords.ts";
import { type Grant, parseName, parseWho, ruleOf } from "./ruleInput.ts";

/** What managing works with. */
export interface ManageDeps extends Pick<ExplainDeps, "trust" | "htpasswd"> {
  readonly accounts: AccountsMetadata;
  readonly access: KeysDeps["metadata"];
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Who changes them. */
  readonly by: Author;
}

const shortestPassword = 8;

/** @throws AccessInputError for a name or password that cannot be used. @returns false when there is a user of that name. */
export async function addUser(
  deps: ManageDeps,
  name: string,
  { password, isAdmin }: { readonly password: string; readonly isAdmin: boolean },
): Promise<boolean> {
  const { accounts, newId } = deps;
  const passwordHash = await hashOf(password);
  const by = signed(deps);
  const user = { name: parseName(name), passwordHash, isAdmin, stamp: newId(), createdAt: by.at };
  return accounts.addUser(user, by);
}

/** @throws AccessInputError @returns false when there is no such user. */
export async function changePassword(
  deps: ManageDeps,
  name: string,
  password: string,
): Promise<boolean> {
  const passwordHash = await hashOf(password);
  return deps.accounts.setPassword(name, passwordHash, deps.newId(), signed(deps));
}

/** @param lastsMs null for a token without an end. @throws AccessInputError @returns its text, once; null when the name was given before. */
export async function createToken(
  deps: ManageDeps,
  name: string,
  { grants, lastsMs }: { readonly grants: readonly Grant[]; readonly lastsMs: number | null },
): Promise<string | null> {
  const by = signed(deps);
  const createdAt = by.at;
  const who = `token:${parseName(name)}` as const;
  const rules = grants.map((grant) => ruleOf({ ...grant, who, effect: "allow" }, createdAt));
  const token = makeAccessToken();
  const expiresAt = lastsMs === null ? null : createdAt + lastsMs;
  const row = { name, hash: hashOfToken(token), createdAt, expiresAt };
  return (await deps.accounts.addToken(row, rules, by)) ? token : null;
}

/** @throws AccessInputError @returns the id of the rule. */
export function addRule(
  deps: ManageDeps,
  { who, ...rule }: Grant & { readonly who: string; readonly effect: NewRule["effect"] },
): Promise<number> {
  const by = signed(deps);
  return deps.accounts.addRule(ruleOf({ ...rule, who: parseWho(who) }, by.at), by);
}

/** Users, tokens and rules, without what nobody has to see. */
export async function listAccounts({ accounts }: Pick<ManageDeps, "accounts">) {
  const { users, tokens, rules } = await accounts.listAccounts();
  return {
    users: users.map(({ name, isAdmin, disabledAt, createdAt }) => ({
      ...{ name, isAdmin, disabledAt, createdAt },
    })),
    tokens: tokens.map(({ name, createdAt, expiresAt, revokedAt, lastUsedAt }) => ({
      ...{ name, createdAt, expiresAt, revokedAt, lastUsedAt },
    })),
    rules,
  };
}

const signed = ({ by, clock }: ManageDeps): Signed => ({ ...by, at: clock() });

/** The hash of a password that may be used. @throws AccessInputError */
export async function hashOf(password: string): Promise<string> {
  if (password.length < shortestPassword) {
    throw new AccessInputError(`The password has less than ${shortestPassword} characters.`);
  }
  if (Buffer.byteLength(password) > longestPassword) {
    throw new AccessInputError(`The password has more than ${longestPassword} bytes.`);
  }
  return new Passwords().hash(password);
}

/** What commands do with accounts, on opened rows. */
export function accountsTool(deps: ManageDeps) {
  const { accounts, clock, newId } = deps;
  return {
    addUser: (name: string, user: { readonly password: string; readonly isAdmin: boolean }) =>
      addUser(deps, name, user),
    importUsers: (text: string, grants: readonly Grant[]) => importUsers(deps, text, grants),
    changePassword: (name: string, password: string) => changePassword(deps, name, password),
    disableUser: (name: string, isDisabled: boolean) =>
      accounts.changeUser(
        name,
        { disabledAt: isDisabled ? clock() : null, stamp: newId() },
        signed(deps),
      ),
    promoteUser: (name: string, isAdmin: boolean) =>
      accounts.changeUser(name, { isAdmin }, signed(deps)),
    removeUser: (name: string) => accounts.removeUser(name, signed(deps)),
    createToken: (
      name: string,
      token: { readonly grants: readonly Grant[]; readonly lastsMs: number | null },
    ) => createToken(deps, name, token),
    revokeToken: (name: string) => accounts.revokeToken(name, clock(), signed(deps)),
    addRule: (rule: Parameters<typeof addRule>[1]) => addRule(deps, rule),
    rotateKey: (voidIssued: boolean) =>
      rotateKey({ metadata: deps.access, clock, newId, by: deps.by }, voidIssued),
    removeRule: (id: number) => accounts.removeRule(id, signed(deps)),
    list: () => listAccounts(deps),
    explain: (asked: Parameters<typeof explain>[1]) => explain(deps, asked),
    now: clock,
  };
}
