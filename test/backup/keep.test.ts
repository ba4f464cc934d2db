// Which backups stay, for histories of any kind: clocks that were wrong among them.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type KeptBackup, keptOf } from "../../src/backup/keep.ts";
import { type KeepRule, readKeepRule, showKeepRule } from "../../src/model/keepRule.ts";

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1, 12);

/** One backup for each time, in this order. */
const history = (times: readonly number[], lossy: readonly number[] = []): KeptBackup[] =>
  times.map((takenAt, place) => ({
    ...{ id: `b${place}`, sequence: place + 1, takenAt },
    isWhole: !lossy.includes(place),
  }));

const daily = (count: number): number[] =>
  Array.from({ length: count }, (_, place) => start + place * day);

const kept = (backups: readonly KeptBackup[], rule: string): string[] => {
  const read = readKeepRule(rule);
  if (read === null) throw new Error(rule);
  return [...keptOf(backups, read)].sort();
};

describe("the rule of what stays", () => {
  test.each(["7d,4w,12m", "1d", "4w", "12m,7d"])("%s is read and written again", (text) => {
    const rule = readKeepRule(text);

    expect(rule && readKeepRule(showKeepRule(rule))).toEqual(rule);
  });

  test.each(["", "7", "d", "0d", "0d,0w", "7d,7d", "1y", "-1d", "1.5d", "100000d", "7d;4w"])(
    "%p is no rule",
    (text) => {
      expect(readKeepRule(text)).toBeNull();
    },
  );

  test("the latest of each of the last days with a backup stays", () => {
    expect(kept(history(daily(5)), "3d")).toEqual(["b2", "b3", "b4"]);
    const twice = daily(3).flatMap((time) => [time, time + 3_600_000]);
    expect(kept(history(twice), "2d")).toEqual(["b3", "b5"]);
  });

  test("days without a backup do not count: what is old stays while nothing newer takes its place", () => {
    const sparse = [start, start + 100 * day, start + 300 * day];

    expect(kept(history(sparse), "3d")).toEqual(["b0", "b1", "b2"]);
  });

  test("weeks begin on Monday, months on their first day", () => {
    // 1 January 2026 is a Thursday: Sunday and Monday are the fourth and the fifth.
    expect(kept(history(daily(5)), "2w")).toEqual(["b3", "b4"]);
    expect(kept(history([start + 30 * day, start + 31 * day]), "2m")).toEqual(["b0", "b1"]);
  });

  test("a clock that was set back: the latest backups stay although their times are older", () => {
    const back = [...daily(5), ...daily(3).map((time) => time - 365 * day)];

    expect(kept(history(back), "3d")).toEqual(["b5", "b6", "b7"]);
  });

  test("a clock that was years ahead once takes the place of one day", () => {
    const ahead = [start, start + day, start + 4000 * day, start + 2 * day, start + 3 * day];

    expect(kept(history(ahead), "3d")).toEqual(["b2", "b3", "b4"]);
    expect(kept(history(ahead), "4d")).toEqual(["b1", "b2", "b3", "b4"]);
  });

  test("a backup with lost contents takes no other one's place, and stays until a whole one follows", () => {
    expect(kept(history(daily(4), [3]), "2d")).toEqual(["b1", "b2", "b3"]);
    expect(kept(history(daily(4), [2]), "2d")).toEqual(["b1", "b3"]);
    expect(kept(history(daily(2), [0, 1]), "1d")).toEqual(["b0", "b1"]);
  });
});

const times = fc.array(fc.integer({ min: 0, max: 4_000 * 24 }), { maxLength: 60 });
const rules: fc.Arbitrary<KeepRule> = fc
  .record({ days: fc.nat(9), weeks: fc.nat(9), months: fc.nat(9) })
  .filter(({ days, weeks, months }) => days + weeks + months > 0);
const histories = fc.tuple(times, fc.array(fc.nat(59))).map(([hours, lossy]) =>
  history(
    hours.map((hour) => start + hour * 3_600_000),
    lossy,
  ),
);

describe("for any history and any rule", () => {
  test("the latest backup stays, and the latest whole one", () => {
    fc.assert(
      fc.property(histories, rules, (backups, rule) => {
        const ids = keptOf(backups, rule);
        for (const latest of [backups.at(-1), backups.findLast(({ isWhole }) => isWhole)]) {
          if (latest !== undefined) expect(ids).toContain(latest.id);
        }
      }),
    );
  });

  test("what stays is no more than the rule allows, and stays when the rule is applied again", () => {
    fc.assert(
      fc.property(histories, rules, (backups, rule) => {
        const ids = keptOf(backups, rule);
        const left = backups.filter(({ id }) => ids.has(id));
        const whole = left.filter(({ isWhole }) => isWhole);
        expect(whole.length).toBeLessThanOrEqual(Math.max(1, rule.days + rule.weeks + rule.months));
        expect(keptOf(left, rule)).toEqual(ids);
      }),
    );
  });

  test("a longer rule keeps whatever a shorter one keeps", () => {
    fc.assert(
      fc.property(histories, rules, rules, (backups, a, b) => {
        const both = {
          days: Math.max(a.days, b.days),
          weeks: Math.max(a.weeks, b.weeks),
          months: Math.max(a.months, b.months),
        };
        const ids = keptOf(backups, both);
        for (const id of keptOf(backups, a)) expect(ids).toContain(id);
      }),
    );
  });

  test("the order in which they are listed does not matter", () => {
    fc.assert(
      fc.property(histories, rules, (backups, rule) => {
        expect(keptOf(backups.toReversed(), rule)).toEqual(keptOf(backups, rule));
      }),
    );
  });
});
