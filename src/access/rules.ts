// Who may do what on what: one pure function over rules. What no rule allows is denied.
import { type Action, type Principal, type Resource, type Who, whoIs } from "./actions.ts";
import { foldersOf, type Rule, RuleList } from "./ruleList.ts";
import { endOf } from "./starts.ts";

/** An answer, with what decided. */
export interface Decision {
  readonly isAllowed: boolean;
  /** null where no rule says anything, and for administrators, who need none. */
  readonly rule: Rule | null;
}

/** Rules in the order of their ids → by whom they are about. */
export function rulesByWho(rules: Iterable<Rule>): ReadonlyMap<string, RuleList> {
  const groups = Map.groupBy(rules, ({ who }) => who);
  return new Map([...groups].map(([who, group]) => [who, new RuleList(group)]));
}

/** Lists of rules, asked about callers. */
export class RuleSet {
  readonly #byWho: ReadonlyMap<string, RuleList>;

  constructor(byWho: ReadonlyMap<string, RuleList>) {
    this.#byWho = byWho;
  }

  /**
   * Decides. Rules about one user, token or workload come before those about `authenticated`, and these before those about `anonymous`:
   * the first of the three that says anything about the action and the resource decides. Where it says both, deny wins.
   */
  decide(principal: Principal, action: Action, resource: Resource): Decision {
    if (isAdmin(principal)) return { isAllowed: true, rule: null };
    for (const list of this.#listsOf(principal)) {
      const rule = list.find(action, resource);
      if (rule !== null) return { isAllowed: rule.effect === "allow", rule };
    }
    return { isAllowed: false, rule: null };
  }

  /** True when anything at all is allowed to `principal`. */
  knows(principal: Principal): boolean {
    return isAdmin(principal) || this.#listsOf(principal).some(({ allows }) => allows);
  }

  /**
   * For lists of repositories: the next one behind `name` that `principal` may pull, if there is any, is behind what is returned. null when
   * there is none.
   */
  seek(principal: Principal, name: string): string | null {
    if (isAdmin(principal)) return name;
    const lists = this.#listsOf(principal);
    const closed = foldersOf(name).find((folder) => !mayPullBelow(lists, folder));
    const from = closed === undefined ? name : endOf(closed);
    const next = lists.flatMap(({ pullable }) => pullable.seek(from) ?? []);
    return next.toSorted()[0] ?? null;
  }

  #listsOf(principal: Principal): readonly RuleList[] {
    return whoIs(principal).flatMap((who: Who) => this.#byWho.get(who) ?? []);
  }
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === "user" && principal.isAdmin;
}

/** Lists in the order in which they decide. */
function mayPullBelow(lists: readonly RuleList[], folder: string): boolean {
  for (const list of lists) {
    if (list.deniesBelow(folder)) return false;
    if (list.pullable.meet(folder)) return true;
  }
  return false;
}
