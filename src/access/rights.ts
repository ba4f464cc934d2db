// What one caller may do: the rules about it, and, with a bearer token, what the token was made for.
import type { Action, Principal, Resource } from "./actions.ts";
import type { RuleSet } from "./rules.ts";
import type { Scope, ScopeAction } from "./scopes.ts";

/** Asked by whoever answers a request. */
export interface Rights {
  readonly principal: Principal;
  /** False when nothing at all is allowed. */
  readonly mayAnything: boolean;
  may(action: Action, resource: Resource): boolean;
  /** For lists of repositories: the next one behind `name` that may be pulled is behind what is returned; null when there is none. */
  seek(name: string): string | null;
}

/** Answers that are remembered. */
const mostPulls = 64;
const nobody: Principal = { kind: "anonymous" };

/** Of a server without a login: everybody may do everything. */
export const everything: Rights = {
  principal: nobody,
  mayAnything: true,
  may: () => true,
  seek: (name) => name,
};

/** Of a request that nobody has judged yet. */
export const nothing: Rights = {
  principal: nobody,
  mayAnything: false,
  may: () => false,
  seek: () => null,
};

/** What the rights of a caller follow from. */
export interface Grounds {
  readonly rules: RuleSet;
  /** null for callers whose credentials give everything that they may. */
  readonly scopes: readonly Scope[] | null;
  /** What is allowed in every repository where no rule says anything. */
  readonly everywhere?: ReadonlySet<Action> | undefined;
}

/** What a caller may do: what its rules say, else what is allowed everywhere; and no more than its scopes name. */
export function rightsOf(
  principal: Principal,
  { rules, scopes, everywhere = new Set() }: Grounds,
): Rights {
  const isAllowed = (action: Action, resource: Resource): boolean => {
    const decision = rules.decide(principal, action, resource);
    if (decision.isAllowed || decision.rule !== null) return decision.isAllowed;
    return resource.kind === "repository" && everywhere.has(action);
  };
  const judge = (action: Action, resource: Resource): boolean =>
    (scopes === null || scopes.some((scope) => isWithin(scope, action, resource))) &&
    isAllowed(action, resource);
  // Rights are kept until a rule changes, and most requests of a caller are pulls from the same few repositories.
  const pulls = new Map<string, boolean>();
  const judgePull = (resource: Extract<Resource, { kind: "repository" }>): boolean => {
    const known = pulls.get(resource.repository);
    if (known !== undefined) return known;
    const answer = judge("pull", resource);
    if (pulls.size < mostPulls) pulls.set(resource.repository, answer);
    return answer;
  };
  return {
    principal,
    get mayAnything() {
      return everywhere.size > 0 || rules.knows(principal);
    },
    may: (action, resource) =>
      action === "pull" && resource.kind === "repository"
        ? judgePull(resource)
        : judge(action, resource),
    seek: (name) => (everywhere.has("pull") ? name : rules.seek(principal, name)),
  };
}

/** What a scope has to name for each action; nobody can ask for `admin`. */
const needed: Readonly<Record<Action, ScopeAction | null>> = {
  pull: "pull",
  push: "push",
  overwrite: "push",
  delete: "delete",
  admin: null,
};

function isWithin(scope: Scope, action: Action, resource: Resource): boolean {
  if (scope.type !== "repository" || resource.kind !== "repository") return false;
  const wanted = needed[action];
  return scope.name === resource.repository && wanted !== null && scope.actions.includes(wanted);
}

/** What of `asked` the caller may do: a token gives no more, and nobody is told what is missing. */
export function grantedOf(asked: readonly Scope[], rights: Rights): readonly Scope[] {
  return asked.flatMap((scope): readonly Scope[] => {
    if (scope.type === "registry") return [scope];
    const wanted: readonly ScopeAction[] = scope.actions.includes("*")
      ? ["pull", "push", "delete"]
      : scope.actions;
    const resource = { kind: "repository", repository: scope.name } as const;
    const actions = wanted.filter((action) => action !== "*" && rights.may(action, resource));
    return actions.length === 0 ? [] : [{ ...scope, actions }];
  });
}
