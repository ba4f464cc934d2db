// When the next run by schedule is due. It is asked again and again instead of setting a timer: timers know neither 25 days nor
// a clock that is set.
import { Cron } from "croner";

/** A cron expression of five fields, or `@daily` and its kin; the IANA time zone that it is meant in, null for the machine's. */
export interface ScheduleOptions {
  readonly expression: string;
  readonly timeZone: string | null;
}

/** Clocks that are set by more than this were wrong before: what they had passed by then may come again. Unit: ms. */
const longestStepBack = 25 * 60 * 60_000;

/** Says once for each time of a schedule that it has come. What came while nobody asked counts once. */
export class Schedule {
  readonly #cron: Cron;
  #askedAt: number;
  /** Everything up to here is done; Unix ms. */
  #doneUntil: number;
  #dueAt: number | null;

  /** @param now Unix ms; what came before is not made up for. */
  constructor({ expression, timeZone }: ScheduleOptions, now: number) {
    const timezone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.#cron = new Cron(expression, { mode: "5-part", timezone, paused: true });
    this.#askedAt = now;
    this.#doneUntil = now;
    this.#dueAt = this.#after(now);
  }

  /** Unix ms; null when there is no further time. */
  get dueAt(): number | null {
    return this.#dueAt;
  }

  /** True when a time of the schedule has come since the last time it was. @param now Unix ms. */
  isDue(now: number): boolean {
    if (now < this.#askedAt) this.#stepBack(now);
    this.#askedAt = now;
    if (this.#dueAt === null || now < this.#dueAt) return false;
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
    return this.#cron.nextRun(new Date(time))?.getTime() ?? null;
  }
}
