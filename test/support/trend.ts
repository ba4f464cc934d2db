// How a figure moves that is looked at again and again, such as the memory of a process: garbage makes it jump, and what it was a moment ago it mostly is
// still. So looks next to each other are no independent samples, and least squares over all of them would claim a precision that is not there.

import { median } from "./median.ts";

/** One look. @param at ms */
export type Point = readonly [at: number, value: number];

/** How a figure moved. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  readonly highest: number;
  /** Medians of the lowest looks of the first hour and the last one, of each half where it was less than two hours. */
  readonly firstHour: number;
  readonly lastHour: number;
  /** Median of the slopes between the lowest looks of any two stretches (Theil and Sen), per hour. */
  readonly perHour: number;
  /** Its standard error, for looks that resemble their neighbours. Null: too short to tell. */
  readonly error: number | null;
}

const hourMs = 3_600_000;
/** A stretch takes a minute at the least, and there are so many at most: what requests take for themselves is given back within one. */
const [shortestMs, mostStretches] = [60_000, 40];
/** Of fewer, the likeness of neighbours cannot be told. */
const fewest = 8;
/** Of neighbours; a process whose noise is more alike than that has no trend to be found. */
const mostAlike = 0.97;

/** @param points at least one, in order. */
export function trendOf(points: readonly Point[]): Trend {
  const values = points.map(([, value]) => value);
  const lowest = lowestOf(points);
  const perHour = medianSlope(lowest);
  const [from = 0, to = 0] = [lowest[0]?.[0], lowest.at(-1)?.[0]];
  const hour = Math.min(hourMs, (to - from) / 2);
  const levelOf = (isIn: (at: number) => boolean) =>
    round(median(lowest.filter(([at]) => isIn(at)).map(([, value]) => value)));
  return {
    first: round(values[0] ?? 0),
    last: round(values.at(-1) ?? 0),
    highest: round(values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY)),
    firstHour: levelOf((at) => at <= from + hour),
    lastHour: levelOf((at) => at >= to - hour),
    perHour: round(perHour),
    error: lowest.length < fewest ? null : round(errorOf(lowest, perHour)),
  };
}

/** The lowest look of each stretch, at the middle of it. */
function lowestOf(points: readonly Point[]): readonly Point[] {
  const begin = points[0]?.[0] ?? 0;
  const length = (points.at(-1)?.[0] ?? 0) - begin;
  const stretchMs = Math.max(shortestMs, (length + 1) / mostStretches);
  const stretches = Map.groupBy(points, ([at]) => Math.floor((at - begin) / stretchMs));
  return [...stretches].map(([number, looks]) => {
    const values = looks.map(([, value]) => value);
    return [begin + (number + 0.5) * stretchMs, Math.min(...values)] as const;
  });
}

function medianSlope(points: readonly Point[]): number {
  const slopes = points.flatMap(([at, value], index) =>
    points.slice(index + 1).map(([later, other]) => ((other - value) / (later - at)) * hourMs),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/**
 * The error of a slope when the rest is a first-order autoregression: how alike neighbours are is what the rest shows, and what the line has taken from it
 * (Kendall, "Note on bias in the estimation of autocorrelation", 1954).
 */
function errorOf(points: readonly Point[], perHour: number): number {
  const count = points.length;
  const hours = centred(points.map(([at]) => at / hourMs));
  const rest = centred(points.map(([at, value]) => value - (perHour * at) / hourMs));
  const [spread, squares] = [productAt(hours, 0), productAt(rest, 0)];
  if (spread === 0 || squares === 0) return 0;
  const shown = productAt(rest, 1) / squares;
  const alike = Math.min(mostAlike, Math.max(0, (shown * count + 2) / (count - 4)));
  // By how much the variance of the slope, and of the mean, is larger than that of independent looks.
  let [ofSlope, ofMean] = [1, 1];
  for (let lag = 1; lag < count; lag += 1) {
    ofSlope += (2 * productAt(hours, lag) * alike ** lag) / spread;
    ofMean += 2 * (1 - lag / count) * alike ** lag;
  }
  // The line and its level took their share of the rest.
  const free = Math.max(count / 5, count - ofSlope - ofMean);
  return Math.sqrt((squares / free / spread) * ofSlope);
}

/** Of each value with the one `lag` places before. */
const productAt = (values: readonly number[], lag: number): number =>
  values.slice(lag).reduce((sum, value, index) => sum + value * (values[index] ?? 0), 0);

function centred(values: readonly number[]): readonly number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

const round = (value: number): number => Math.round(value * 10) / 10;
