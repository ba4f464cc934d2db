// Who a caller is and what it may do, asked for each request.
import type { StoredToken } from "../metadata/access.ts";
import { hashOfToken, isAccessToken } from "./accessToken.ts";
import { nameOf } from "./actions.ts";
import { type Bearer, bearerSeconds, jobBearerSeconds } from "./bearer.ts";
import type { Credentials } from "./credentials.ts";
import type { AccessDeps } from "./deps.ts";
import {
  type Admitted,
  anonymous,
  type Caller,
  type Identity,
  identityOf,
  type Origin,
  ofFile,
  ofWorkload,
  subjectOf,
} from "./identity.ts";
import { isIdToken } from "./idTokenShape.ts";
import { byServer, type NewKey, renewKey } from "./keys.ts";
import { Logins } from "./logins.ts";
import { AccessMemory } from "./memory.ts";
import { type Rights, rightsOf } from "./rights.ts";
import type { Scope } from "./scopes.ts";
import { Workloads } from "./workloads.ts";

/** Uses of a token are noted this often, ms. */
const noteEveryMs = 60_000;

/**
 * The account that credentials name, as far as it is known; null for none, whose name may be a password in the wrong field. undefined for
 * what is no login.
 */
interface Claim {
  who: string | null | undefined;
}

/** Keeps, identifies, decides. */
export class Access {
  readonly #deps: AccessDeps;
  readonly #logins: Logins;
  readonly #memory: AccessMemory;
  readonly #workloads: Workloads;

