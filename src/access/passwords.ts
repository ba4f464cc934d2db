// Passwords: hashed with argon2id, compared at one cost whether or not there is such a user, and few at a time.
import { bcryptPassword } from "./htpasswd.ts";

/** OWASP's smallest: 19 MiB, two passes. About 40 ms of one core. */
const argon = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
/** Comparisons at a time: each holds 19 MiB and a core. The others wait. */
const mostAtOnce = 2;
/** Comparisons that wait; more are refused. About ten seconds of work. */
const mostWaiting = 500;
/** Longer texts are no passwords; bytes. */
const longestPassword = 1024;

/** A comparison that cannot be made now. */
export class TooManyLogins extends Error {
  override readonly name = "TooManyLogins";
}

/** Hashes and compares. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Of no password: for users that do not exist. */
  #nothing: Promise<string> | null = null;

  /** @returns the hash to store, in PHC's spelling. */
  hash(password: string): Promise<string> {
    return Bun.password.hash(password, argon);
  }

  /**
   * Compares. A user that does not exist costs what one with argon2id costs, and htpasswd's bcrypt costs what the file asks for.
   * @param hash null when there is no such user. @throws TooManyLogins
   */
  async verify(password: string, hash: string | null): Promise<boolean> {
    if (Buffer.byteLength(password) > longestPassword) return false;
    return this.#inTurn(async () => {
      if (hash === null) {
        this.#nothing ??= this.hash(crypto.randomUUID());
        await Bun.password.verify(password, await this.#nothing);
        return false;
      }
      const given = hash.startsWith("$2") ? bcryptPassword(password) : password;
      // An empty password is never right, and the runtime refuses to look at it.
      return given.length > 0 && (await Bun.password.verify(given, hash));
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= mostAtOnce) {
      if (this.#waiting.length >= mostWaiting) throw new TooManyLogins();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
