// How much a sender sent during the last minute that it was waited for: pure, no I/O.

/** Over how many seconds a rate is averaged. */
export const windowSeconds = 60;

/** Bytes by second, for the running second and the full minute before it. */
export class RateWindow {
  readonly #bySecond = new Float64Array(windowSeconds + 1);
  #second = 0;
  #sum = 0;

  /**
   * Counts bytes. @param at seconds since the first count; never less than before.
   * @returns the mean rate of the last minute in bytes a second; Infinity while there has been no full minute.
   */
  count(at: number, bytes: number): number {
    this.#moveTo(Math.floor(at));
    const slot = this.#second % this.#bySecond.length;
    this.#bySecond[slot] = (this.#bySecond[slot] ?? 0) + bytes;
    this.#sum += bytes;
    return at < windowSeconds ? Number.POSITIVE_INFINITY : this.#sum / windowSeconds;
  }

  /** Forgets the seconds that are too old. */
  #moveTo(second: number): void {
    const { length } = this.#bySecond;
    for (let next = Math.max(this.#second + 1, second - length + 1); next <= second; next += 1) {
      const slot = next % length;
      this.#sum -= this.#bySecond[slot] ?? 0;
      this.#bySecond[slot] = 0;
    }
    this.#second = second;
  }
}
