// Growth of a process, as the long form of the race tells it, on series whose growth is known.
import { expect, test } from "bun:test";
import { randomNumbers } from "../support/bytes.ts";
import { trendOf } from "../support/trend.ts";

const minute = 60_000;
const [perHour, runs] = [720, 40];
/** Resident memory of the soak of 890ab91 (seed 20261220), MiB, once a minute from the tenth on. */
const soak = `
  157 156 178 162 178 168 170 167 178 185 164 163 160 174 168 175 164 166 177 174 165 167 164 171 164 173 172 175 174 173 172 172 
  165 164 168 167 171 172 178 171 179 165 162 161 174 164 168 166 172 165 177 170 170 167 176 175 179 191 173 183 177 173 176 170 
  180 182 187 174 177 183 170 178 181 172 174 185 173 184 187 189 172 178 189 181 198 175 186 183 178 180 171 179 174 182 182 177 
  179 177 180 191 185 187 179 191 178 182 180 188 178 177 185 171 174 173 177 167 174 165 
`
  .trim()
  .split(/\s+/)
  .map(Number);

/** One look each 5 s for `hours`. */
const looksOf = (hours: number, valueAt: (look: number) => number) =>
  Array.from({ length: hours * perHour }, (_, at) => [at * 5_000, valueAt(at)] as const);

/** A garbage collector at work: up by 30 MiB in `minutes`, more or less, and down again at once. */
function sawtooth(random: () => number, minutes: number): () => number {
  let [height, step] = [30 * random(), 0];
  return () => {
    if (height >= 30 || step === 0) [height, step] = [0, (2.5 / minutes) * (0.7 + 0.6 * random())];
    height += step;
    return 160 + height + 5 * random();
  };
}

/** What it was a moment ago it mostly is still: for about `minutes`. */
function slow(random: () => number, minutes: number): () => number {
  const kept = Math.exp(-1 / (minutes * 12));
  let value = 0;
  return () => {
    const drawn = [1, 2, 3].reduce((sum) => sum + random() - 0.5, 0) * 2;
    value = kept * value + Math.sqrt(1 - kept * kept) * 6 * drawn;
    return 160 + value + 8 * random();
  };
}

type Noise = (random: () => number) => () => number;
const kinds: Readonly<Record<string, Noise>> = {
  "a sawtooth of 3 minutes": (random) => sawtooth(random, 3),
  "a sawtooth of 10 minutes": (random) => sawtooth(random, 10),
  "noise that lasts for 2 minutes": (random) => slow(random, 2),
  "noise that lasts for 10 minutes": (random) => slow(random, 10),
};

/** Trends of two hours, each with other noise. */
const trendsOf = (kind: string, noise: Noise, leak: number) =>
  Array.from({ length: runs }, (_, run) => {
    let state = Math.floor(randomNumbers(`${kind} ${run}`)() * 2 ** 32);
    // xorshift32: a hash for each of a million numbers would take minutes.
    const random = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    const valueAt = noise(random);
    return trendOf(looksOf(2, (look) => valueAt() + (leak * look) / perHour));
  });

const isBeyond = ({ perHour: slope, error }: { perHour: number; error: number | null }, from = 0) =>
  error !== null && Math.abs(slope - from) > 2 * error + 0.05;

for (const [kind, noise] of Object.entries(kinds)) {
  test(`${kind} without a trend is no growth`, () => {
    const trends = trendsOf(kind, noise, 0);

    expect(trends.filter((trend) => isBeyond(trend)).length).toBeLessThanOrEqual(runs / 10);
    expect(trends.every(({ error }) => error !== null)).toBeTrue();
  });
}

for (const [kind, noise] of Object.entries(kinds).filter(([name]) => !name.includes("10"))) {
  test(`a leak of 5 MiB an hour under ${kind} is seen in two hours`, () => {
    const trends = trendsOf(kind, noise, 5);

    expect(trends.filter((trend) => isBeyond(trend)).length).toBeGreaterThan(runs / 2);
    expect(trends.filter((trend) => isBeyond(trend, 5)).length).toBeLessThanOrEqual(runs / 10);
  });
}

test("a leak of 5 MiB an hour with the noise of a real soak is seen in two hours", () => {
  const own = trendOf(soak.map((value, at) => [at * minute, value] as const)).perHour;
  const level = soak.map((value, at) => value - (own * at) / 60);
  const leakIn = (noise: readonly number[]) =>
    trendOf(noise.map((value, at) => [at * minute, value + (5 * at) / 60] as const));
  // From each minute on, and round: most of these begin and end at different levels.
  const turned = level.map((_, at) => leakIn([...level.slice(at), ...level.slice(0, at)]));

  for (const noise of [level, level.toReversed()]) {
    expect(isBeyond(leakIn(noise))).toBeTrue();
    expect(isBeyond(leakIn(noise), 5)).toBeFalse();
  }
  expect(turned.filter((trend) => isBeyond(trend)).length).toBeGreaterThan(0.7 * turned.length);
  expect(turned.filter((trend) => isBeyond(trend, 5)).length).toBeLessThan(0.1 * turned.length);
});

test("the soak of 890ab91 went up in its middle, and in neither of its hours alone by what can be told from nothing", () => {
  const trendFrom = (from: number, to: number) =>
    trendOf(soak.slice(from, to).map((value, at) => [at * minute, value] as const));

  expect(trendFrom(0, soak.length)).toMatchObject({ perHour: 8.6, error: 1.5 });
  expect(trendFrom(0, soak.length)).toMatchObject({ firstHour: 164.5, lastHour: 173.5 });
  expect([trendFrom(0, 60), trendFrom(58, soak.length)].filter((it) => isBeyond(it))).toEqual([]);
});

test("what stays the same has no slope, and three looks have no error", () => {
  const flat = (minutes: number) =>
    trendOf(Array.from({ length: minutes }, (_, at) => [at * minute, 12] as const));

  expect(flat(60)).toEqual({
    ...{ perHour: 0, error: 0, first: 12, last: 12, highest: 12 },
    ...{ firstHour: 12, lastHour: 12 },
  });
  expect(flat(3)).toMatchObject({ perHour: 0, error: null });
});
