import { describe, expect, test } from "bun:test";
import { AgeClock } from "../../src/clock/ageClock.ts";
import { watchClock } from "../../src/clock/clockWatch.ts";
import type { ClockAnchor } from "../../src/metadata/clockAnchor.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 0, 1);
const patience = 26 * hour;

/** A machine with a wall clock that anybody may set; both clocks go on with `pass`. */
function machine() {
  let wall = start;
  let elapsed = 0;
  let slept = 0;
  let anchor: ClockAnchor | null = null;
  const lines: { readonly level: string; readonly fields: object; readonly text: string }[] = [];
  const note = (level: string) => (fields: object, text: string) =>
    void lines.push({ level, fields, text });
  const metadata = {
    findClockAnchors: async () => ({ own: anchor, other: null }),
    replaceClockAnchor: async (_: ClockAnchor | null, next: ClockAnchor) => {
      anchor = next;
      return true;
    },
  };
  const clock = () => wall;
  const readUptime = async () => ({ boot: "this boot", uptime: hour + elapsed + slept });
  const open = () =>
    new AgeClock({
      clock,
      elapsed: () => elapsed,
      look: () => watchClock({ metadata, clock, readUptime }, patience),
      log: { warn: note("warn"), info: note("info") },
    });
  return {
    open,
    lines,
    set: (ms: number) => {
      wall += ms;
    },
    pass: (ms: number) => {
      wall += ms;
      elapsed += ms;
    },
    /** Only the machine's uptime counts on. */
    sleep: (ms: number) => {
      wall += ms;
      slept += ms;
    },
    wall: clock,
  };
}

describe("the age clock", () => {
  test("is unknown before the first look and advances with the wall clock afterwards", async () => {
    const { open, pass, wall } = machine();
    const ages = open();
    const before = ages.now();
    await ages.look();
    pass(hour);

    expect([before, ages.now()]).toEqual([null, wall()]);
  });

  test("counts whole milliseconds, and none that is not over", async () => {
    const { open, pass, set, wall } = machine();
    const ages = open();
    await ages.look();
    pass(minute + 0.75);
    set(minute);

    expect(ages.now()).toBe(Math.floor(wall() - minute));
  });

  test("does not follow a step forward between two looks, and is unknown after the next look", async () => {
    const { open, pass, set, wall } = machine();
    const ages = open();
    await ages.look();
    pass(minute);
    const right = wall();
    set(25 * hour);

    expect(ages.now()).toBe(right);
    await ages.look();
    expect(ages.now()).toBeNull();
  });

  test("does not follow steps too small to be doubted, however many", async () => {
    const { open, pass, set, wall } = machine();
    const ages = open();
    await ages.look();
    for (let count = 0; count < 10; count += 1) {
      set(50_000);
      pass(minute);
      await ages.look();
    }

    expect(ages.now()).toBe(wall() - 500_000);
  });

  test("follows the wall clock over a sleep of the machine", async () => {
    const { open, sleep, wall } = machine();
    const ages = open();
    await ages.look();
    sleep(10 * hour);
    await ages.look();

    expect(ages.now()).toBe(wall());
  });

  test("follows a step back at once, so that new rows do not look old", async () => {
    const { open, pass, set, wall } = machine();
    const ages = open();
    await ages.look();
    set(-25 * hour);
    pass(minute);

    expect(ages.now()).toBe(wall());
    await ages.look();
    expect(ages.now()).toBe(wall());
  });

  test("is known again after the longest lease, also in a server that started meanwhile", async () => {
    const { open, pass, set, wall } = machine();
    await open().look();
    set(25 * hour);
    const ages = open();
    await ages.look();
    pass(patience - minute);
    const restarted = open();
    await restarted.look();
    const late = restarted.now();
    pass(minute);
    await restarted.look();

    expect([ages.now(), late, restarted.now()]).toEqual([null, null, wall()]);
  });

  test("reports doubt once, with its reason and end, and the end of the doubt once", async () => {
    const { open, pass, set, lines } = machine();
    const ages = open();
    await ages.look();
    set(25 * hour);
    for (let look = 0; look < 3; look += 1) await ages.look();
    const until = new Date(start + 25 * hour + patience).toISOString();
    pass(patience);
    for (let look = 0; look < 3; look += 1) await ages.look();

    expect(lines).toEqual([
      {
        level: "warn",
        fields: { event: "clockDoubted", waitMs: patience, until },
        text: "the clock was set forward by 2 days: nothing is deleted by age for the next 2 days",
      },
      {
        level: "info",
        fields: { event: "clockTrusted" },
        text: "the clock can be trusted again: the cleanup continues",
      },
    ]);
  });
});
