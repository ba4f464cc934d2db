// A value that takes long to make where there is much to look at: the more rows, the longer it is used again.

/** What was made, and of how many rows. */
interface Made {
  readonly rows: number;
}

/** Of so few rows, it is always made anew. */
const fewRows = 10_000;
/** How long one row lets the value be used again, ms: a million of them for a minute. */
const msForRow = 0.06;

/** One value. While it is made for the second time and later, the last one is given. */
export class AgedValue<T> {
  readonly #clock: () => number;
  readonly #make: () => Promise<T & Made>;
  readonly #longestMs: number;
  #value: (T & Made) | null = null;
  #madeAt = 0;
  #making: Promise<T> | null = null;

  /** @param longestMs an older value is not given any more: then even who asks first waits for a new one. */
  constructor(clock: () => number, make: () => Promise<T & Made>, longestMs = 600_000) {
    this.#clock = clock;
    this.#make = make;
    this.#longestMs = longestMs;
  }

  /** The value, of this moment if there is little to look at. */
  async get(): Promise<T> {
    const value = this.#value;
    if (value === null || value.rows <= fewRows) return this.#remake();
    const age = this.#clock() - this.#madeAt;
    if (age < 0 || age > this.#longestMs) return this.#remake();
    if (age < value.rows * msForRow) return value;
    // Later calls are answered with what is there; the next one that comes when it is made has the new one.
    this.#remake().catch(() => {});
    return value;
  }

  /** Calls share a making that may take long. A short one might have begun before what its caller has just changed. */
  #remake(): Promise<T> {
    const isShort = this.#value !== null && this.#value.rows <= fewRows;
    if (this.#making !== null && !isShort) return this.#making;
    const startedAt = this.#clock();
    const making = this.#make().then(
      (value) => {
        this.#value = value;
        this.#madeAt = startedAt;
        if (this.#making === making) this.#making = null;
        return value;
      },
      (error: unknown) => {
        if (this.#making === making) this.#making = null;
        throw error;
      },
    );
    this.#making = making;
    return making;
  }
}
