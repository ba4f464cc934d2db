// Users, tokens and rules as commands change them: texts of people in, rows out.
import type { AccountsMetadata, NewRule } from "../metadata/access.ts";
import type { Author, Signed } from "../metadata/audit.ts";
import { readRepositoryName } from "../model/names.ts";
import { parseBucketName, parseObjectName } from "../model/objectNames.ts";
import { hashOfToken, makeAccessToken } from "./accessToken.ts";
import { type Action, areas, type Principal, type Resource, type Who } from "./actions.ts";
import type { HtpasswdFile } from "./htpasswdFile.ts";
import { AccessInputError } from "./inputError.ts";
import { type KeysDeps, rotateKey } from "./keys.ts";
import { toRule } from "./memory.ts";
import { longestPassword, Passwords } from "./passwords.ts";
import { type Grant, parseActions, ruleOf } from "./ruleInput.ts";
import { RuleSet, rulesByWho } from "./rules.ts";
import { parseTrustName } from "./trustInput.ts";

/** What managing works with. */
export interface ManageDeps {
  readonly accounts: AccountsMetadata;
  readonly access: KeysDeps["metadata"];
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Who changes them. */
  readonly by: Author;
  /** null without a file of users. */
  readonly htpasswd: Pick<HtpasswdFile, "hashOf" | "rights"> | null;
}

/** An answer to `breadbox access test`. */
export interface Explanation {
  readonly isAllowed: boolean;
  /** The rule that decided, as `access ls` lists it; null when none did. */
  readonly rule: number | null;
  readonly why: string;
}

const nameGrammar = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
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

/** Which rule decides. @throws AccessInputError */
export async function explain(
  { accounts, clock, htpasswd }: Pick<ManageDeps, "accounts" | "clock" | "htpasswd">,
  asked: { readonly who: string; readonly action: string; readonly what: string },
): Promise<Explanation> {
  const who = parseWho(asked.who);
  const resource = parseResource(asked.what);
  const [action = "pull", ...others] = parseActions(asked.action);
  if (others.length > 0) throw new AccessInputError("Name one action.");
  const { users, tokens, rules } = await accounts.listAccounts();
  const name = who.slice(who.indexOf(":") + 1);
  const user = who.startsWith("user:") ? users.find((each) => each.name === name) : undefined;
  if (user !== undefined && user.disabledAt !== null) return denied(`${name} is disabled`);
  const token = who.startsWith("token:") ? tokens.find((each) => each.name === name) : undefined;
  if (token !== undefined && token.revokedAt !== null) return denied(`${name} is revoked`);
  if (token !== undefined && (token.expiresAt ?? Number.POSITIVE_INFINITY) <= clock()) {
    return denied(`${name} has expired`);
  }
  if (user?.isAdmin) return { isAllowed: true, rule: null, why: `${name} is an administrator` };
  const set = new RuleSet(rulesByWho(rules.map(toRule)));
  const { isAllowed, rule } = set.decide(principalOf(who), action, resource);
  if (rule === null) {
    return withoutRule(user === undefined ? htpasswd : null, { who, action, resource });
  }
  const { effect, text } = rule;
  const why = `rule ${rule.id}: ${effect} ${rule.who} ${text} ${[...rule.actions].join(",")}`;
  return { isAllowed, rule: rule.id, why };
}

/** What holds where no rule says anything. */
async function withoutRule(
  file: ManageDeps["htpasswd"],
  { who, action, resource }: { who: Who; action: Action; resource: Resource },
): Promise<Explanation> {
  const name = who.slice("user:".length);
  const isOfFile = who.startsWith("user:") && ((await file?.hashOf(name)) ?? null) !== null;
  if (!isOfFile || resource.kind !== "repository" || !file?.rights.has(action)) {
    return denied("no rule allows it");
  }
  const why =
    "auth.htpasswdRights allows it to every user of the htpasswd file, and no rule is about it";
  return { isAllowed: true, rule: null, why };
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

const denied = (why: string): Explanation => ({ isAllowed: false, rule: null, why });

/** `anonymous`, `authenticated`, `user:NAME`, `token:NAME` or `workload:RULE`; a name alone is a user's. */
function parseWho(text: string): Who {
  if (text === "anonymous" || text === "authenticated") return text;
  if (text.startsWith("workload:"))
    return `workload:${parseTrustName(text.slice("workload:".length))}`;
  if (text.startsWith("token:")) return `token:${parseName(text.slice("token:".length))}`;
  return `user:${parseName(text.replace(/^user:/, ""))}`;
}

/** @throws AccessInputError */
export function parseName(name: string): string {
  if (nameGrammar.test(name) && name !== "anonymous" && name !== "authenticated") return name;
  throw new AccessInputError(
    `${JSON.stringify(name)} is no name: letters, digits and . _ @ + - are allowed, 128 at most, and a letter or digit first.`,
  );
}

/** What a request may be about: `team/app`, `bucket:NAME`, `bucket:NAME/OBJECT` or `server:AREA`. */
function parseResource(text: string): Resource {
  const area = areas.find((each) => text === `server:${each}`);
  if (area !== undefined) return { kind: "server", area };
  const repository = readRepositoryName(text);
  if (repository !== null) return { kind: "repository", repository };
  const [, name, object] = /^bucket:([^/]+)(?:\/(.+))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw new AccessInputError(
      `${JSON.stringify(text)} is nothing to ask about. Examples: team/app, bucket:backups, bucket:backups/nightly.tar, server:metrics.`,
    );
  }
  const bucket = parseBucketName(name);
  if (object === undefined) return { kind: "bucket", bucket };
  return { kind: "object", bucket, object: parseObjectName(object) };
}

function principalOf(who: Who): Principal {
  if (who === "anonymous") return { kind: "anonymous" };
  const name = who.slice(who.indexOf(":") + 1);
  if (who.startsWith("token:")) return { kind: "token", name };
  if (who.startsWith("workload:")) return { kind: "workload", rule: name, origin: null };
  return { kind: "user", name: who === "authenticated" ? "" : name, isAdmin: false };
}

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
    changePassword: (name: string, password: string) => changePassword(deps, name, password),
    disableUser: (name: string, isDisabled: boolean) =>
      accounts.disableUser(name, isDisabled ? clock() : null, newId(), signed(deps)),
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
