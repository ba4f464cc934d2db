import { expect, test } from "bun:test";
import { nextAttempt, pauseAfter } from "../../src/webhooks/retries.ts";

const at = (now: number) => ({ now, aged: now });
const since = Date.UTC(2026, 0, 1);
const day = 86_400_000;

test("each attempt waits twice as long, ten minutes at most, until a day is over", () => {
  const waits = [0, 1, 2, 9, 10, 500].map(
    (attempts) => (nextAttempt({ attempts, since }, at(since), 0.5) ?? 0) - since,
  );
  expect(waits).toEqual([1_000, 2_000, 4_000, 512_000, 600_000, 600_000]);
  expect(nextAttempt({ attempts: 9, since }, at(since + day - 1), 0.5)).not.toBeNull();
  expect(nextAttempt({ attempts: 9, since }, at(since + day), 0.5)).toBeNull();
  // The clock was set forward.
  expect(nextAttempt({ attempts: 9, since }, { now: since + day, aged: null }, 0.5)).not.toBeNull();
});

test("waits differ by up to a quarter", () => {
  expect([0, 1].map((random) => nextAttempt({ attempts: 3, since }, at(since), random))).toEqual([
    since + 6_000,
    since + 10_000,
  ]);
});

test("a receiver that fails is left alone for up to a minute", () => {
  expect([0, 1, 5, 7, 100].map((failures) => pauseAfter(failures, 0.5))).toEqual([
    500, 1_000, 16_000, 60_000, 60_000,
  ]);
});
