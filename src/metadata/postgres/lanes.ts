// Transactions of this process that change the same rows follow each other instead of getting in each other's way: one at a time is
// faster than many that are repeated. Those that wait become one transaction: they share its beginning, its end and the sync of the
// database's log, and those that have nothing to do with each other share its round trips. Other replicas are not asked; what they get in
// the way of is attempted again.
import type { Body, Lane, Tx } from "../rows/rows.ts";
import { type Caller, mostTogether, runTogether } from "../rows/together.ts";

/** A body that waits for its turn. */
interface Waiting extends Caller {
  readonly keys: Lane["keys"];
  /** @returns what tells the caller, once the transaction is committed. */
  body(tx: Tx): Body<() => void>;
}

/** Runs a body in a transaction of its own. */
type Run = <T>(body: (tx: Tx) => Body<T>) => Promise<T>;

/** Queues by name. */
export class Lanes {
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Runs `body` after those before it in the lane, in the transaction of some of them or in one of its own. */
  write<T>({ name, keys }: Lane, body: (tx: Tx) => Body<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name);
      const last: Waiting = {
        keys,
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
      this.#waiting.set(name, [last]);
      void this.#serve(name);
    });
  }

  async #serve(name: string): Promise<void> {
    for (;;) {
      const next = this.#waiting.get(name)?.splice(0, mostTogether) ?? [];
      if (next.length === 0) break;
      await runTogether(next, (group) => this.#run((tx) => inWaves(tx, group)));
    }
    this.#waiting.delete(name);
  }
}

function* inWaves(tx: Tx, group: readonly Waiting[]): Body<readonly (() => void)[]> {
  const answers: (() => void)[] = [];
  for (const wave of wavesOf(group)) answers.push(...(yield* sideBySide(tx, wave)));
  return answers;
}

/** Bodies that may run side by side, in the order of the calls: whoever shares a key with one of a wave comes after it. */
function wavesOf(group: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const waves: Waiting[][] = [];
  let taken: Set<string> | null = null;
  for (const each of group) {
    const { keys } = each;
    const isFree: boolean = taken !== null && keys !== null && !keys.some((key) => taken?.has(key));
    if (isFree) waves.at(-1)?.push(each);
    else {
      waves.push([each]);
      taken = keys === null ? null : new Set();
    }
    for (const key of keys ?? []) taken?.add(key);
  }
  return waves;
}

/** Each goes as far as it can before any waits: their questions share a round trip. */
function* sideBySide(tx: Tx, wave: readonly Waiting[]): Body<readonly (() => void)[]> {
  const bodies = wave.map((each) => each.body(tx));
  const steps = bodies.map((body) => body.next());
  const answers: (() => void)[] = [];
  for (const [at, body] of bodies.entries()) {
    let step = steps[at] ?? body.next();
    while (step.done !== true) {
      yield step.value;
      step = body.next();
    }
    answers.push(step.value);
  }
  return answers;
}
