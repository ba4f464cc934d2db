// Transactions of this process that change the same rows follow each other instead of getting in each other's way: one at a time is
// faster than many that are repeated. Those that wait become one transaction: they share its beginning, its end and the sync of the
// database's log. Other replicas are not asked; what they get in the way of is attempted again.
import { RegistryError } from "../../errors.ts";
import type { Body, Tx } from "../rows/rows.ts";

/** A body that waits for its turn. */
interface Waiting {
  /** @returns what tells the caller, once the transaction is committed. */
  body(tx: Tx): Body<() => void>;
  fail(error: unknown): void;
}

/** Runs a body in a transaction of its own. */
type Run = <T>(body: (tx: Tx) => Body<T>) => Promise<T>;

/** Bodies that share a transaction. */
const mostTogether = 32;

/** Queues by name. */
export class Lanes {
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Runs `body` after those before it in the lane, in the transaction of some of them or in one of its own. */
  write<T>(lane: string, body: (tx: Tx) => Body<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(lane);
      const last: Waiting = {
        *body(tx) {
          const outcome = yield* body(tx);
          return () => resolve(outcome);
        },
        fail: reject,
      };
      if (waiting !== undefined) {
        waiting.push(last);
        return;
      }
      this.#waiting.set(lane, [last]);
      void this.#serve(lane);
    });
  }

  async #serve(lane: string): Promise<void> {
    for (;;) {
      const next = this.#waiting.get(lane)?.splice(0, mostTogether) ?? [];
      if (next.length === 0) break;
      await this.#runTogether(next);
    }
    this.#waiting.delete(lane);
  }

  async #runTogether(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#run((tx) => inTurn(tx, group));
      for (const answer of answers) answer();
    } catch (error) {
      // The database refuses them all, or one of them is at fault; nothing was written.
      const isOfAll = error instanceof RegistryError || group.length === 1;
      for (const each of group) {
        if (isOfAll) each.fail(error);
        else await this.#runTogether([each]);
      }
    }
  }
}

function* inTurn(tx: Tx, group: readonly Waiting[]): Body<readonly (() => void)[]> {
  const answers: (() => void)[] = [];
  for (const each of group) answers.push(yield* each.body(tx));
  return answers;
}
