// Gathers the transactions that requests of one turn of the event loop ask for: as one they write the pages that they share once,
// and under load most of a small transaction's cost is its pages (20 for the push of a manifest).
import { type Caller, mostTogether, runTogether } from "../rows/together.ts";

/** A body that waits for its turn. */
interface Waiting extends Caller {
  /** @returns what tells the caller, once the transaction is committed. */
  readonly body: () => () => void;
}

/** Runs a body as one transaction. */
type Transact = <T>(body: () => T) => Promise<T>;

/** Those of one connection. */
export class Groups {
  readonly #transact: Transact;
  readonly #waiting: Waiting[] = [];
  /** While any wait. */
  #gathering: Promise<void> | null = null;

  constructor(transact: Transact) {
    this.#transact = transact;
  }

  /** Runs `body` in a transaction, once the requests of this turn have asked for theirs. It is run again when another one of its group fails. */
  add<T>(body: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({
      body: () => {
        const outcome = body();
        return () => resolve(outcome);
      },
      fail: reject,
    });
    this.#gathering ??= this.#gather();
    return promise;
  }

  /** Resolves when none waits for its first attempt. */
  async begun(): Promise<void> {
    await this.#gathering;
  }

  async #gather(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      // Not awaited: while somebody else holds the lock, groups wait for it together, not one behind the other.
      void runTogether(this.#waiting.splice(0, mostTogether), (group) =>
        this.#transact(() => group.map(({ body }) => body())),
      );
    }
    this.#gathering = null;
  }
}
