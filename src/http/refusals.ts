// How often the log is told of refusals that are no defect: a full disk refuses every push, and one line a second says as much as
// thousands. Pure, no I/O.
import type { Situation } from "../errors.ts";

/** One line a second for each situation. Unit: ms. */
const quietMs = 1000;

interface Told {
  readonly at: number;
  /** Refusals since then that were kept back. */
  keptBack: number;
}

/** Thins refusals out, counting what it keeps back. */
export class RefusalCount {
  readonly #told = new Map<Situation, Told>();

  /**
   * Counts a refusal. @param now monotonic ms.
   * @returns how many of its kind were kept back before it; null when this one is kept back too.
   */
  count(situation: Situation, now: number): number | null {
    const told = this.#told.get(situation);
    if (told !== undefined && now - told.at < quietMs) {
      told.keptBack += 1;
      return null;
    }
    this.#told.set(situation, { at: now, keptBack: 0 });
    return told?.keptBack ?? 0;
  }
}
