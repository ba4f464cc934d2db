// Rules: which of them decides, and what no rule allows.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Action, actions, type Principal, type Resource } from "../../src/access/actions.ts";
import { parsePattern } from "../../src/access/patterns.ts";
import type { Rule } from "../../src/access/ruleList.ts";
import { RuleSet, rulesByWho } from "../../src/access/rules.ts";
import { parseRepositoryName } from "../../src/model/names.ts";

const repository = (name: string): Resource => ({
  kind: "repository",
  repository: parseRepositoryName(name),
});
const alice: Principal = { kind: "user", name: "alice", isAdmin: false };
const anonymous: Principal = { kind: "anonymous" };

type Line = readonly [Rule["effect"], Rule["who"], string, ...Action[]];

const rulesOf = (...lines: readonly Line[]): RuleSet =>
  new RuleSet(
    rulesByWho(
      lines.map(([effect, who, pattern, ...allowed], index) => ({
        id: index + 1,
        effect,
        who,
        text: pattern,
        pattern: parsePattern(pattern),
        actions: new Set(allowed),
      })),
    ),
  );

describe("a decision", () => {
  test("denies what no rule allows, to everybody but administrators", () => {
    const rules = rulesOf();
    const admin: Principal = { kind: "user", name: "root", isAdmin: true };

    for (const action of actions) {
      expect(rules.decide(alice, action, repository("lab/app")).isAllowed).toBeFalse();
      expect(rules.decide(anonymous, action, repository("lab/app")).isAllowed).toBeFalse();
      expect(rules.decide(admin, action, repository("lab/app")).isAllowed).toBeTrue();
    }
  });

  test("allows exactly the actions that a rule lists: push is no overwrite, and neither is a pull", () => {
    const rules = rulesOf(["allow", "user:alice", "lab/**", "push"]);

    const allowed = actions.filter(
      (action) => rules.decide(alice, action, repository("lab/app")).isAllowed,
    );

    expect(allowed).toEqual(["push"]);
  });

  test("gives everybody what anonymous may, and all who are logged in what authenticated may", () => {
    const rules = rulesOf(
      ["allow", "anonymous", "public/**", "pull"],
      ["allow", "authenticated", "lab/**", "pull"],
    );
    const may = (principal: Principal, name: string): boolean =>
      rules.decide(principal, "pull", repository(name)).isAllowed;

    expect([may(anonymous, "public/app"), may(anonymous, "lab/app")]).toEqual([true, false]);
    expect([may(alice, "public/app"), may(alice, "lab/app")]).toEqual([true, true]);
  });

  test("is made by the rules about the user before those about everybody", () => {
    const rules = rulesOf(
      ["allow", "anonymous", "**", "pull"],
      ["deny", "anonymous", "secret/**", "pull"],
      ["allow", "user:alice", "secret/app", "pull"],
      ["deny", "user:alice", "public/**", "pull"],
    );
    const by = (principal: Principal, name: string): number | undefined =>
      rules.decide(principal, "pull", repository(name)).rule?.id;

    expect([by(anonymous, "secret/app"), by(alice, "secret/app")]).toEqual([2, 3]);
    expect([by(alice, "secret/other"), by(alice, "public/app")]).toEqual([2, 4]);
  });

  test("denies where rules about the same user say both", () => {
    const rules = rulesOf(
      ["allow", "user:alice", "lab/**", "pull"],
      ["deny", "user:alice", "lab/secret", "pull"],
    );

    expect(rules.decide(alice, "pull", repository("lab/secret")).isAllowed).toBeFalse();
    expect(rules.decide(alice, "pull", repository("lab/app")).isAllowed).toBeTrue();
  });

  test("never takes the name of a user for that of a token, a workload or everybody", () => {
    const names = fc.constantFrom("anonymous", "authenticated", "user:a", "a", "token:a", "**");
    fc.assert(
      fc.property(names, names, (granted, asking) => {
        const rules = rulesOf(["allow", `token:${granted}`, "**", "pull"]);
        const user: Principal = { kind: "user", name: asking, isAdmin: false };
        expect(rules.decide(user, "pull", repository("lab/app")).isAllowed).toBeFalse();
        expect(rules.knows(user)).toBeFalse();
      }),
    );
  });
});
