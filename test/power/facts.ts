// What a client knows of things with an address, each in one of several states: what was answered last, and what requests without an
// answer may have made of it since.

/** A state; null: it is not there. */
export type State = string | null;

interface Fact {
  known: State;
  /** What was asked for since. */
  asked: State[];
}

/** One request at a time for each address. */
export class Facts {
  readonly #facts = new Map<string, Fact>();

  /** A request goes out. @returns what to call when it was answered. */
  asking(address: string, state: State): () => void {
    const fact = this.#fact(address);
    fact.asked.push(state);
    return () => {
      fact.known = state;
      fact.asked = [];
    };
  }

  /** What was answered last. */
  known(address: string): State {
    return this.#facts.get(address)?.known ?? null;
  }

  /** Addresses that requests without an answer went to. */
  get open(): string[] {
    return this.addresses.filter((address) => this.#fact(address).asked.length > 0);
  }

  get addresses(): string[] {
    return [...this.#facts.keys()];
  }

  /** What is found counts from now on, if it is one of the states that may be. @returns whether it is. */
  settle(address: string, found: State): boolean {
    const fact = this.#fact(address);
    if (found !== fact.known && !fact.asked.includes(found)) return false;
    fact.known = found;
    fact.asked = [];
    return true;
  }

  /** All that may be, for a message. */
  describe(address: string): string {
    const { known, asked } = this.#fact(address);
    return [known, ...asked].map((state) => state ?? "nothing").join(" or ");
  }

  #fact(address: string): Fact {
    const fact = this.#facts.get(address) ?? { known: null, asked: [] };
    this.#facts.set(address, fact);
    return fact;
  }
}
