// Scopes of Docker's token protocol (distribution, "Token Scope Documentation"): `repository:team/app:pull,push`.
import { type RepositoryName, readRepositoryName } from "../model/names.ts";

/** Actions that clients ask for. `*` of a repository is what `delete` needs too. */
export type ScopeAction = "pull" | "push" | "delete" | "*";

/** One thing that a client asks for, or that a token gives. */
export type Scope =
  | {
      readonly type: "repository";
      readonly name: RepositoryName;
      readonly actions: readonly ScopeAction[];
    }
  | { readonly type: "registry"; readonly name: "catalog"; readonly actions: readonly ["*"] };

/** More would make a token that no header holds. */
export const mostScopes = 32;

/**
 * Reads scopes as they arrive: several parameters, each with one or more scopes between spaces. What is unknown is left out, as the
 * protocol wants it: the token gives less then.
 */
export function readScopes(texts: readonly string[]): readonly Scope[] {
  const scopes = new Map<string, Scope>();
  for (const text of texts.flatMap((each) => each.split(" "))) {
    const scope = readScope(text);
    if (scope === null) continue;
    const key = `${scope.type}:${scope.name}`;
    const known = scopes.get(key);
    if (known === undefined && scopes.size >= mostScopes) continue;
    scopes.set(key, known === undefined ? scope : merged(known, scope));
  }
  return [...scopes.values()];
}

function readScope(text: string): Scope | null {
  if (text === "registry:catalog:*") return { type: "registry", name: "catalog", actions: ["*"] };
  // A repository's name holds no colon, but crane and others send a host with its port before it: such a name is none of ours.
  const [type = "", name = "", asked = "", ...rest] = text.split(":");
  if (rest.length > 0 || !/^repository(?:\([a-z]+\))?$/.test(type)) return null;
  const repository = readRepositoryName(name);
  if (repository === null) return null;
  const actions = asked.split(",").filter(isAction);
  return { type: "repository", name: repository, actions: [...new Set(actions)] };
}

function merged(known: Scope, more: Scope): Scope {
  if (known.type === "registry" || more.type === "registry") return known;
  return { ...known, actions: [...new Set([...known.actions, ...more.actions])] };
}

const isAction = (text: string): text is ScopeAction =>
  ["pull", "push", "delete", "*"].includes(text);
