// The rules about one user, token or group, found by what their patterns begin with: a decision among 100,000 takes as long as among ten.
import type { Action, Resource } from "./actions.ts";
import type { Pattern } from "./patterns.ts";
import { Starts } from "./starts.ts";

/** One line of the list that `breadbox access ls` prints. */
export interface Rule {
  readonly id: number;
  readonly who: string;
  readonly effect: "allow" | "deny";
  /** As it was written. */
  readonly text: string;
  readonly pattern: Pattern;
  readonly actions: ReadonlySet<Action>;
}

/** So few are looked at one by one. */
const fewRules = 4;

export class RuleList {
  readonly #rules: readonly Rule[];
  readonly #byKey = new Map<string, Rule[]>();
  readonly #denies: readonly Rule[];
  /** True when one of them allows something. */
  readonly allows: boolean;
  #pullable: Starts | null = null;

  /** @param rules in the order of their ids. */
  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#denies = rules.filter(({ effect }) => effect === "deny");
    this.allows = this.#denies.length < rules.length;
    if (rules.length <= fewRules) return;
    for (const rule of rules) {
      const key = keyOf(rule.text);
      const known = this.#byKey.get(key);
      if (known === undefined) this.#byKey.set(key, [rule]);
      else known.push(rule);
    }
  }

  /** The rule that decides, null when none says anything. Where rules say both, deny wins; among several the oldest is named. */
  find(action: Action, resource: Resource): Rule | null {
    let [allowing, denying]: (Rule | null)[] = [null, null];
    for (const rule of this.#about(resource)) {
      if (!rule.actions.has(action)) continue;
      const { effect, pattern } = rule;
      // A list of objects is refused where a single one of them is.
      if (effect === "deny" && pattern.touches(resource)) denying = older(denying, rule);
      if (effect === "allow" && pattern.matches(resource)) allowing = older(allowing, rule);
    }
    return denying ?? allowing ?? null;
  }

  /** True when no repository whose name begins with `prefix` may be pulled, whatever other lists say. */
  deniesBelow(prefix: string): boolean {
    return this.#denies.some(
      ({ actions, pattern }) => actions.has("pull") && pattern.covers(prefix),
    );
  }

  /** What names of repositories begin with that a rule allows to pull. */
  get pullable(): Starts {
    this.#pullable ??= new Starts(
      this.#rules
        .filter(({ effect, actions }) => effect === "allow" && actions.has("pull"))
        .flatMap(({ text }) => (/^(?:bucket|server):/.test(text) ? [] : startOf(text))),
    );
    return this.#pullable;
  }

  #about(resource: Resource): Iterable<Rule> {
    const keys = this.#byKey.size === 0 ? null : keysOf(resource);
    return keys === null ? this.#rules : keys.flatMap((key) => this.#byKey.get(key) ?? []);
  }
}

function older(known: Rule | null | undefined, rule: Rule): Rule {
  return known !== null && known !== undefined && known.id < rule.id ? known : rule;
}

/** A pattern's text up to its first wildcard. */
function startOf(text: string): string {
  return text.slice(0, text.search(/[*?]|$/));
}

/** A pattern without a wildcard is found by all of its text, another one by its slashes before the first wildcard. */
function keyOf(text: string): string {
  const start = startOf(text);
  if (start !== text) return start.slice(0, start.lastIndexOf("/") + 1);
  // It is about the bucket and about all of its objects.
  return text.startsWith("bucket:") && !text.includes("/") ? `${text}/` : text;
}

/** The keys of all patterns that may match; null when any may. */
function keysOf(resource: Resource): readonly string[] | null {
  switch (resource.kind) {
    case "repository":
      return keysWithin(resource.repository);
    case "object":
      return keysWithin(`bucket:${resource.bucket}/${resource.object}`);
    case "bucket":
      return ["", `bucket:${resource.bucket}/`];
    case "server":
      return ["", `server:${resource.area}`];
    case "objects":
      return null;
  }
}

function keysWithin(name: string): readonly string[] {
  return ["", ...foldersOf(name), name];
}

/** `a/b/c` → `a/`, `a/b/`. */
export function foldersOf(name: string): readonly string[] {
  const folders: string[] = [];
  for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1)) {
    folders.push(name.slice(0, at + 1));
  }
  return folders;
}