  constructor(deps: AccessDeps) {
    this.#deps = deps;
    const { metadata, trust, clock, now, onWorkload } = deps;
    this.#memory = new AccessMemory(metadata, trust, clock);
    this.#workloads = new Workloads({
      ...{ metadata: trust, memory: this.#memory, clock, now, onEvent: onWorkload },
    });
    this.#logins = new Logins(deps.now, deps.comparison);
  }

  /** Makes the first key, or the next one when it is time. @returns null when there is no need. */
  async renewKey(): Promise<NewKey | null> {
    return this.#deps.mode === "none" ? null : renewKey({ ...this.#deps, by: byServer });
  }

  /** Unix ms. */
  now(): number {
    return this.#deps.clock();
  }

  /** What an operator should know: whether everybody may do everything, or nobody anything. */
  async state(): Promise<"open" | "empty" | "closed"> {
    if (await this.isOpen()) return "open";
    const { metadata, htpasswd } = this.#deps;
    return htpasswd === null && !(await metadata.findState()).closed ? "empty" : "closed";
  }

  /** False on a server that asks nobody who he is, whatever happens. */
  get mayClose(): boolean {
    return this.#deps.mode !== "none";
  }

  /** True while everybody may do everything. */
  isOpen(): boolean | Promise<boolean> {
    const { mode, isLoopback, htpasswd } = this.#deps;
    if (mode === "none") return true;
    const judge = (closed: boolean) =>
      mode === "auto" && isLoopback && !closed && htpasswd === null;
    const closed = this.#memory.refresh();
    return typeof closed === "boolean" ? judge(closed) : closed.then(judge);
  }

  /** The caller of credentials that came before, if nothing has changed since. Of others nothing is said. @param originOf asked for passwords only. */
  known(credentials: Credentials, originOf: () => Origin): Admitted | null {
    if (credentials.kind === "bearer") return this.#memory.caller(credentials.token);
    if (credentials.kind !== "basic") return null;
    const { name, password } = credentials;
    const user = this.#memory.knownUser(name);
    if (user === null) return null;
    const found = this.#memory.knownCaller(user, (rulesOf) => {
      const identity = identityOf(user);
      const rules = identity === null ? null : rulesOf(identity.principal);
      if (identity === null || rules === null) return null;
      return { identity, rights: rightsOf(identity.principal, { rules, scopes: null }) };
    });
    if (found === null) return null;
    const from = originOf();
    const login = { name, password, hash: user.passwordHash, address: from.address ?? "" };
    if (!this.#logins.isKnown(login)) return null;
    this.#noteLogin(found.identity, from);
    return found;
  }

  /** As `identify`, with what the caller may do. @throws RegistryError LOGINS_TOO_MANY, UNAUTHORIZED */
  async admit(credentials: Credentials, caller: Caller): Promise<Admitted | null> {
    const { revision } = this.#memory;
    const identity = await this.identify(credentials, caller);
    if (identity === null) return null;
    const found = { identity, rights: await this.rightsOf(identity) };
    if (credentials.kind === "bearer") this.#memory.keepCaller(credentials.token, found, revision);
    return found;
  }

  /**
   * Who has these credentials. @returns null for wrong ones, whatever is wrong with them.
   * @throws RegistryError LOGINS_TOO_MANY; UNAUTHORIZED for a right ID token that no rule takes
   */
  async identify(credentials: Credentials, caller: Caller): Promise<Identity | null> {
    const from = { address: caller.address, requestId: caller.requestId };
    const login: Claim = { who: undefined };
    let identity: Identity | null = null;
    try {
      identity = await this.#recognise(credentials, caller, login);
      // Another server may have made the account, or the key, a moment ago.
      if (identity === null && (await this.#memory.confirm())) {
        identity = await this.#recognise(credentials, caller, login);
      }
    } finally {
      // One that comes too often is not even compared, and has failed. Rows that cannot be read fail the request itself.
      if (identity === null && login.who !== undefined) {
        this.#deps.trail.note("login.failed", { who: login.who, ...from });
      }
    }
    if (identity !== null) this.#noteLogin(identity, from);
    return identity;
  }

  /** A bearer token is the work of a login that was written down. */
  #noteLogin({ principal, scopes }: Identity, from: Origin): void {
    if (principal.kind === "anonymous" || scopes !== null) return;
    this.#deps.trail.note("login", { who: nameOf(principal), ...from });
  }

  #recognise(credentials: Credentials, caller: Caller, login: Claim): Promise<Identity | null> {
    switch (credentials.kind) {
      case "none":
        return Promise.resolve(anonymous);
      case "unreadable":
        return Promise.resolve(null);
      case "bearer":
        // Ours end after five minutes: that is no failed login.
        return isAccessToken(credentials.token)
          ? this.#byToken(credentials.token, login)
          : this.#byBearer(credentials.token);
      case "basic":
        // Recognised by its shape, whatever the user name says.
        if (isAccessToken(credentials.password)) return this.#byToken(credentials.password, login);
        return isIdToken(credentials.password)
          ? this.#byIdToken(credentials.password, caller, login)
          : this.#byPassword(credentials, caller.address ?? "", login);
    }
  }

  /** What a caller may do. */
  async rightsOf({ principal, scopes, everywhere }: Identity): Promise<Rights> {
    return rightsOf(principal, {
      rules: await this.#memory.rulesOf(principal),
      scopes,
      everywhere,
    });
  }

  /** How long a bearer token for requests lasts, seconds. */
  lifeOf({ principal }: Identity): number {
    return principal.kind === "workload" ? jobBearerSeconds : bearerSeconds;
  }

  /** A bearer token for requests. */
  async issue({ principal, stamp }: Identity, scopes: readonly Scope[]): Promise<string> {
    return (await this.#memory.signer()).sign({ ...subjectOf(principal), stamp, scopes });
  }

  /** A token that is exchanged for others, for accounts that have a password, and for jobs. */
  async issueRefresh({ principal, stamp }: Identity): Promise<string> {
    return (await this.#memory.signer()).signRefresh({ ...subjectOf(principal), stamp });
  }

  /** Who has a refresh token; null for one that is not ours, has ended, or whose account has changed. */
  async identifyRefresh(token: string, { address, requestId }: Origin): Promise<Identity | null> {
    const from = { address, requestId };
    const bearer = await (await this.#memory.signer()).verifyRefresh(token);
    if (bearer === null || (bearer.who !== "user" && bearer.who !== "workload")) {
      this.#deps.trail.note("login.failed", { who: null, ...from });
      return null;
    }
    const found = await this.#holder(bearer);
    if (found === null) {
      this.#deps.trail.note("login.failed", { who: `${bearer.who}:${bearer.name}`, ...from });
      return null;
    }
    const identity = { ...found, scopes: null };
    this.#noteLogin(identity, from);
    return identity;
  }

  async #byBearer(token: string): Promise<Identity | null> {
    const bearer = await (await this.#memory.signer()).verify(token);
    if (bearer === null) return null;
    const found = await this.#holder(bearer);
    return found === null ? null : { ...found, scopes: bearer.scopes };
  }

  /** The account that something was issued to, as it is now; null when what was issued is void. */
  async holder(issued: Omit<Bearer, "scopes">): Promise<Identity | null> {
    const found = await this.#holder(issued);
    // Another server may have made the account a moment ago.
    return found === null && (await this.#memory.confirm()) ? this.#holder(issued) : found;
  }

  async #holder({ who, name, stamp, origin }: Omit<Bearer, "scopes">): Promise<Identity | null> {
    if (who === "anonymous") return anonymous;
    if (who === "workload") {
      const rule = await this.#memory.trust(name);
      return rule !== null && rule.stamp === stamp ? ofWorkload(name, stamp, origin) : null;
    }
    if (who === "token") {
      const found = await this.#deps.metadata.findTokenByName(name);
      return found !== null && found.hash === stamp ? this.#holderOf(found) : null;
    }
    const user = await this.#account(name);
    return user !== null && user.stamp === stamp ? user : null;
  }

  async #byToken(text: string, login: Claim): Promise<Identity | null> {
    const hash = hashOfToken(text);
    const token = await this.#memory.token(hash);
    login.who = token === null ? null : `token:${token.name}`;
    if (token === null) return null;
    const holder = this.#holderOf(token);
    if (holder !== null) this.#noteUse(token);
    return holder;
  }

  #holderOf({ name, hash, expiresAt, revokedAt }: StoredToken): Identity | null {
    const isOver = expiresAt !== null && expiresAt <= this.#deps.clock();
    if (isOver || revokedAt !== null) return null;
    return { principal: { kind: "token", name }, stamp: hash, scopes: null };
  }

  #noteUse(token: StoredToken): void {
    const usedAt = this.#deps.clock();
    if (token.lastUsedAt !== null && usedAt - token.lastUsedAt < noteEveryMs) return;
    this.#memory.noteUse(token, usedAt);
    // For information only: a store that takes no writes still answers pulls.
    this.#deps.metadata.noteUse(token.hash, usedAt).catch(() => {});
  }

  async #byIdToken(token: string, caller: Caller, login: Claim): Promise<Identity | null> {
    // The user name of a job means nothing.
    login.who = null;
    const found = await this.#workloads.identify(token, caller);
    return found === null ? null : ofWorkload(found.rule.name, found.rule.stamp, found.origin);
  }

  async #byPassword(
    { name, password }: { readonly name: string; readonly password: string },
    address: string,
    login: Claim,
  ): Promise<Identity | null> {
    const { hash, identity } = await this.#login(name);
    login.who = hash === null ? null : `user:${name}`;
    const decoy = (await this.#deps.htpasswd?.decoy()) ?? null;
    const isRight = await this.#logins.isRight({ name, password, hash, decoy, address });
    return isRight ? identity : null;
  }

  /** The hash to compare with, and who it is if it is right; a user of the database comes before one of the file. */
  async #login(
    name: string,
  ): Promise<{ readonly hash: string | null; readonly identity: Identity | null }> {
    const user = await this.#memory.user(name);
    if (user !== null) return { hash: user.passwordHash, identity: identityOf(user) };
    const { htpasswd } = this.#deps;
    const hash = (await htpasswd?.hashOf(name)) ?? null;
    if (htpasswd === null || hash === null) return { hash, identity: null };
    return { hash, identity: { ...ofFile(name, hash), everywhere: htpasswd.rights } };
  }

  async #account(name: string): Promise<Identity | null> {
    return (await this.#login(name)).identity;
  }
}
