// Logins of browsers: a secret in a cookie, and its row. It stands for an account as a refresh token does: with the account's stamp, so
// that it ends with a changed password, a disabled or removed user, and a revoked token.
import type { BrowserSessionsMetadata, StoredBrowserSession } from "../metadata/browserSessions.ts";
import type { Access } from "./access.ts";
import { hashOfToken } from "./accessToken.ts";
import { nameOf } from "./actions.ts";
import type { Admitted, Caller, Identity, Origin } from "./identity.ts";

/** What browsers' logins work with. */
export interface BrowserSessionsDeps {
  readonly metadata: BrowserSessionsMetadata;
  readonly access: Pick<Access, "identify" | "holder" | "rightsOf">;
  /** Unix ms. */
  readonly clock: () => number;
}

/** An account with a password, as a login found it. */
export type Account = Pick<Identity, "principal" | "stamp">;

/** A session that nobody used for so long has ended, ms. */
export const idleMs = 12 * 3_600_000;
/** However often it is used, ms. */
export const longestMs = 7 * 24 * 3_600_000;
/** Uses are noted this often, ms. */
const noteEveryMs = 60_000;
/** Sessions of one account; a login beyond them ends the oldest one. */
const mostOfAccount = 50;
/** 256 random bits in base64url. */
const secretGrammar = /^[A-Za-z0-9_-]{43}$/;

/** Begins, recognises and ends them. */
export class BrowserSessions {
  readonly #deps: BrowserSessionsDeps;

  constructor(deps: BrowserSessionsDeps) {
    this.#deps = deps;
  }

  /**
   * Compares a password, or an access token in its place, as Basic does. @returns the secret of a new session; null for a wrong one, and
   * for jobs, whose tokens are no logins of people.
   * @throws RegistryError LOGINS_TOO_MANY, UNAUTHORIZED
   */
  async logIn(
    login: { readonly name: string; readonly password: string },
    caller: Caller,
  ): Promise<string | null> {
    const identity = await this.#deps.access.identify({ kind: "basic", ...login }, caller);
    return identity === null ? null : this.begin(identity);
  }

  /** @returns the secret of a new session of an account, made here and known to nobody before; null for what is no account. */
  async begin({ principal, stamp }: Account): Promise<string | null> {
    if (principal.kind !== "user" && principal.kind !== "token") return null;
    const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
    const now = this.#deps.clock();
    const who = nameOf(principal) ?? "";
    const times = { createdAt: now, lastUsedAt: now, expiresAt: now + longestMs };
    const row = { hash: hashOfToken(secret), who, stamp, ...times };
    await this.#deps.metadata.addSession(row, mostOfAccount);
    return secret;
  }

  /** Whose session a secret is of, and what it may do; null when it has ended. */
  async admit(secret: string): Promise<Admitted | null> {
    const session = secretGrammar.test(secret)
      ? await this.#deps.metadata.findSession(hashOfToken(secret))
      : null;
    if (session === null || !this.#isGood(session)) return null;
    const { access } = this.#deps;
    const identity = await access.holder({ ...accountOf(session), stamp: session.stamp });
    if (identity === null) return null;
    this.#noteUse(session);
    const whole = { ...identity, scopes: null };
    return { identity: whole, rights: await access.rightsOf(whole) };
  }

  /** Ends the session of a secret, or all of its account; nothing when the session has ended. */
  async end(secret: string, everywhere: boolean, from: Origin): Promise<void> {
    const found = await this.admit(secret);
    const who = found === null ? null : nameOf(found.identity.principal);
    if (who === null) return;
    const { metadata, clock } = this.#deps;
    const by = { ...from, who, at: clock() };
    if (everywhere) await metadata.endSessionsOf(who, by);
    else await metadata.endSession(hashOfToken(secret), by);
  }

  /** A clock that was set back makes no session last longer than from its beginning to its end. */
  #isGood({ createdAt, lastUsedAt, expiresAt }: StoredBrowserSession): boolean {
    const now = this.#deps.clock();
    return now < expiresAt && now < lastUsedAt + idleMs && now >= createdAt - noteEveryMs;
  }

  #noteUse({ hash, lastUsedAt }: StoredBrowserSession): void {
    const usedAt = this.#deps.clock();
    if (usedAt - lastUsedAt < noteEveryMs) return;
    // A store that takes no writes still shows its pages.
    this.#deps.metadata.noteSession(hash, usedAt).catch(() => {});
  }
}

function accountOf({ who }: StoredBrowserSession) {
  const colon = who.indexOf(":");
  const kind = who.slice(0, colon) === "token" ? "token" : "user";
  return { who: kind, name: who.slice(colon + 1), origin: null } as const;
}
