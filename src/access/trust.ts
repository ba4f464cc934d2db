// Trust rules: which jobs of which issuers may come in without a password. Pure: what a verified token must say.
import { globOf } from "../model/glob.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";

/** Claims of a verified ID token. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a rule asks of a claim: one of these texts, exactly; of a ref, one of these patterns. */
export type Demands = Readonly<Record<string, readonly string[]>>;

/** A rule of `breadbox trust`. */
export interface TrustRule {
  /** Rules of access call it `workload:NAME`. */
  readonly name: string;
  /** Another one for each rule: what was issued to a removed rule is void, also when its name is given again. */
  readonly stamp: string;
  readonly kind: TrustKind;
  /** Exactly as the token's `iss` spells it. */
  readonly issuer: string;
  readonly demands: Demands;
  /**
   * The claim that names the repository for good, and its value once the first job came: a name can be registered again by another, an id
   * cannot. null for issuers that have none.
   */
  readonly bound: { readonly claim: string; readonly value: string | null } | null;
  /** True: jobs of pull requests come in as well, and, of GitLab, those of refs that are not protected. Forks have other ids. */
  readonly allowsPullRequests: boolean;
  /** CA certificates (PEM) for an issuer whose own CA is not a public one; null: the usual ones. */
  readonly ca: string | null;
}

export const trustKinds = ["github", "gitlab", "forgejo", "kubernetes", "oidc"] as const;
export type TrustKind = (typeof trustKinds)[number];

/** The claim that is bound, by kind. In a cluster it is bound only where its id is given: its administrator owns all names there. */
export const boundClaims: Readonly<Record<TrustKind, string | null>> = {
  github: "repository_id",
  gitlab: "project_id",
  forgejo: "repository_id",
  kubernetes: "kubernetes.io/serviceaccount/uid",
  oidc: null,
};

/** Claims whose demands are patterns: `refs/tags/v*`. Nobody else can have the refs of a repository. */
const refClaims = new Set(["ref", "ref_path"]);

/** Claims that any job of the issuer has, or whoever starts one can choose: alone they prove nothing. */
const weakClaims = new Set([
  ...["actor", "actor_id", "user_login", "user_email", "user_id", "triggering_actor"],
  ...["iss", "aud", "exp", "iat", "nbf", "jti", "event_name", "pipeline_source"],
  ...["ref", "ref_type", "ref_path", "ref_protected", "base_ref", "head_ref", "sha"],
  ...["workflow", "environment", "runner_environment", "repository_visibility"],
]);

/** A rule that would let strangers in. The message is a sentence. */
export class TrustError extends Error {
  override readonly name = "TrustError";
}

/** @throws TrustError for demands that a stranger could meet. */
export function assertSafe({ demands, bound }: Pick<TrustRule, "demands" | "bound">): void {
  const strong = Object.keys(demands).filter((claim) => !weakClaims.has(claim));
  if (strong.length > 0 || bound !== null) return;
  throw new TrustError(
    "A rule needs a claim that says where a job comes from, such as sub or repository: who starts it is not enough.",
  );
}

/** Why a token does not meet a rule, for whoever holds it; null when it does. */
export function objectionTo(rule: TrustRule, claims: Claims): string | null {
  if (claims["iss"] !== rule.issuer) return "the token is of another issuer";
  for (const [claim, texts] of Object.entries(rule.demands)) {
    if (!meets(claims, claim, texts)) return otherClaim(claims, claim);
  }
  if (rule.bound !== null) {
    const found = textOf(claimOf(claims, rule.bound.claim));
    if (!found) return otherClaim(claims, rule.bound.claim);
    if (rule.bound.value !== null && rule.bound.value !== found) {
      return `${otherClaim(claims, rule.bound.claim)}, and the rule is bound to another one`;
    }
  }
  return rule.allowsPullRequests ? null : foreignObjection(rule.kind, claims);
}

/** Its holder knows the token: what the rule wants instead is not said. */
function otherClaim(claims: Claims, claim: string): string {
  const found = textOf(claimOf(claims, claim));
  return found === null
    ? `it has no claim ${claim}`
    : `its claim ${claim} is ${JSON.stringify(found.slice(0, longestSaid))}`;
}

const longestSaid = 100;

/** What came of a verified token. */
export type Choice =
  | { readonly rule: TrustRule }
  /** Why none takes it, for whoever holds the token: nothing of rules about others. */
  | { readonly refusal: string };

/** Finds the rule that a token meets. Of several it is the one with the most demands, and of equals the oldest. */
export function chooseRule(rules: readonly TrustRule[], claims: Claims): Choice {
  let chosen: TrustRule | null = null;
  let refusal = "no rule is about this job";
  for (const rule of rules) {
    const objection = objectionTo(rule, claims);
    if (objection !== null && isAbout(rule, claims)) refusal = objection;
    if (objection === null && (chosen === null || demandsOf(rule) > demandsOf(chosen)))
      chosen = rule;
  }
  return chosen === null ? { refusal } : { rule: chosen };
}

const demandsOf = ({ demands }: TrustRule): number => Object.keys(demands).length;

/** True when the rule names the place that the job comes from. */
function isAbout({ demands }: TrustRule, claims: Claims): boolean {
  const places = Object.entries(demands).filter(([claim]) => !weakClaims.has(claim));
  return places.every(([claim, texts]) => meets(claims, claim, texts));
}

/** @returns what a rule that is not bound yet has to be bound to; null when there is nothing to bind. */
export function bindingOf({ bound }: TrustRule, claims: Claims): string | null {
  return bound === null || bound.value !== null ? null : textOf(claimOf(claims, bound.claim));
}

/** Jobs whose code somebody may have written who cannot push to the repository. */
function foreignObjection(kind: TrustKind, claims: Claims): string | null {
  if (kind === "github" || kind === "forgejo") {
    const event = textOf(claims["event_name"]);
    if (event === null) return "it does not say which event started the job";
    if (event.startsWith("pull_request")) return "it is of a pull request";
    if (textOf(claims["head_ref"])) return "it is of a pull request";
  }
  if (kind === "gitlab") {
    if (textOf(claims["pipeline_source"]) === "merge_request_event") {
      return "it is of a merge request";
    }
    if (textOf(claims["ref_protected"]) !== "true") return "its ref is not protected";
  }
  return null;
}

/** @returns what the token says of its job. */
export function originOf(claims: Claims): JobOrigin {
  const first = (...names: readonly string[]): string | null => {
    for (const name of names) {
      const text = textOf(claims[name]);
      if (text !== null) return text.slice(0, longestText);
    }
    return null;
  };
  return {
    issuer: first("iss") ?? "",
    repository: first("repository", "project_path", "sub"),
    ref: first("ref_path", "ref"),
    commit: first("sha"),
    run: first("run_id", "pipeline_id", "job_id"),
    actor: first("actor", "user_login"),
  };
}

const longestText = 256;

function meets(claims: Claims, claim: string, texts: readonly string[]): boolean {
  const found = textOf(claimOf(claims, claim));
  if (found === null) return false;
  return refClaims.has(claim)
    ? texts.some((text) => globOf(text).test(found))
    : texts.includes(found);
}

/** A claim by its name, or by a path as in `kubernetes.io/serviceaccount/uid`. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split("/")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** Issuers write ids as numbers or as texts, and truth as a text. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
