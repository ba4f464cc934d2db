// Growth, as the long form of the race tells it.
import { expect, test } from "bun:test";
import { trendOf } from "./race/measure.ts";

const minute = 60_000;

test("a leak of a mebibyte an hour is told under noise, with its error", () => {
  const points = Array.from({ length: 600 }, (_, at) => {
    const noise = at % 2 === 0 ? 4 : -4;
    return [at * minute, 160 + at / 60 + noise] as const;
  });

  const { perHour, error, first, highest } = trendOf(points);

  expect(perHour).toBeCloseTo(1, 0);
  expect(error).toBeLessThan(0.2);
  expect([first, highest]).toEqual([164, 174]);
});

test("what stays the same has no slope", () => {
  expect(trendOf([0, 1, 2].map((at) => [at * minute, 12] as const))).toMatchObject({
    ...{ perHour: 0, error: 0, first: 12, last: 12 },
  });
});
