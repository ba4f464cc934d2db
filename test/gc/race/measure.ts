// What the processes of a race take while it goes on: resident memory, descriptors, threads, the log of the database. Growth is
// told of the last life of the processes, from ten minutes on.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { rssBytes } from "../../support/procfs.ts";
import { type Trend, trendOf } from "../../support/trend.ts";
import type { Life } from "./life.ts";

const everyMs = 5_000;
/** What a process takes for the first time, it takes in its first minutes. */
const settlingMs = 600_000;
const mebibyte = 1024 * 1024;

/** One look. */
interface Sample {
  readonly at: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly wal: number;
}

/** How the figures moved since `fromMinute`. */
export interface Trends {
  readonly minutes: number;
  /** MiB. */
  readonly rss: Trend;
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
  const length = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  return {
    minutes: Math.round(length / 60_000),
    rss: trendOf(points(({ rss }) => rss)),
    descriptors: trendOf(points(({ descriptors }) => descriptors)),
    threads: trendOf(points(({ threads }) => threads)),
    wal: trendOf(points(({ wal }) => wal)),
  };
}
