// Two signals mean two things: the first asks to stop, a later one to stop at once.

/** Signals that end the server. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** A shell and npm both pass a Ctrl+C on, so one key press can arrive twice within this time. Unit: ms. */
const sameRequestMs = 300;

/** Distinguishes the first request to stop from the second. `now` is in ms. */
export class StopSignals {
  readonly #first = Promise.withResolvers<StopSignal>();
  readonly #second = Promise.withResolvers<StopSignal>();
  readonly #now: () => number;
  #firstAt: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly first: Promise<StopSignal> = this.#first.promise;
  /** One that came later than an echo of the first one can. */
  readonly second: Promise<StopSignal> = this.#second.promise;

  receive(signal: StopSignal): void {
    if (this.#firstAt === null) {
      this.#firstAt = this.#now();
      this.#first.resolve(signal);
    } else if (this.#now() - this.#firstAt > sameRequestMs) {
      this.#second.resolve(signal);
    }
  }
}
