// Which problems an operator still has to care for, after several checks of different depth.
import { describe, expect, test } from "bun:test";
import { openFindings, standingProblems } from "../../src/fsck/standing.ts";
import type { CheckSummary, FindingCount } from "../../src/metadata/checks.ts";

const missing: FindingCount = {
  ...{ kind: "content_missing", severity: "problem", outcome: null, count: 2 },
};
const setAside: FindingCount = { ...missing, kind: "content_hash_differs", outcome: "waits" };
const wrong: FindingCount = { ...missing, kind: "content_hash_differs" };

/** A check that lasted from one second to the next. */
const check = (startedAt: number, changes: Partial<CheckSummary>): CheckSummary => ({
  ...{ id: `${startedAt}`, kind: "fsck", trigger: "command", full: false, repair: false },
  ...{ state: (changes.kinds ?? []).length === 0 ? "clean" : "problems", kinds: [] },
  ...{ startedAt, finishedAt: startedAt + 1, contents: 1, bytes: 1 },
  ...{ reason: null, progress: null, ...changes },
});
const standing = (...latest: readonly CheckSummary[]) => standingProblems(latest)?.startedAt;

describe("problems of a check", () => {
  test("stand until a later check of the same depth finds none", () => {
    const found = check(1, { kinds: [missing] });

    expect(standing(found)).toBe(1);
    expect(standing(check(5, {}), found)).toBeUndefined();
    expect(standing(found, check(0, {}))).toBe(1);
  });

  test("that only reading finds stand while no later check has read everything", () => {
    const found = check(1, { full: true, kinds: [wrong] });

    expect(standing(check(5, {}), found)).toBe(1);
    expect(standing(check(5, { full: true }), found)).toBeUndefined();
  });

  test("that wait for a push are over when a quick check finds none", () => {
    const found = check(1, { full: true, kinds: [setAside] });
    const pass = check(2, { kind: "scrub", full: true, kinds: [setAside] });

    expect(standing(pass, found)).toBe(2);
    expect(standing(check(5, {}), pass, found)).toBeUndefined();
  });

  test("are not shown to be over by a pass of the scrub, a check that began before their end or one that broke off", () => {
    const found = check(1, { kinds: [missing] });
    const running = check(5, { state: "running", finishedAt: null });

    expect(standing(check(5, { kind: "scrub", full: true }), found)).toBe(1);
    expect(standing(check(1, {}), found)).toBe(1);
    expect(standing(running, found)).toBe(1);
  });

  test("of a running pass stand already", () => {
    const pass = { kind: "scrub", full: true, state: "running", finishedAt: null } as const;

    expect(standing(check(1, { ...pass, kinds: [setAside] }))).toBe(1);
  });

  test("are not those that a repair has solved, nor notices", () => {
    const solved: FindingCount = { ...missing, outcome: "solved" };
    const notice: FindingCount = { ...missing, severity: "notice" };

    expect(openFindings({ kinds: [solved, notice, missing] })).toBe(2);
    expect(standing(check(1, { kinds: [solved, notice] }))).toBeUndefined();
  });
});
