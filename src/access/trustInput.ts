// Trust rules as people type them, for each kind of issuer. Pure: nothing is looked up anywhere.
import { AccessInputError } from "./inputError.ts";
import { isIssuer } from "./issuerUrl.ts";
import {
  assertSafe,
  boundClaims,
  type Demands,
  TrustError,
  type TrustKind,
  type TrustRule,
} from "./trust.ts";

/** What a command was given. */
export interface TypedTrust {
  readonly kind: TrustKind;
  /** `ORG/REPO`, `GROUP/PROJECT`, `NAMESPACE/ACCOUNT`; for `oidc` the issuer. */
  readonly place: string;
  /** For issuers other than the usual one of their kind; null for that. */
  readonly issuer: string | null;
  /** null for the name of the place. */
  readonly name: string | null;
  /** null: that of the first job. */
  readonly id: string | null;
  readonly refs: readonly string[];
  /** `NAME=VALUE`; a claim may be named several times, and has to have one of the values. */
  readonly claims: readonly string[];
  readonly allowsPullRequests: boolean;
  /** PEM. */
  readonly ca: string | null;
}

export const githubIssuer = "https://token.actions.githubusercontent.com";
export const gitlabIssuer = "https://gitlab.com";

const nameGrammar = /^[A-Za-z0-9][A-Za-z0-9._@/+-]{0,127}$/;
const pathGrammar = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/;
const idGrammar = /^[A-Za-z0-9-]{1,64}$/;
const claimGrammar = /^([A-Za-z0-9_.:/-]{1,128})=(.{1,512})$/;

/** @throws AccessInputError */
export function readTrust(typed: TypedTrust): Omit<TrustRule, "stamp"> {
  const { kind, id, allowsPullRequests, ca } = typed;
  const issuer = issuerOf(typed);
  if (!isIssuer(issuer)) {
    throw new AccessInputError(
      `${JSON.stringify(issuer)} is no issuer: it has to begin with https:// (http:// only on this machine), without a query.`,
    );
  }
  if (kind === "oidc" && (issuer === githubIssuer || issuer === gitlabIssuer)) {
    const other = issuer === githubIssuer ? "github" : "gitlab";
    throw new AccessInputError(
      `${issuer} signs tokens for everybody: use breadbox trust ${other}, which asks for the id of the repository.`,
    );
  }
  if (id !== null && !idGrammar.test(id)) {
    throw new AccessInputError(`${JSON.stringify(id)} is no id: see --help for where to find it.`);
  }
  const demands = demandsOf(typed);
  const bound = boundOf(typed);
  try {
    assertSafe({ demands, bound });
  } catch (error) {
    if (error instanceof TrustError) throw new AccessInputError(error.message);
    throw error;
  }
  const name = parseTrustName(typed.name ?? (kind === "oidc" ? hostOf(issuer) : typed.place));
  return {
    name,
    kind,
    issuer,
    demands,
    bound,
    allowsPullRequests,
    ca: ca === null ? null : readCa(ca),
  };
}

/** @throws AccessInputError */
export function parseTrustName(name: string): string {
  if (nameGrammar.test(name)) return name;
  throw new AccessInputError(
    `${JSON.stringify(name)} is no name of a rule: letters, digits and . _ @ / + - are allowed, 128 at most, and a letter or digit first. Choose one with --name.`,
  );
}

function issuerOf({ kind, place, issuer }: TypedTrust): string {
  switch (kind) {
    case "github":
      return issuer ?? githubIssuer;
    case "gitlab":
      return issuer ?? gitlabIssuer;
    case "forgejo": {
      const instance = required(issuer, "--issuer with the URL of the instance").replace(
        /\/+$/,
        "",
      );
      return instance.endsWith("/api/actions") ? instance : `${instance}/api/actions`;
    }
    case "kubernetes":
      return required(
        issuer,
        "--issuer: kubectl get --raw /.well-known/openid-configuration shows it",
      );
    case "oidc":
      return place;
  }
}

function demandsOf({ kind, place, refs, claims }: TypedTrust): Demands {
  const demands = new Map<string, string[]>();
  const demand = (claim: string, texts: readonly string[]): void => {
    if (texts.length > 0) demands.set(claim, [...(demands.get(claim) ?? []), ...texts]);
  };
  if (kind !== "oidc" && !pathGrammar.test(place)) {
    throw new AccessInputError(`${JSON.stringify(place)} is not of the form OWNER/NAME.`);
  }
  if (kind === "github" || kind === "forgejo") demand("repository", [place]);
  if (kind === "gitlab") demand("project_path", [place]);
  if (kind === "kubernetes") demand("sub", [accountOf(place)]);
  for (const ref of refs) assertRef(kind, ref);
  // GitLab's `ref` is a name alone, of a branch or of a tag.
  demand(kind === "gitlab" ? "ref_path" : "ref", refs);
  const own = new Set(demands.keys());
  for (const text of claims) {
    const [, claim, value] = claimGrammar.exec(text) ?? [];
    if (claim === undefined || value === undefined) {
      throw new AccessInputError(`${JSON.stringify(text)} is no claim: write NAME=VALUE.`);
    }
    // Another value would be an alternative to the one that the rule is about.
    if (own.has(claim)) throw new AccessInputError(`The rule demands the claim ${claim} already.`);
    demand(claim, [value]);
  }
  return Object.fromEntries(demands);
}

function boundOf({ kind, id }: TypedTrust): TrustRule["bound"] {
  const claim = boundClaims[kind];
  if (claim === null) {
    if (id !== null) throw new AccessInputError("An issuer of any kind has no --id: use --claim.");
    return null;
  }
  return kind === "kubernetes" && id === null ? null : { claim, value: id };
}

/** Branches and tags may have the same name: a name alone would let in both. */
function assertRef(kind: TrustKind, ref: string): void {
  if (kind === "kubernetes" || kind === "oidc") {
    throw new AccessInputError("Tokens of this issuer have no --ref: use --claim.");
  }
  if (!/^refs\/(?:heads|tags)\/[^\s]{1,256}$/.test(ref)) {
    throw new AccessInputError(
      `${JSON.stringify(ref)} is no whole ref: write refs/heads/main or refs/tags/v*.`,
    );
  }
}

function accountOf(place: string): string {
  const [namespace, account, ...rest] = place.split("/");
  if (rest.length > 0) throw new AccessInputError("Write NAMESPACE/SERVICEACCOUNT.");
  return `system:serviceaccount:${namespace}:${account}`;
}

function hostOf(issuer: string): string {
  return URL.parse(issuer)?.hostname ?? "";
}

function readCa(text: string): string {
  if (text.length <= 64 * 1024 && /-----BEGIN CERTIFICATE-----/.test(text)) return text;
  throw new AccessInputError("The file of --ca holds no certificate in PEM, or more than 64 KiB.");
}

function required(value: string | null, what: string): string {
  if (value !== null) return value;
  throw new AccessInputError(`Add ${what}.`);
}
