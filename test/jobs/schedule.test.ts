import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Schedule } from "../../src/jobs/schedule.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.UTC(2026, 0, 1, 12);
const nightly = { expression: "0 3 * * *", timeZone: "UTC" };

/** The times at which a schedule that is asked every `every` ms says that it is due. */
function dueTimes(options: typeof nightly, from: number, until: number, every = minute): string[] {
  const schedule = new Schedule(options, from);
  const found: string[] = [];
  for (let now = from; now <= until; now += every) {
    if (schedule.isDue(now)) found.push(new Date(now).toISOString().slice(0, 16));
  }
  return found;
}

describe("Schedule", () => {
  test("is due once a night", () => {
    expect(dueTimes(nightly, start, start + 2 * day, second)).toEqual([
      "2026-01-02T03:00",
      "2026-01-03T03:00",
    ]);
  });

  test("reads the hour in the configured time zone", () => {
    const options = { ...nightly, timeZone: "America/New_York" };

    expect(dueTimes(options, start, start + day)).toEqual(["2026-01-02T08:00"]);
  });

  test("uses the machine's time zone by default", () => {
    const machine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const local = new Schedule({ ...nightly, timeZone: null }, start);

    expect(local.dueAt).toBe(new Schedule({ ...nightly, timeZone: machine }, start).dueAt);
  });

  test.each([
    ["the clocks skip it", "2026-03-28T12:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]],
    ["the clocks repeat it", "2026-10-24T12:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]],
  ])("is due once at 02:30 in a night in which %s", (_, from, expected) => {
    const options = { expression: "30 2 * * *", timeZone: "Europe/Berlin" };
    const at = Date.parse(from);

    expect(dueTimes(options, at, at + 2 * day)).toEqual(expected);
  });

  test("is due on its day when that is months away, and not before", () => {
    const yearly = { expression: "0 0 1 12 *", timeZone: "UTC" };

    expect(dueTimes(yearly, start, start + 400 * day, hour)).toEqual(["2026-12-01T00:00"]);
  });

  test("counts several missed nights as one", () => {
    const schedule = new Schedule(nightly, start);

    expect(schedule.isDue(start + 5 * day)).toBe(true);
    expect(schedule.isDue(start + 5 * day + second)).toBe(false);
    expect(schedule.dueAt).toBe(start + 5 * day + 15 * hour);
  });

  test("is not due again when the clock is set back over its hour", () => {
    const schedule = new Schedule(nightly, start);
    expect(schedule.isDue(start + 15 * hour + second)).toBe(true);

    expect(schedule.isDue(start + 14 * hour)).toBe(false);
    expect(schedule.isDue(start + 15 * hour + 2 * second)).toBe(false);
    expect(schedule.isDue(start + 39 * hour)).toBe(true);
  });

  test("works on after the clock was ten years ahead", () => {
    const schedule = new Schedule(nightly, start);
    expect(schedule.isDue(start + 3650 * day)).toBe(true);

    expect(schedule.isDue(start + minute)).toBe(false);
    expect(schedule.isDue(start + 15 * hour)).toBe(true);
  });

  test("is due at most once per night of the clock, however the clock is set within a day", () => {
    const steps = fc.array(fc.integer({ min: -12 * 60, max: 12 * 60 }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (minutes) => {
        const schedule = new Schedule(nightly, start);
        const nights: number[] = [];
        let latest = start;
        let now = start;
        for (const step of minutes) {
          now = Math.max(now + step * minute, latest - day);
          latest = Math.max(latest, now);
          if (schedule.isDue(now)) nights.push(Math.floor((now - 3 * hour) / day));
        }
        expect(new Set(nights).size).toBe(nights.length);
      }),
    );
  });
});
