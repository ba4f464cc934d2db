// Opened resources, to be closed in reverse.

/** Opened resources, closed last in first out. */
export class Opened {
  readonly #closers: (() => void | Promise<void>)[] = [];

  add<T>(thing: T, close: (thing: T) => void | Promise<void>): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
