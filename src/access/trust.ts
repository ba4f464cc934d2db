// Trust rules: which jobs of which issuers may come in without a password. Pure: what a verified token must say.

/** Claims of a verified ID token. */
export type Claims = Readonly<Record<string, unknown>>;

/** What a rule asks of a claim: one of these texts, exactly. */
export type Demands = Readonly<Record<string, readonly string[]>>;

/** A rule of `breadbox trust`. */
export interface TrustRule {
  readonly id: string;
  readonly kind: TrustKind;
  /** Exactly as the token's `iss` spells it. */
  readonly issuer: string;
  readonly demands: Demands;
  /**
   * The claim that names the repository for good, and its value once the first job came: a name can be registered again by another, an id
   * cannot. null for issuers that have none.
   */
  readonly bound: { readonly claim: string; readonly value: string | null } | null;
  /** True: jobs of forks and of pull requests come in as well. */
  readonly allowsPullRequests: boolean;
}

export const trustKinds = ["github", "gitlab", "forgejo", "kubernetes", "oidc"] as const;
export type TrustKind = (typeof trustKinds)[number];

/** The claim that is bound, by kind. */
export const boundClaims: Readonly<Record<TrustKind, string | null>> = {
  github: "repository_id",
  gitlab: "project_id",
  forgejo: "repository_id",
  kubernetes: null,
  oidc: null,
};

/** Claims that anybody who may start a job can choose: alone they prove nothing. */
const weakClaims = new Set(["actor", "actor_id", "user_login", "user_email", "user_id", "jti"]);

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

/** Why a token does not meet a rule, for the log of the operator; null when it does. */
export function objectionTo(rule: TrustRule, claims: Claims): string | null {
  if (claims["iss"] !== rule.issuer) return "the token is of another issuer";
  for (const [claim, texts] of Object.entries(rule.demands)) {
    const found = textOf(claims[claim]);
    if (found === null || !texts.includes(found)) return `its claim ${claim} is another`;
  }
  if (rule.bound !== null) {
    const found = textOf(claims[rule.bound.claim]);
    if (found === null) return `it has no claim ${rule.bound.claim}`;
    if (rule.bound.value !== null && rule.bound.value !== found) {
      return `its claim ${rule.bound.claim} is another: the name belongs to somebody else now`;
    }
  }
  return rule.allowsPullRequests ? null : foreignObjection(rule.kind, claims);
}

/** Jobs whose code somebody may have written who cannot push to the repository. */
function foreignObjection(kind: TrustKind, claims: Claims): string | null {
  const event = textOf(claims["event_name"]) ?? "";
  if (kind === "github" || kind === "forgejo") {
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

/** What is kept with each push: from a digest to its commit. */
export interface Origin {
  readonly issuer: string;
  readonly repository: string | null;
  readonly ref: string | null;
  readonly commit: string | null;
  readonly run: string | null;
  readonly actor: string | null;
}

/** @returns what the token says of its job. */
export function originOf(claims: Claims): Origin {
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
    ref: first("ref"),
    commit: first("sha"),
    run: first("run_id", "pipeline_id", "job_id"),
    actor: first("actor", "user_login"),
  };
}

const longestText = 256;

/** Issuers write ids as numbers or as texts, and truth as a text. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}
