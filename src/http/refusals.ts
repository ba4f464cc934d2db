// Which refusals are logged, and how often: a full disk refuses every push, and one line a second says as much as thousands.
// Pure, no I/O.
import type { RegistryError, Situation } from "../errors.ts";
import { isWrite, type Operation } from "./operation.ts";

/** The log level of a refusal; `info` for those that an operator wants to know. */
export type RefusalLevel = "info" | "debug";

/** Answers that reads get all day: is it there, is it still the same, is there more of it. */
const everyday: ReadonlySet<number> = new Set([404, 412, 416]);

/**
 * A client that could not push, put or delete asks the operator why. Reads of unknown content are part of every push; a request for an
 * address that does not exist is a scanner, or `/favicon.ico`.
 */
export function levelOf(operation: Operation | null, { status }: RegistryError): RefusalLevel {
  const isChange = operation !== null && (isWrite(operation) || operation.action === "operate");
  return isChange || !everyday.has(status) ? "info" : "debug";
}

/** The window in which lines of one situation are counted. Unit: ms. */
const quietMs = 1000;

interface Told {
  readonly at: number;
  /** Refusals since then that were logged. */
  told: number;
  /** Refusals since then that were kept back. */
  keptBack: number;
}

/** Thins refusals out, counting what it keeps back. */
export class RefusalCount {
  readonly #told = new Map<Situation, Told>();
  readonly #most: number;

  /** @param most lines a second for each situation. */
  constructor(most = 1) {
    this.#most = most;
  }

  /**
   * Counts a refusal. @param now monotonic ms.
   * @returns how many of its kind were kept back before it; null when this one is kept back too.
   */
  count(situation: Situation, now: number): number | null {
    const told = this.#told.get(situation);
    if (told !== undefined && now - told.at < quietMs) {
      if (told.told < this.#most) {
        told.told += 1;
        return 0;
      }
      told.keptBack += 1;
      return null;
    }
    this.#told.set(situation, { at: now, told: 1, keptBack: 0 });
    return told?.keptBack ?? 0;
  }
}
