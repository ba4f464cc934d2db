// Logins that were right a moment ago: a client that sends Basic with each request would cost 40 ms of a core each time.
import { Remembered } from "./remembered.ts";

/** How long a login is remembered, ms. */
const rememberedMs = 5 * 60_000;
const mostRemembered = 50_000;

/** A login that was right for a stored hash: another hash of the same user is another login, and so is another network. */
interface KnownLogin {
  readonly name: string;
  readonly password: string;
  readonly hash: string;
  /** Others guess at the password without an answer from here. */
  readonly network: string;
}

/** Remembers that a password was right. */
export class KnownLogins {
  /** Without it nobody can guess at passwords from a dump of the memory. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  readonly #now: () => number;
  readonly #known: Remembered<true>;

  /** @param now monotonic ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#known = new Remembered(now, mostRemembered);
  }

  /** True when exactly this was right not long ago. */
  has(login: KnownLogin): boolean {
    return this.#known.find(this.#keyOf(login)) === true;
  }

  add(login: KnownLogin): void {
    this.#known.keep(this.#keyOf(login), true, this.#now() + rememberedMs);
  }

  #keyOf({ name, password, hash, network }: KnownLogin): string {
    // As JSON: no two lists of texts have the same spelling.
    const text = JSON.stringify([name, password, hash, network]);
    return new Bun.CryptoHasher("sha256", this.#secret).update(text).digest("base64");
  }
}
