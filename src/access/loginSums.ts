// Which logins are written down, and which are summed up: a client that logs in with each request, or somebody who guesses passwords,
// must not fill the disk. Pure: it is told the time.

/** How logins of one kind are summed up. */
export interface SumRule {
  /** How long equal ones are taken together, ms. */
  readonly windowMs: number;
  /** Different ones that a window names. The others are one entry without a name. */
  readonly mostNamed: number;
  /** False: equal ones of a window are left out. True: their number follows at its end. */
  readonly counts: boolean;
}

/** Each account and address once an hour. */
export const successes: SumRule = { windowMs: 3_600_000, mostNamed: 1_000, counts: false };
/** The first one at once, the number of the others after ten minutes. */
export const failures: SumRule = { windowMs: 600_000, mostNamed: 100, counts: true };

/** Who logs in, and from where. */
export interface Attempt {
  readonly who: string | null;
  readonly address: string | null;
}

/** Equal attempts. */
export interface Sum extends Attempt {
  readonly times: number;
}

/** Takes the attempts of one kind together. */
export class LoginSums {
  readonly #rule: SumRule;
  readonly #now: () => number;
  #endsAt = Number.NEGATIVE_INFINITY;
  /** Those that a window has named, and how often they came after that. */
  readonly #named = new Map<string, { readonly attempt: Attempt; times: number }>();
  #others = 0;

  /** @param now monotonic ms. */
  constructor(rule: SumRule, now: () => number) {
    this.#rule = rule;
    this.#now = now;
  }

  /** Counts an attempt. @returns true when it is to be written down now, by its name. */
  add(attempt: Attempt): boolean {
    const key = JSON.stringify([attempt.who, attempt.address]);
    const known = this.#named.get(key);
    if (known !== undefined) {
      known.times += 1;
      return false;
    }
    if (this.#named.size >= this.#rule.mostNamed) {
      this.#others += 1;
      return false;
    }
    if (this.#named.size === 0) this.#endsAt = this.#now() + this.#rule.windowMs;
    this.#named.set(key, { attempt, times: 0 });
    return true;
  }

  /** Ends a window that is over. @param isLast ends it in any case. @returns what came after the first ones. */
  end(isLast = false): readonly Sum[] {
    if (!isLast && this.#now() < this.#endsAt) return [];
    const repeated = this.#rule.counts
      ? [...this.#named.values()].flatMap(({ attempt, times }) =>
          times === 0 ? [] : [{ ...attempt, times }],
        )
      : [];
    const others = this.#others === 0 ? [] : [{ who: null, address: null, times: this.#others }];
    this.#named.clear();
    this.#others = 0;
    return [...repeated, ...others];
  }
}
