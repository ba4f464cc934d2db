// When a scheduled backup is due, at clocks that the test moves.
import { expect, test } from "bun:test";
import { Backups } from "../../src/jobs/backups.ts";

const hour = 3_600_000;
const day = 24 * hour;
/** Every day at two o'clock. */
const latestTime = (now: number): number => Math.floor((now - 2 * hour) / day) * day + 2 * hour;
const start = 100 * day + 12 * hour;

/** Asks at these wall times; monotonic time goes on for ten minutes before each. @returns at which of them one was due. */
async function dueAt(times: readonly number[], last: number | null): Promise<number[]> {
  let wall = start;
  let asked = 0;
  const lastBeginning = async () => {
    asked += 1;
    return last;
  };
  const backups = new Backups({ latestTime, lastBeginning, clock: () => wall }, 0);
  const due: number[] = [];
  for (const [place, time] of times.entries()) {
    wall = time;
    if (await backups.isDue((place + 1) * 600_000)) due.push(time - start);
    if (await backups.isDue((place + 1) * 600_000)) throw new Error("due twice");
  }
  expect(asked).toBeLessThan(2);
  return due;
}

test("a backup is due once at each time of the schedule", async () => {
  const times = [start, start + 13 * hour, start + 14 * hour, start + 15 * hour, start + 38 * hour];

  expect(await dueAt(times, start - hour)).toEqual([14 * hour, 38 * hour]);
});

test("a time that was missed, or a store without a backup, is made up for some time after the start", async () => {
  expect(await dueAt([start + hour], start - 2 * day)).toEqual([hour]);
  expect(await dueAt([start + hour], null)).toEqual([hour]);
  expect(await dueAt([start + hour], start - 9 * hour)).toEqual([]);
  // Of a clock that was ahead.
  expect(await dueAt([start + hour], start + 365 * day)).toEqual([hour]);
});

test("a clock that was ahead and is set right does not stop backups until it comes there again", async () => {
  const ahead = start + 3_000 * day;

  expect(await dueAt([ahead, start + hour, start + 15 * hour], start - hour)).toEqual([
    3_000 * day,
    15 * hour,
  ]);
});
