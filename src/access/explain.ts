// `breadbox access test`: what may somebody do, and which rule decides.
import type { AccountsMetadata } from "../metadata/access.ts";
import type { TrustMetadata } from "../metadata/trust.ts";
import { readRepositoryName } from "../model/names.ts";
import { parseBucketName, parseObjectName } from "../model/objectNames.ts";
import { areas, type Principal, type Resource, type Who } from "./actions.ts";
import type { HtpasswdFile } from "./htpasswdFile.ts";
import { AccessInputError } from "./inputError.ts";
import { toRule } from "./memory.ts";
import { parseActions, parseWho } from "./ruleInput.ts";
import { RuleSet, rulesByWho } from "./rules.ts";

/** What an explanation works with. */
export interface ExplainDeps {
  readonly accounts: Pick<AccountsMetadata, "listAccounts">;
  readonly trust: Pick<TrustMetadata, "findTrust">;
  /** Unix ms. */
  readonly clock: () => number;
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

/** Which rule decides. @throws AccessInputError */
export async function explain(
  { accounts, trust, clock, htpasswd }: ExplainDeps,
  asked: { readonly who: string; readonly action: string; readonly what: string },
): Promise<Explanation> {
  const who = parseWho(asked.who);
  const resource = parseResource(asked.what);
  const [action = "pull", ...more] = parseActions(asked.action);
  if (more.length > 0) throw new AccessInputError("Name one action.");
  const known = await accounts.listAccounts();
  const name = who.slice(who.indexOf(":") + 1);
  const isOfFile = who.startsWith("user:") && ((await htpasswd?.hashOf(name)) ?? null) !== null;
  const isWorkload = who.startsWith("workload:");
  const others = { isOfFile, hasTrust: isWorkload && (await trust.findTrust(name)) !== null };
  const reason = voidReason(who, { ...known, ...others, now: clock() });
  if (reason !== null) return denied(reason);
  const user = known.users.find((each) => who === `user:${each.name}`);
  if (user?.isAdmin) return { isAllowed: true, rule: null, why: `${name} is an administrator` };
  const set = new RuleSet(rulesByWho(known.rules.map(toRule)));
  const { isAllowed, rule } = set.decide(principalOf(who), action, resource);
  if (rule !== null) {
    const why = `rule ${rule.id}: ${rule.effect} ${rule.who} ${rule.text} ${[...rule.actions].join(",")}`;
    return { isAllowed, rule: rule.id, why };
  }
  const isGeneral = user === undefined && isOfFile && htpasswd?.rights.has(action) === true;
  if (!isGeneral || resource.kind !== "repository") return denied("no rule allows it");
  const why =
    "auth.htpasswdRights allows it to every user of the htpasswd file, and no rule is about it";
  return { isAllowed: true, rule: null, why };
}

type Accounts = Awaited<ReturnType<ExplainDeps["accounts"]["listAccounts"]>>;

interface Known extends Accounts {
  /** The htpasswd file has a user of this name. */
  readonly isOfFile: boolean;
  /** There is a trust rule of this name. */
  readonly hasTrust: boolean;
  /** Unix ms. */
  readonly now: number;
}

/** Why somebody cannot log in at all; null when there is no such reason. */
function voidReason(who: Who, { users, tokens, isOfFile, hasTrust, now }: Known): string | null {
  const [kind, name = ""] = who.split(/:(.*)/s);
  if (kind === "user") {
    const user = users.find((each) => each.name === name);
    if (user === undefined) return isOfFile ? null : `there is no user ${name}`;
    return user.disabledAt === null ? null : `${name} is disabled`;
  }
  if (kind === "workload") return hasTrust ? null : `there is no trust rule ${name}`;
  return kind === "token" ? voidToken(tokens, name, now) : null;
}

function voidToken(tokens: Accounts["tokens"], name: string, now: number): string | null {
  const token = tokens.find((each) => each.name === name);
  if (token === undefined) return `there is no token ${name}`;
  if (token.revokedAt !== null) return `${name} is revoked`;
  const isOver = token.expiresAt !== null && token.expiresAt <= now;
  return isOver ? `${name} has expired` : null;
}

const denied = (why: string): Explanation => ({ isAllowed: false, rule: null, why });

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
