// When the next scheduled run is due. It is checked once a second instead of setting a timer: timers are limited to 25 days, and do not
// notice a clock that is set.
import { Cron } from "croner";

/** A cron expression of five fields, or `@daily` and the like; its IANA time zone, null for the machine's. */
export interface ScheduleOptions {
  readonly expression: string;
  readonly timeZone: string | null;
}

/** @returns a function that finds the latest time of a schedule up to `now` (Unix ms); null when there was none. */
export function latestTimeOf(options: ScheduleOptions): (now: number) => number | null {
  const cron = cronOf(options);
  // Asked every second, and the answer changes once a week.
  let known: {
    readonly from: number;
    readonly until: number;
    readonly latest: number | null;
  } | null = null;
  return (now) => {
    if (known !== null && known.from <= now && now < known.until) return known.latest;
    // A time is reckoned to the second before it.
    const latest =
      cron()
        .previousRuns(1, new Date(now + 1_000))[0]
        ?.getTime() ?? null;
    const until = cron().nextRun(new Date(now))?.getTime() ?? Number.POSITIVE_INFINITY;
    known = { from: now, until, latest };
    return latest;
  };
}

/** Made when it is first asked: time zones are loaded then, and a server that starts has more urgent work. */
function cronOf({ expression, timeZone }: ScheduleOptions): () => Cron {
  let made: Cron | null = null;
  return () => {
    if (made === null) {
      const timezone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
      made = new Cron(expression, { mode: "5-part", timezone, paused: true });
    }
    return made;
  };
}

/** A clock that is set back by more than this was wrong before: times that it had passed may come again. Unit: ms. */
const longestStepBack = 25 * 60 * 60_000;

/** Reports each time of a schedule once. Several times that came between two questions count once. */
export class Schedule {
  readonly #cron: () => Cron;
  #askedAt: number;
  /** Everything up to here is done; Unix ms. */
  #doneUntil: number;
  /** undefined until somebody asks. */
  #dueAt: number | null | undefined;

  /** @param now Unix ms; times before it do not count. */
  constructor(options: ScheduleOptions, now: number) {
    this.#cron = cronOf(options);
    this.#askedAt = now;
    this.#doneUntil = now;
  }

  /** Unix ms; null when there is no further time. */
  get dueAt(): number | null {
    if (this.#dueAt === undefined) this.#dueAt = this.#after(this.#doneUntil);
    return this.#dueAt;
  }

  /** True when a time of the schedule has come since this was last true. @param now Unix ms. */
  isDue(now: number): boolean {
    if (now < this.#askedAt) this.#stepBack(now);
    this.#askedAt = now;
    const { dueAt } = this;
    if (dueAt === null || now < dueAt) return false;
    this.#doneUntil = now;
    this.#dueAt = this.#after(now);
    return true;
  }

  /** The same hour must not count twice, and a clock that was years ahead must not stop the schedule for years. */
  #stepBack(now: number): void {
    const wasWrong = this.#doneUntil - now > longestStepBack;
    if (wasWrong) this.#doneUntil = now;
    this.#dueAt = this.#after(Math.max(now, this.#doneUntil));
  }

  #after(time: number): number | null {
    return this.#cron().nextRun(new Date(time))?.getTime() ?? null;
  }
}
