// Logins with a password: compared once for many requests, and held back where too many failed.
import { RegistryError } from "../errors.ts";
import { Failures, ofAccount, ofAddress } from "./failures.ts";
import { KnownLogins } from "./knownLogins.ts";
import { Passwords, TooManyLogins } from "./passwords.ts";

/** A password, and the hash that it should fit. */
export interface Login {
  readonly name: string;
  readonly password: string;
  /** null when there is no such user. */
  readonly hash: string | null;
  /** Of the other end. */
  readonly address: string;
}

/** Pairs of account and address that are remembered; beyond them it starts over. */
const mostWelcome = 10_000;

export class Logins {
  readonly #passwords = new Passwords();
  readonly #known: KnownLogins;
  readonly #addresses: Failures;
  readonly #accounts: Failures;
  /** Addresses that logged in to an account before: the failures of others do not keep them out. */
  readonly #welcome = new Set<string>();
  /** Comparisons that are running. */
  readonly #running = new Map<string, Promise<boolean>>();

  /** @param now monotonic ms. */
  constructor(now: () => number) {
    this.#known = new KnownLogins(now);
    this.#addresses = new Failures(ofAddress, now);
    this.#accounts = new Failures(ofAccount, now);
  }

  /** Costs the same for unknown users. @throws RegistryError LOGINS_TOO_MANY */
  async isRight(login: Login): Promise<boolean> {
    const { name, password, hash, address } = login;
    if (hash !== null && this.#known.has(name, password, hash)) return true;
    const key = JSON.stringify([name, address, password, hash]);
    // Many requests of one client at a time are one attempt.
    const running = this.#running.get(key) ?? this.#attempt(login);
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      this.#running.delete(key);
    }
  }

  async #attempt({ name, password, hash, address }: Login): Promise<boolean> {
    const pair = JSON.stringify([name, address]);
    if (!this.#welcome.has(pair)) this.#assertPatience(name, address);
    // Counts as failed until it was right: those that come at the same time see each other.
    this.#addresses.add(address);
    this.#accounts.add(name);
    let isWrong = false;
    try {
      isWrong = !(await this.#verify(password, hash));
    } finally {
      if (!isWrong) this.#forgive(name, address);
    }
    if (isWrong || hash === null) return false;
    this.#known.add(name, password, hash);
    if (this.#welcome.size >= mostWelcome) this.#welcome.clear();
    this.#welcome.add(pair);
    return true;
  }

  #forgive(name: string, address: string): void {
    this.#addresses.forgive(address);
    this.#accounts.forgive(name);
  }

  #assertPatience(name: string, address: string): void {
    const wait = Math.max(this.#addresses.waitOf(address), this.#accounts.waitOf(name));
    if (wait > 0) throw tooMany(wait);
  }

  async #verify(password: string, hash: string | null): Promise<boolean> {
    try {
      return await this.#passwords.verify(password, hash);
    } catch (error) {
      if (error instanceof TooManyLogins) throw tooMany(1_000);
      throw error;
    }
  }
}

function tooMany(waitMs: number): RegistryError {
  return new RegistryError("LOGINS_TOO_MANY", { retryAfter: Math.ceil(waitMs / 1_000) });
}
