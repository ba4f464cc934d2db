// What the processes of a race take while it goes on: resident memory, descriptors, threads, the log of the database. Growth is a slope by
// least squares over the last life of the processes, from ten minutes on.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { rssBytes } from "../../support/procfs.ts";
import type { Life } from "./life.ts";

const everyMs = 5_000;
/** What a process takes for the first time, it takes in its first minutes. */
const settlingMs = 600_000;
const mebibyte = 1024 * 1024;
const hourMs = 3_600_000;

/** One look. */
interface Sample {
  readonly at: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly wal: number;
}

/** How one figure moved. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  readonly highest: number;
  /** Per hour, by least squares, and its standard error. */
  readonly perHour: number;
  readonly error: number;
}

/** How the figures moved since `fromMinute`. */
export interface Trends {
  readonly minutes: number;
  /** MiB, of all looks. */
  readonly rss: Trend;
  /** MiB, of the lowest look of each minute: what remains when requests' own memory is given back. */
  readonly rssFloor: Trend;
  readonly descriptors: Trend;
  readonly threads: Trend;
  /** MiB. */
  readonly wal: Trend;
}

/** Looks at the processes of a race until it is stopped. */
export class Measure {
  readonly #life: Life;
  readonly #timer: Timer;
  #samples: Sample[] = [];
  #pids = "";
  #since = 0;

  constructor(life: Life) {
    this.#life = life;
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** @returns those until now. */
  stop(): Trends | null {
    clearInterval(this.#timer);
    return this.trends();
  }

  /** @returns null while no process has lived long enough to tell. */
  trends(): Trends | null {
    const settled = this.#samples.filter(({ at }) => at - this.#since >= settlingMs);
    return settled.length < 12 ? null : trendsOf(settled);
  }

  #look(): void {
    const { pids, data } = this.#life;
    const at = performance.now();
    if (pids.join() !== this.#pids) {
      [this.#pids, this.#since, this.#samples] = [pids.join(), at, []];
    }
    const count = (folder: string): number =>
      pids.reduce((sum, pid) => sum + entries(`/proc/${pid}/${folder}`), 0);
    this.#samples.push({
      at,
      rss: rssBytes(pids) / mebibyte,
      descriptors: count("fd"),
      threads: count("task"),
      wal: sizeOf(join(data, "breadbox.db-wal")) / mebibyte,
    });
  }
}

function entries(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    // It was killed.
    return 0;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function trendsOf(samples: readonly Sample[]): Trends {
  const points = (of: (sample: Sample) => number) => samples.map((it) => [it.at, of(it)] as const);
  const minutes = [...Map.groupBy(samples, ({ at }) => Math.floor(at / 60_000)).values()];
  const floor = minutes.map((minute) => {
    const at = minute[0]?.at ?? 0;
    return [at, Math.min(...minute.map(({ rss }) => rss))] as const;
  });
  const length = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  return {
    minutes: Math.round(length / 60_000),
    rss: trendOf(points(({ rss }) => rss)),
    rssFloor: trendOf(floor),
    descriptors: trendOf(points(({ descriptors }) => descriptors)),
    threads: trendOf(points(({ threads }) => threads)),
    wal: trendOf(points(({ wal }) => wal)),
  };
}

type Point = readonly [at: number, value: number];

/** Least squares. @param points at ms. */
export function trendOf(points: readonly Point[]): Trend {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const hours = ([at]: Point): number => at / hourMs;
  const [meanHour, meanValue] = [mean(hours), mean(([, value]) => value)];
  const spread = mean((point) => (hours(point) - meanHour) ** 2);
  const perHour =
    mean((point) => (hours(point) - meanHour) * (point[1] - meanValue)) / (spread || 1);
  const rest = mean((point) => (point[1] - meanValue - perHour * (hours(point) - meanHour)) ** 2);
  const error = Math.sqrt(rest / Math.max(1, points.length - 2) / (spread || 1));
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    first: round(points[0]?.[1] ?? 0),
    last: round(points.at(-1)?.[1] ?? 0),
    highest: round(Math.max(...points.map(([, value]) => value))),
    perHour: round(perHour),
    error: round(error),
  };
}
