// The set-up link: whoever started a server that has no account makes the first administrator in a browser. The link is a secret
// that this process alone knows, for a while, and only the hash of it.
import { RegistryError } from "../errors.ts";
import type { AccountsMetadata } from "../metadata/access.ts";
import type { Access } from "./access.ts";
import type { Account } from "./browserSessions.ts";
import type { Origin } from "./identity.ts";
import { AccessInputError } from "./inputError.ts";
import { hashOf } from "./manage.ts";
import { parseName } from "./ruleInput.ts";

/** What setting up works with. */
export interface SetupDeps {
  readonly access: Pick<Access, "state">;
  readonly accounts: Pick<AccountsMetadata, "addFirstUser">;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** The account that is to be made, and what proves that it may be. */
export interface FirstAccount {
  readonly secret: string;
  readonly name: string;
  readonly password: string;
}

/** How long a link is good, ms. */
export const setupMs = 30 * 60_000;
/** Who made the first administrator, in the audit trail. */
const author = "setup";

/** Good until it was used, until there is an account, for half an hour, and not after a restart. */
export class Setup {
  readonly #deps: SetupDeps;
  readonly #hash: Uint8Array;
  readonly #endsAt: number;
  #isUsed = false;

  private constructor(deps: SetupDeps, hash: Uint8Array) {
    this.#deps = deps;
    this.#hash = hash;
    this.#endsAt = deps.now() + setupMs;
  }

  /** @returns it, and the secret, which is told this once. */
  static begin(deps: SetupDeps): { readonly setup: Setup; readonly secret: string } {
    const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    return { setup: new Setup(deps, hashOfSecret(secret)), secret };
  }

  /** True while the link is good. */
  async isOpen(): Promise<boolean> {
    if (this.#isUsed || this.#deps.now() >= this.#endsAt) return false;
    return (await this.#deps.access.state()) === "empty";
  }

  /**
   * Makes the first administrator. @returns it, for a login of the browser that asked.
   * @throws RegistryError ROUTE_UNKNOWN once the link is no longer good; DENIED for another secret; REQUEST_INVALID, which repeats
   * nothing of what was typed.
   */
  async finish({ secret, name, password }: FirstAccount, from: Origin): Promise<Account> {
    await this.assertOpen();
    if (!crypto.timingSafeEqual(hashOfSecret(secret), this.#hash)) {
      throw new RegistryError("DENIED", {
        message: "this is not the link that the server printed: open that one again",
      });
    }
    const { accounts, clock, newId } = this.#deps;
    const passwordHash = await hashAccount(name, password);
    const createdAt = clock();
    const user = { name, passwordHash, isAdmin: true, stamp: newId(), createdAt };
    if (!(await accounts.addFirstUser(user, { ...from, who: author, at: createdAt }))) {
      throw closed();
    }
    this.#isUsed = true;
    return { principal: { kind: "user", name, isAdmin: true }, stamp: user.stamp };
  }

  /** @throws RegistryError ROUTE_UNKNOWN once the link is no longer good. */
  async assertOpen(): Promise<void> {
    if (!(await this.isOpen())) throw closed();
  }
}

/** Both sides of the comparison have one length, whatever was sent. */
function hashOfSecret(secret: string): Uint8Array {
  return new Bun.CryptoHasher("sha256").update(secret).digest();
}

/** @throws RegistryError REQUEST_INVALID: a password may have been typed as name, and refusals are logged. */
async function hashAccount(name: string, password: string): Promise<string> {
  try {
    parseName(name);
  } catch (error) {
    if (!(error instanceof AccessInputError)) throw error;
    throw new RegistryError("REQUEST_INVALID", {
      message:
        "The name may have letters, digits and . _ @ + -, 128 at most, and begins with a letter or digit.",
    });
  }
  return hashOf(password).catch((error: unknown) => {
    if (!(error instanceof AccessInputError)) throw error;
    throw new RegistryError("REQUEST_INVALID", { message: error.message });
  });
}

function closed(): RegistryError {
  return new RegistryError("ROUTE_UNKNOWN", {
    message:
      "this set-up link was used, or has ended; on the server's machine: breadbox user add NAME --admin",
  });
}
