// Passwords: hashed with argon2id, compared at one cost whether or not there is such a user, and few at a time.
import { bcryptPassword } from "./htpasswd.ts";

/** OWASP's smallest: 19 MiB, two passes. About 40 ms of one core. */
const argon = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
/** Comparisons that wait; more are refused. About twenty seconds of a core's work. */
const mostWaiting = 500;
/** Longer texts are no passwords; bytes. */
export const longestPassword = 1024;

/** What a password is compared with. */
export interface Stored {
  /** null when there is no such user. */
  readonly hash: string | null;
  /** A bcrypt hash as those of the htpasswd file; null without one. */
  readonly decoy: string | null;
}

/** Compares a password with a hash. @throws Error for a hash that it cannot read. */
export type Compare = (password: string | Uint8Array, hash: string) => Promise<boolean>;

/** How passwords are compared. */
export interface Comparison {
  /** At a time: each holds 19 MiB and a core. The others wait. */
  readonly most: number;
  readonly compare: Compare;
}

/** By the runtime's own threads. */
export const compareHere: Comparison = {
  most: 1,
  compare: (password, hash) => Bun.password.verify(password, hash),
};

/** A comparison that cannot be made now. */
export class TooManyLogins extends Error {
  override readonly name = "TooManyLogins";
}

/** Hashes and compares. */
export class Passwords {
  readonly #comparison: Comparison;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Of no password: for users that do not exist. */
  #nothing: Promise<string> | null = null;

  constructor(comparison = compareHere) {
    this.#comparison = comparison;
  }

  /** @returns the hash to store, in PHC's spelling. */
  hash(password: string): Promise<string> {
    return Bun.password.hash(password, argon);
  }

  /**
   * Compares. A wrong password takes as long for a user that does not exist as for one of the database or of the htpasswd file: what was not
   * compared is compared with a decoy.
   * @throws TooManyLogins
   */
  async verify(password: string, { hash, decoy }: Stored): Promise<boolean> {
    if (Buffer.byteLength(password) > longestPassword) return false;
    return this.#inTurn(async () => {
      if (hash !== null && (await this.#isRight(password, hash))) return true;
      if (hash === null || isBcrypt(hash)) {
        this.#nothing ??= this.hash(crypto.randomUUID());
        await this.#isRight(password, await this.#nothing);
      }
      if (decoy !== null && (hash === null || !isBcrypt(hash)))
        await this.#isRight(password, decoy);
      return false;
    });
  }

  /** An empty password is never right, and the runtime refuses to look at it. */
  async #isRight(password: string, hash: string): Promise<boolean> {
    const given = isBcrypt(hash) ? bcryptPassword(password) : password;
    return given.length > 0 && (await this.#comparison.compare(given, hash));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#comparison.most) {
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

const isBcrypt = (hash: string): boolean => hash.startsWith("$2");
