// Turns of the event loop: requests that arrive together share what one of them has looked up.

/**
 * Tells the turns of the event loop apart. Whatever was looked up in a turn is new enough for every request of that turn: all of them had
 * arrived when it began. A request that arrives later gets another number.
 */
export class Turns {
  #turn = 0;
  #isCounted = false;

  /** The number of this turn. Costs nothing while nobody asks. */
  now(): number {
    if (this.#isCounted) return this.#turn;
    this.#turn += 1;
    this.#isCounted = true;
    // Runs before the loop asks for the next requests.
    setImmediate(() => {
      this.#isCounted = false;
    });
    return this.#turn;
  }
}
