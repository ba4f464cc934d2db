// Logins with a password: compared once for many requests, and held back where too many failed.
import { RegistryError } from "../errors.ts";
import { Failures, networkOf, ofAccount, ofAddress, ofPair } from "./failures.ts";
import { KnownLogins } from "./knownLogins.ts";
import {
  type Comparison,
  compareHere,
  Passwords,
  type Stored,
  TooManyLogins,
} from "./passwords.ts";

/** A password, and what it is compared with. */
export interface Login extends Stored {
  readonly name: string;
  readonly password: string;
  /** Of the other end. */
  readonly address: string;
}

/** Pairs of account and network that are remembered; beyond them it starts over. */
const mostWelcome = 50_000;
/** Names are remembered to this length: a flood of long ones must not fill the memory. */
const longestName = 256;

export class Logins {
  readonly #passwords: Passwords;
  readonly #known: KnownLogins;
  readonly #networks: Failures;
  readonly #accounts: Failures;
  /** Failures of an account from one network, those that were held back included. */
  readonly #pairs: Failures;
  /** Pairs that logged in before: the failures of others do not keep them out. */
  readonly #welcome = new Set<string>();
  /** Comparisons that are running. */
  readonly #running = new Map<string, Promise<boolean>>();

  /** @param now monotonic ms. */
  constructor(now: () => number, comparison: Comparison = compareHere) {
    this.#passwords = new Passwords(comparison);
    this.#known = new KnownLogins(now);
    this.#networks = new Failures(ofAddress, now);
    this.#accounts = new Failures(ofAccount, now);
    this.#pairs = new Failures(ofPair, now);
  }

  /** True for a login that was right not long ago, unless so many fail that it has to wait. */
  isKnown({ name, password, hash, address }: Omit<Login, "decoy">): boolean {
    const network = networkOf(address);
    const mustWait = this.#pairs.waitOf(pairOf(name, network)) > 0;
    return !mustWait && hash !== null && this.#known.has({ name, password, hash, network });
  }

  /** Costs the same for unknown users. @throws RegistryError LOGINS_TOO_MANY */
  async isRight({ address, ...login }: Login): Promise<boolean> {
    const network = networkOf(address);
    const { name, password, hash } = login;
    const account = name.slice(0, longestName);
    const pair = pairOf(name, network);
    // Of known logins, too: their answers would tell which of any number of guesses is right.
    assertPatience(this.#pairs.waitOf(pair));
    const key = { name, password, hash: hash ?? "", network };
    if (hash !== null && this.#known.has(key)) return true;
    // Many requests of one client at a time are one attempt.
    const id = JSON.stringify(key);
    const running = this.#running.get(id) ?? this.#attempt(login, { account, network, pair });
    this.#running.set(id, running);
    try {
      return await running;
    } finally {
      this.#running.delete(id);
    }
  }

  async #attempt(
    { name, password, ...stored }: Omit<Login, "address">,
    { account, network, pair }: Record<"account" | "network" | "pair", string>,
  ): Promise<boolean> {
    // Counts as failed until it was right: those that come at the same time see each other.
    this.#pairs.add(pair);
    if (!this.#welcome.has(pair)) {
      assertPatience(Math.max(this.#networks.waitOf(network), this.#accounts.waitOf(account)));
    }
    this.#networks.add(network);
    this.#accounts.add(account);
    let isWrong = false;
    try {
      isWrong = !(await this.#verify(password, stored));
    } finally {
      if (!isWrong) {
        this.#pairs.forgive(pair);
        this.#networks.forgive(network);
        this.#accounts.forgive(account);
      }
    }
    const { hash } = stored;
    if (isWrong || hash === null) return false;
    this.#known.add({ name, password, hash, network });
    if (this.#welcome.size >= mostWelcome) this.#welcome.clear();
    this.#welcome.add(pair);
    return true;
  }

  async #verify(password: string, stored: Stored): Promise<boolean> {
    try {
      return await this.#passwords.verify(password, stored);
    } catch (error) {
      if (error instanceof TooManyLogins) throw tooMany(1_000);
      throw error;
    }
  }
}

/** A network holds no space. */
function pairOf(name: string, network: string): string {
  return `${network} ${name.slice(0, longestName)}`;
}

/** @param waitMs 0 for none. */
function assertPatience(waitMs: number): void {
  if (waitMs > 0) throw tooMany(waitMs);
}

function tooMany(waitMs: number): RegistryError {
  return new RegistryError("LOGINS_TOO_MANY", { retryAfter: Math.ceil(waitMs / 1_000) });
}
