// Who may do what on what: one pure function over rules. What no rule allows is denied.
import { type Action, type Principal, type Resource, type Who, whoIs } from "./actions.ts";
import type { Pattern } from "./patterns.ts";

/** One line of the list that `breadbox access ls` prints. */
export interface Rule {
  readonly id: number;
  readonly who: Who;
  readonly effect: "allow" | "deny";
  readonly pattern: Pattern;
  readonly actions: ReadonlySet<Action>;
}

/** An answer, with what decided. */
export interface Decision {
  readonly isAllowed: boolean;
  /** null where no rule says anything, and for administrators, who need none. */
  readonly rule: Rule | null;
}

/** Rules, sorted by whom they are about. */
export class RuleSet {
  readonly #byWho = new Map<Who, Rule[]>();

  constructor(rules: Iterable<Rule>) {
    for (const rule of rules) {
      const known = this.#byWho.get(rule.who);
      if (known === undefined) this.#byWho.set(rule.who, [rule]);
      else known.push(rule);
    }
  }

  /**
   * Decides. Rules about one user, token or workload come before those about `authenticated`, and these before those about `anonymous`:
   * the first of the three that says anything about the action and the resource decides. Where it says both, deny wins.
   */
  decide(principal: Principal, action: Action, resource: Resource): Decision {
    if (principal.kind === "user" && principal.isAdmin) return { isAllowed: true, rule: null };
    for (const who of whoIs(principal)) {
      const rule = this.#find(who, action, resource);
      if (rule !== null) return { isAllowed: rule.effect === "allow", rule };
    }
    return { isAllowed: false, rule: null };
  }

  /** True when anything at all is allowed to `principal`. */
  knows(principal: Principal): boolean {
    if (principal.kind === "user" && principal.isAdmin) return true;
    return whoIs(principal).some((who) =>
      this.#byWho.get(who)?.some(({ effect }) => effect === "allow"),
    );
  }

  #find(who: Who, action: Action, resource: Resource): Rule | null {
    let allowing: Rule | null = null;
    for (const rule of this.#byWho.get(who) ?? []) {
      if (!rule.actions.has(action)) continue;
      // A list of objects is refused where a single one of them is.
      if (rule.effect === "deny" && rule.pattern.touches(resource)) return rule;
      if (rule.effect === "allow" && rule.pattern.matches(resource)) allowing ??= rule;
    }
    return allowing;
  }
}
