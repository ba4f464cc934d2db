// Failed logins: how many an address and an account may have before they have to wait.
import { Remembered } from "./remembered.ts";

/** Failures at once, and how long it takes until one of them is forgotten, ms. */
export interface Allowance {
  readonly most: number;
  readonly forgottenAfterMs: number;
}

/** An address: 20 at once, then one in three seconds. */
export const ofAddress: Allowance = { most: 20, forgottenAfterMs: 3_000 };
/** An account from all addresses: 100 at once, then one in a second. Above that only addresses that logged in to it before may try. */
export const ofAccount: Allowance = { most: 100, forgottenAfterMs: 1_000 };

/** An account from one network: it bounds the guesses of those that share an address with somebody who logged in. */
export const ofPair: Allowance = { most: 300, forgottenAfterMs: 1_000 };

const mostNames = 50_000;

/** Who an address belongs to: of IPv6 everybody has 2^64 at the least, so that the first 64 bits count (RFC 6177). */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [text = ""] = address.split("%", 1);
  const [head = "", tail] = text.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => "0");
  const [a, b, c, d] = [...groups, ...zeros, ...behind].map((group) => Number.parseInt(group, 16));
  return `${[a, b, c, d].map((group) => (group ?? 0).toString(16)).join(":")}::/64`;
}

/** Counts failures by name in a bounded amount of memory. */
export class Failures {
  readonly #allowance: Allowance;
  readonly #now: () => number;
  /** Until when the failures of a name are remembered: each one adds its time. */
  readonly #until: Remembered<number>;

  /** @param now monotonic ms. */
  constructor(allowance: Allowance, now: () => number) {
    this.#allowance = allowance;
    this.#now = now;
    this.#until = new Remembered(now, mostNames);
  }

  /** How long `name` has to wait before another attempt, ms; 0 for not at all. */
  waitOf(name: string): number {
    const { most, forgottenAfterMs } = this.#allowance;
    const owed = (this.#until.find(name) ?? 0) - this.#now();
    return Math.max(0, owed - (most - 1) * forgottenAfterMs);
  }

  /** Counts a failure. */
  add(name: string): void {
    const now = this.#now();
    const until = Math.max(now, this.#until.find(name) ?? 0) + this.#allowance.forgottenAfterMs;
    this.#until.keep(name, until, until);
  }

  /** Takes one back: the attempt was none, or it was right. */
  forgive(name: string): void {
    const until = this.#until.find(name);
    if (until === null) return;
    const before = until - this.#allowance.forgottenAfterMs;
    this.#until.keep(name, before, before);
  }
}
