// Globs: which names they match, of any characters, and that no pair of glob and name is slow.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { globOf, globOfStart, matcherOf } from "../../src/model/glob.ts";

/** The rule itself, character by character. */
function fits(glob: readonly string[], name: readonly string[]): boolean {
  const known = new Map<string, boolean>();
  const from = (g: number, n: number): boolean => {
    const key = `${g} ${n}`;
    const found = known.get(key) ?? fitsFrom(g, n);
    known.set(key, found);
    return found;
  };
  const fitsFrom = (g: number, n: number): boolean => {
    const sign = glob[g];
    if (sign === undefined) return n === name.length;
    const letter = name[n];
    if (sign === "*" || sign === "**") {
      const goesOn = letter !== undefined && (sign === "**" || letter !== "/");
      return from(g + 1, n) || (goesOn && from(g, n + 1));
    }
    const isSame = sign === "?" ? letter !== undefined && letter !== "/" : letter === sign;
    return isSame && from(g + 1, n + 1);
  };
  return from(0, 0);
}

const letters = ["a", "b", "/", "-", "\u2028", "😀"];
const globs = fc.array(fc.constantFrom(...letters, "a", "?", "*", "**"), { maxLength: 10 });
const names = fc.array(fc.constantFrom(...letters, "a", "a"), { maxLength: 12 });
/** Of `*` and `**` in a row the text shows one `**`. */
const asRead = (glob: readonly string[]): string[] =>
  [...glob.join("").matchAll(/\*{2,}|./gsu)].map(([sign]) => (sign.startsWith("**") ? "**" : sign));

describe("a glob", () => {
  test("matches what its rule says, whatever the characters", () => {
    fc.assert(
      fc.property(globs, names, (glob, name) => {
        const isMatch = fits(asRead(glob), name);
        expect(globOf(glob.join("")).test(name.join(""))).toBe(isMatch);
        expect(matcherOf(glob.join(""))(name.join(""))).toBe(isMatch);
      }),
      { numRuns: 20_000 },
    );
  });

  test("for a beginning matches the names that go on in any way", () => {
    fc.assert(
      fc.property(globs, names, (glob, name) => {
        const text = glob.join("");
        const goesOn = fits([...asRead(glob), "**"], name);
        expect(globOfStart(text).test(name.join(""))).toBe(goesOn);
      }),
      { numRuns: 20_000 },
    );
  });

  test("with many stars is quick on the longest names that nearly fit", () => {
    const stars = [
      "*a*a*a*a*a*a*b",
      "**a*a*a*a*a*b",
      "**a**a*a*a*b",
      "a*-*-*-*-*-prod",
      "**/*?*?*?b",
    ];
    const longest = ["a".repeat(1024), `a${"-".repeat(1022)}a`, "a/".repeat(512)];
    const started = performance.now();
    for (const star of stars) {
      for (const name of longest) expect(globOf(star).test(name)).toBe(false);
    }
    // Some ms; each star used to multiply them by a thousand.
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
