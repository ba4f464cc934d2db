// When the wall clock is believed: readings in, verdicts out.
import { describe, expect, test } from "bun:test";
import { judgeClock as judge, spanText } from "../../src/clock/clockTrust.ts";
import type { ClockAnchor, ClockReading } from "../../src/metadata/clockAnchor.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;
const wall = Date.UTC(2026, 0, 1);

/** On one machine. */
const judgeClock = (own: ClockAnchor | null, ...rest: readonly [ClockReading, number]) =>
  judge({ own, other: null }, ...rest);

/** A look ten hours after the machine started. */
const anchor: ClockAnchor = { boot: "a", uptime: 10 * hour, wall, distrustUntil: 0 };

/** A later look at the same run of the machine. */
const later = (passed: number, step = 0) => ({
  boot: "a",
  uptime: anchor.uptime + passed,
  wall: wall + passed + step,
});

describe("within one run of the machine, the wall clock", () => {
  test("is trusted while it agrees with the uptime, however long ago the last look was", () => {
    expect(judgeClock(anchor, later(90 * day), hour)).toEqual({
      kind: "trusted",
      anchor: { ...later(90 * day), distrustUntil: 0 },
      setBackMs: 0,
    });
  });

  test("is trusted at the first look", () => {
    expect(judgeClock(null, later(0), hour)).toMatchObject({ kind: "trusted", setBackMs: 0 });
  });

  test("is trusted when it drifts by less than a minute", () => {
    expect(judgeClock(anchor, later(day, 59_000), hour).kind).toBe("trusted");
  });

  test("is doubted after a step forward until every earlier lease has run out", () => {
    const jump = later(minute, 10 * year);

    const verdict = judgeClock(anchor, jump, hour);

    expect(verdict).toEqual({
      kind: "doubted",
      anchor: { ...jump, distrustUntil: jump.uptime + hour },
      waitMs: hour,
      cause: "the clock was set forward by 3650 days",
      postponed: {
        endingAfter: wall + minute + hour,
        given: { after: wall + 10 * year, until: jump.wall + hour },
        byMs: 10 * year,
      },
    });
    const half = { ...jump, uptime: jump.uptime + hour / 2, wall: jump.wall + hour / 2 };
    expect(judgeClock(verdict.anchor, half, hour)).toMatchObject({
      kind: "doubted",
      waitMs: hour / 2,
    });
    const whole = { ...jump, uptime: jump.uptime + hour, wall: jump.wall + hour };
    expect(judgeClock(verdict.anchor, whole, hour)).toMatchObject({ kind: "trusted" });
  });

  test("is trusted after a step back, whose length is reported: content is kept for longer", () => {
    expect(judgeClock(anchor, later(minute, -day), hour)).toMatchObject({
      kind: "trusted",
      setBackMs: day,
    });
  });

  test("counts as set forward when a step back is corrected", () => {
    const back = judgeClock(anchor, later(minute, -day), hour);

    expect(judgeClock(back.anchor, later(2 * minute), hour)).toMatchObject({ kind: "doubted" });
  });

  test("stays in doubt when it is set back", () => {
    const forward = judgeClock(anchor, later(minute, day), hour);

    expect(judgeClock(forward.anchor, later(2 * minute), hour)).toMatchObject({
      kind: "doubted",
      waitMs: hour - minute,
    });
  });
});

describe("after a restart of the machine, the wall clock", () => {
  const started = (uptime: number, off: number) => ({
    boot: "b",
    uptime,
    wall: wall + off + uptime,
  });

  test("is trusted after minutes of downtime", () => {
    expect(judgeClock(anchor, started(minute, 5 * minute), hour).kind).toBe("trusted");
  });

  test("is doubted after a long downtime until every lease has run out by the uptime", () => {
    expect(judgeClock(anchor, started(10 * minute, 30 * day), hour)).toMatchObject({
      kind: "doubted",
      waitMs: 50 * minute,
    });
    expect(judgeClock(anchor, started(hour, 30 * day), hour).kind).toBe("trusted");
  });

  test("counts as set forward when it starts in 1970 and is then corrected", () => {
    const first = { boot: "b", uptime: 20_000, wall: 20_000 };
    const begun = judgeClock(anchor, first, hour);
    expect(begun).toMatchObject({ kind: "trusted", setBackMs: wall });

    const learned = judgeClock(begun.anchor, { ...first, uptime: 40_000, wall }, hour);

    expect(learned).toMatchObject({ kind: "doubted", waitMs: hour });
  });

  test("stays in doubt when it was in doubt before", () => {
    const forward = judgeClock(anchor, later(minute, 2 * hour), hour);

    const next = { boot: "b", uptime: minute, wall: forward.anchor.wall + 2 * minute };

    expect(judgeClock(forward.anchor, next, hour)).toMatchObject({
      kind: "doubted",
      waitMs: 59 * minute,
    });
  });

  test("is compared as after a restart when the uptime is smaller under the same boot id, as in containers", () => {
    const counted = { boot: "a", uptime: minute, wall: wall + 5 * minute };

    expect(judgeClock(anchor, counted, hour).kind).toBe("trusted");
  });
});

test("durations are printed in their largest unit, rounded up", () => {
  expect([1, 1500, 59_000, 61_000, hour, 25 * hour].map(spanText)).toEqual([
    "1 second",
    "2 seconds",
    "59 seconds",
    "2 minutes",
    "1 hour",
    "2 days",
  ]);
});

describe("the first look of a machine, after those of others,", () => {
  /** Machines have uptimes of their own. */
  const reading = (passed: number) => ({ boot: "b", uptime: 90 * day, wall: wall + passed });
  const after = (other: ClockAnchor, passed: number) =>
    judge({ own: null, other }, reading(passed), 2 * day);

  test("trusts the clock that they trust, and says by how much it was set back", () => {
    expect(after(anchor, hour)).toMatchObject({ kind: "trusted", setBackMs: 0 });
    expect(after(anchor, -hour)).toMatchObject({ kind: "trusted", setBackMs: hour });
  });

  test("shares their doubt until it is over", () => {
    const doubting = { ...anchor, distrustUntil: anchor.uptime + 5 * hour };

    expect(after(doubting, hour)).toMatchObject({ kind: "doubted", waitMs: 4 * hour });
    expect(after(doubting, 5 * hour)).toMatchObject({ kind: "trusted" });
    // The clock is right again.
    expect(after(doubting, -year)).toMatchObject({ kind: "trusted", setBackMs: year });
  });

  test("doubts a clock that nobody seems to have looked at for long", () => {
    expect(after(anchor, 24 * hour)).toMatchObject({ kind: "trusted" });
    expect(after(anchor, 24 * hour + 1)).toMatchObject({ kind: "doubted", waitMs: 2 * day });
  });

  test("is no exception: whoever trusts the clock shares the doubt of another machine", () => {
    const doubting = { ...anchor, boot: "c", distrustUntil: anchor.uptime + 5 * hour };
    const both = judge({ own: anchor, other: doubting }, later(hour), 2 * day);
    const own = judge({ own: anchor, other: { ...anchor, boot: "c" } }, later(hour), 2 * day);

    expect(both).toMatchObject({ kind: "doubted", waitMs: 4 * hour });
    expect(own.kind).toBe("trusted");
  });
});
