// The states of an upload in parts: every pair of them.
import { describe, expect, test } from "bun:test";
import type { MultipartState } from "../../src/model/multipartState.ts";
import {
  advanceState,
  assertMayBecome,
  isEligible,
  type Lifetime,
  mayFollow,
} from "../../src/objects/state.ts";
import { refusalBy } from "./refusal.ts";

const states: readonly MultipartState[] = [
  "initiated",
  "uploading",
  "completed",
  "aborted",
  "expired",
];
const allowed: readonly string[] = [
  "initiated → uploading",
  "initiated → aborted",
  "initiated → expired",
  "uploading → uploading",
  "uploading → completed",
  "uploading → aborted",
  "uploading → expired",
];
const pairs = states.flatMap((from) =>
  states.map((to) => ({ from, to, may: allowed.includes(`${from} → ${to}`) })),
);

describe("a multipart upload", () => {
  test.each(pairs)("that is $from may become $to: $may", ({ from, to, may }) => {
    expect(mayFollow(from, to)).toBe(may);
    if (may) expect(advanceState(from, to)).toBe(to);
    else expect(refusalBy(() => advanceState(from, to))).toMatchObject({ status: 409 });
  });

  test("without a part is refused completion", () => {
    const refusal = refusalBy(() => advanceState("initiated", "completed"));

    expect(refusal.message).toContain("no part yet");
    expect(refusal.detail).toEqual({ state: "initiated" });
  });
});

const open: Lifetime = { state: "uploading", expiresAt: 1000, claimOwner: null };

describe("a request to a multipart upload", () => {
  test.each<[string, Partial<Lifetime>, number, string | null]>([
    ["meets an open upload", {}, 1000, null],
    ["meets one that is over by a moment", {}, 1001, "MULTIPART_STATE"],
    ["meets one that is being completed", { claimOwner: "a" }, 500, "MULTIPART_COMPLETING"],
    ["meets a completion before an end", { claimOwner: "a" }, 2000, "MULTIPART_COMPLETING"],
  ])("%s", (_, differing, now, situation) => {
    const ask = () => assertMayBecome({ ...open, ...differing }, "completed", now);

    if (situation === null) expect(ask).not.toThrow();
    else expect(String(refusalBy(ask).situation)).toBe(situation);
  });

  test("finds no expired upload while the clock is in doubt", () => {
    expect(() => assertMayBecome(open, "uploading", null)).not.toThrow();
    expect(() => assertMayBecome(open, "completed", null)).not.toThrow();
  });

  test("may abort an expired upload as long as it uses space", () => {
    expect(() => assertMayBecome(open, "aborted", 1001)).not.toThrow();
  });

  test("finds an upload expired before any sweep noticed it", () => {
    expect(refusalBy(() => assertMayBecome(open, "uploading", 2000)).detail).toEqual({
      state: "expired",
    });
  });
});

describe("the sweep", () => {
  const graceMs = 60;

  test.each<[string, Partial<Lifetime>, number, boolean]>([
    ["ends an upload once its grace period is over", {}, 1061, true],
    ["leaves it for all of its grace period", {}, 1060, false],
    ["ends one that never had a part", { state: "initiated" }, 1061, true],
    ["leaves one that is being completed", { claimOwner: "a" }, 1061, false],
    ["leaves one that was completed", { state: "completed" }, 9999, false],
    ["leaves one that was aborted", { state: "aborted" }, 9999, false],
    ["leaves one that has expired", { state: "expired" }, 9999, false],
  ])("%s", (_, differing, now, eligible) => {
    expect(isEligible({ ...open, ...differing }, now, graceMs)).toBe(eligible);
  });
});
