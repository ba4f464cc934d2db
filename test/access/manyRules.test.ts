// Many rules: found by what they begin with, they decide as if all were looked at; lists skip what nobody may see, and nothing else.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Action, type Principal, type Resource, whoIs } from "../../src/access/actions.ts";
import { parsePattern } from "../../src/access/patterns.ts";
import type { Rule } from "../../src/access/ruleList.ts";
import { RuleSet, rulesByWho } from "../../src/access/rules.ts";
import { visiblePage } from "../../src/http/visible.ts";
import { parseRepositoryName } from "../../src/model/names.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";

const alice: Principal = { kind: "user", name: "alice", isAdmin: false };

const segments = fc.constantFrom("a", "b", "ab", "lab", "x-1", "*", "a*", "**", "?");
const paths = fc
  .array(segments, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"))
  .filter((text) => (text.match(/\*\*/g)?.length ?? 0) <= 2);
const patterns = fc.oneof(
  { arbitrary: paths, weight: 4 },
  fc
    .tuple(fc.constantFrom("bucket:a", "bucket:b", "bucket:*"), fc.option(paths))
    .map(([bucket, path]) => (path === null ? bucket : `${bucket}/${path}`)),
  fc.constantFrom("server:gc", "server:**"),
);
const rules = fc
  .array(
    fc.record({
      effect: fc.constantFrom<Rule["effect"]>("allow", "allow", "deny"),
      who: fc.constantFrom("user:alice", "user:bob", "authenticated", "anonymous"),
      text: patterns,
      actions: fc.subarray<Action>(["pull", "push"], { minLength: 1 }).map((some) => new Set(some)),
    }),
    { maxLength: 40 },
  )
  .map((lines) =>
    lines.map((line, at): Rule => ({ ...line, id: at + 1, pattern: parsePattern(line.text) })),
  );
const plain = fc.array(fc.constantFrom("a", "b", "ab", "lab", "x-1", "c"), {
  minLength: 1,
  maxLength: 3,
});
const names = plain.map((parts) => parseRepositoryName(parts.join("/")));
const resources: fc.Arbitrary<Resource> = fc.oneof(
  names.map((repository): Resource => ({ kind: "repository", repository })),
  plain.map(
    (parts): Resource => ({
      ...{ kind: "object", bucket: parseBucketName("a") },
      object: parseObjectName(parts.join("/")),
    }),
  ),
  plain.map(
    (parts): Resource => ({
      ...{ kind: "objects", bucket: parseBucketName("a") },
      prefix: parts.join("/"),
    }),
  ),
  fc.constantFrom<Resource>(
    { kind: "bucket", bucket: parseBucketName("a") },
    { kind: "server", area: "gc" },
  ),
);

const rule = (effect: Rule["effect"], text: string): Rule => ({
  ...{ id: 1, who: "user:alice", effect, text, pattern: parsePattern(text) },
  actions: new Set<Action>(["pull"]),
});

/** The rule itself: each line is looked at. */
function decide(all: readonly Rule[], action: Action, resource: Resource): number | null {
  for (const who of whoIs(alice)) {
    const about = all.filter((rule) => rule.who === who && rule.actions.has(action));
    const denying = about.find((it) => it.effect === "deny" && it.pattern.touches(resource));
    const allowing = about.find((it) => it.effect === "allow" && it.pattern.matches(resource));
    const found = denying ?? allowing;
    if (found !== undefined) return found.id;
  }
  return null;
}

describe("many rules", () => {
  test("decide as if all of them were looked at", () => {
    fc.assert(
      fc.property(rules, resources, (all, resource) => {
        const { rule } = new RuleSet(rulesByWho(all)).decide(alice, "pull", resource);
        expect(rule?.id ?? null).toBe(decide(all, "pull", resource));
      }),
      { numRuns: 5_000 },
    );
  });

  test("show every repository that may be pulled, and no other, in full pages", async () => {
    const lists = fc.uniqueArray(names, { maxLength: 60 }).map((list) => list.toSorted());
    await fc.assert(
      fc.asyncProperty(rules, lists, fc.integer({ min: 1, max: 5 }), async (all, list, limit) => {
        const set = new RuleSet(rulesByWho(all));
        const maySee = (repository: (typeof list)[number]) =>
          set.decide(alice, "pull", { kind: "repository", repository }).isAllowed;
        const seen: string[] = [];
        let after: string | null = null;
        for (let more = true; more; ) {
          const page: { items: readonly string[]; more: boolean } = await visiblePage(
            {
              list: async (behind, most) => {
                const rest = list.filter((name) => behind === null || name > behind);
                return { items: rest.slice(0, most), more: rest.length > most };
              },
              nameOf: (name) => name,
              maySee,
              seek: (name) => set.seek(alice, name),
            },
            { after, limit },
          );
          seen.push(...page.items);
          if (page.more) expect(page.items).toHaveLength(limit);
          after = page.items.at(-1) ?? null;
          ({ more } = page);
        }
        expect(seen).toEqual(list.filter(maySee));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, string, string, number]>([
    ["a few visible ones among many", "team7/**", "", 10],
    ["one that is visible at the end", "zoo/last", "", 10],
    ["none that is visible", "nothing/**", "", 10],
    ["many that a rule denies", "**", "hidden/**", 10],
  ])("with %s few rows are read", async (_, allowed, denied, most) => {
    const lines: Rule[] = [rule("allow", allowed)];
    if (denied !== "") lines.push({ ...rule("deny", denied), id: 2 });
    const set = new RuleSet(rulesByWho(lines));
    const hidden = Array.from({ length: 100_000 }, (_, at) => `hidden/app${at}`);
    const teams = Array.from({ length: 20 }, (_, at) => [`team${at}/a`, `team${at}/b`]).flat();
    const all = [...hidden, ...teams, "zoo/last"].map(parseRepositoryName).toSorted();
    let [asked, read] = [0, 0];
    const { items } = await visiblePage(
      {
        list: async (behind, limit) => {
          asked += 1;
          const start = behind === null ? 0 : all.findIndex((name) => name > behind);
          const found = start === -1 ? [] : all.slice(start, start + limit);
          read += found.length;
          return { items: found, more: start !== -1 && start + limit < all.length };
        },
        nameOf: (name) => name,
        maySee: (repository) =>
          set.decide(alice, "pull", { kind: "repository", repository }).isAllowed,
        seek: (name) => set.seek(alice, name),
      },
      { after: null, limit: 3 },
    );
    expect(items.length).toBe(
      { "team7/**": 2, "zoo/last": 1, "nothing/**": 0, "**": 3 }[allowed] ?? -1,
    );
    expect([asked <= 3, read <= most]).toEqual([true, true]);
  });
});
