// What access has read of its tables, kept for as long as their revision is the same. What was read while somebody changed it is not kept.
import type {
  AccessMetadata,
  AccessState,
  StoredRule,
  StoredToken,
  StoredUser,
} from "../metadata/access.ts";
import type { TrustMetadata } from "../metadata/trust.ts";
import { type Action, actions, type Principal, type Who, whoIs } from "./actions.ts";
import { type Bearer, Bearers, readKey } from "./bearer.ts";
import type { Admitted } from "./identity.ts";
import { type Pattern, PatternError, parsePattern } from "./patterns.ts";
import { type Rule, RuleList } from "./ruleList.ts";
import { RuleSet } from "./rules.ts";
import type { TrustRule } from "./trust.ts";
import { toTrustRule } from "./trustRows.ts";

/** The audience of our tokens; each store has keys of its own. */
export const service = "breadbox";
/** Entries of each memory; beyond them it starts over. */
const mostKept = 50_000;

/** Rows, and the keys that are made of rows. */
export class AccessMemory {
  readonly #metadata: AccessMetadata;
  readonly #trust: Pick<TrustMetadata, "listTrustOf" | "findTrust">;
  readonly #clock: () => number;
  #revision = -1;
  readonly #users = new Map<string, StoredUser>();
  readonly #tokens = new Map<string, StoredToken>();
  readonly #rules = new Map<Who, RuleList>();
  readonly #sets = new Map<Who, RuleSet>();
  readonly #trustByIssuer = new Map<string, readonly TrustRule[]>();
  readonly #trustByName = new Map<string, TrustRule>();
  #bearers: Promise<Bearers> | null = null;
  /** The same, once it has opened. */
  #opened: Bearers | null = null;
  /** Whom tokens were found to be of, and what they may do. */
  #callers = new WeakMap<Bearer, Admitted>();
  /** The same of users who send their password. */
  #owners = new WeakMap<StoredUser, Admitted>();

  /** @param clock Unix ms. */
  constructor(
    metadata: AccessMetadata,
    trust: Pick<TrustMetadata, "listTrustOf" | "findTrust">,
    clock: () => number,
  ) {
    this.#metadata = metadata;
    this.#trust = trust;
    this.#clock = clock;
  }

  /** Forgets everything when the tables have changed. @returns true once there was an account. */
  refresh(): boolean | Promise<boolean> {
    const state = this.#metadata.findState();
    return state instanceof Promise ? state.then((found) => this.#take(found)) : this.#take(state);
  }

  /** As `refresh`, with what other servers have just changed. @returns whether anything was. */
  async confirm(): Promise<boolean> {
    const before = this.#revision;
    this.#take(await this.#metadata.confirmState());
    return before !== this.#revision;
  }

  #take({ revision, closed }: AccessState): boolean {
    if (revision !== this.#revision) {
      this.#revision = revision;
      this.#users.clear();
      this.#tokens.clear();
      this.#rules.clear();
      this.#sets.clear();
      this.#trustByIssuer.clear();
      this.#trustByName.clear();
      this.#bearers = null;
      this.#opened = null;
      this.#callers = new WeakMap();
      this.#owners = new WeakMap();
    }
    return closed;
  }

  /** What the tables were at when they were asked last. */
  get revision(): number {
    return this.#revision;
  }

  /** Whose bearer token this is, if that is known and the tables have not changed since. */
  caller(token: string): Admitted | null {
    const bearer = this.#opened?.remembered(token) ?? null;
    return bearer === null ? null : (this.#callers.get(bearer) ?? null);
  }

  /** Keeps the caller of a bearer token, who was found since `revision`. Of other callers than users of the database more may change. */
  keepCaller(token: string, caller: Admitted, revision: number): void {
    const { principal } = caller.identity;
    const bearer = this.#opened?.remembered(token) ?? null;
    if (bearer === null || revision !== this.#revision || principal.kind !== "user") return;
    if (this.#users.has(principal.name)) this.#callers.set(bearer, caller);
  }

  /** A user of the database who was found before. */
  knownUser(name: string): StoredUser | null {
    return this.#users.get(name) ?? null;
  }

  /** Who `user` is and what he may do, as `make` judges it by the rules about him; null until those were found. */
  knownCaller(
    user: StoredUser,
    make: (rulesOf: (principal: Principal) => RuleSet | null) => Admitted | null,
  ): Admitted | null {
    const known = this.#owners.get(user);
    if (known !== undefined) return known;
    const made = make((principal) => this.#sets.get(whoIs(principal)[0] ?? "anonymous") ?? null);
    if (made !== null) this.#owners.set(user, made);
    return made;
  }

  user(name: string): Promise<StoredUser | null> {
    return this.#find(this.#users, name, () => this.#metadata.findUser(name));
  }

  token(hash: string): Promise<StoredToken | null> {
    return this.#find(this.#tokens, hash, () => this.#metadata.findToken(hash));
  }

  /** Notes a use of `token`, if that very row is still kept: a newer one may say that the token was revoked meanwhile. */
  noteUse(token: StoredToken, lastUsedAt: number): void {
    const { hash } = token;
    if (this.#tokens.get(hash) === token) this.#tokens.set(hash, { ...token, lastUsedAt });
  }

  /** The rules about a caller, and those about everybody like it. */
  async rulesOf(principal: Principal): Promise<RuleSet> {
    const list = whoIs(principal);
    const rules = await this.#find(this.#sets, list[0] ?? "anonymous", async () => {
      const found = await Promise.all(
        list.map(async (who) => [who, await this.#listOf(who)] as const),
      );
      return new RuleSet(new Map(found));
    });
    return rules ?? new RuleSet(new Map());
  }

  async #listOf(who: Who): Promise<RuleList> {
    const found = await this.#find(
      this.#rules,
      who,
      async () => new RuleList((await this.#metadata.listRulesOf(who)).map(toRule)),
    );
    return found ?? new RuleList([]);
  }

  /** The trust rules of an issuer, the oldest first. */
  async trustOf(issuer: string): Promise<readonly TrustRule[]> {
    const found = await this.#find(this.#trustByIssuer, issuer, async () => {
      const rows = await this.#trust.listTrustOf(issuer);
      // Of an issuer that nobody trusts nothing is kept: strangers choose its name.
      return rows.length === 0 ? null : rows.map(toTrustRule);
    });
    return found ?? [];
  }

  trust(name: string): Promise<TrustRule | null> {
    return this.#find(this.#trustByName, name, async () => {
      const row = await this.#trust.findTrust(name);
      return row === null ? null : toTrustRule(row);
    });
  }

  signer(): Promise<Bearers> {
    if (this.#bearers !== null) return this.#bearers;
    const bearers = this.#openKeys();
    this.#bearers = bearers;
    // Rows that cannot be read now are read again for the next request.
    bearers.then(
      (opened) => {
        if (this.#bearers === bearers) this.#opened = opened;
      },
      () => {
        if (this.#bearers === bearers) this.#bearers = null;
      },
    );
    return bearers;
  }

  async #find<K, V>(memory: Map<K, V>, key: K, read: () => Promise<V | null>): Promise<V | null> {
    const known = memory.get(key);
    if (known !== undefined) return known;
    const revision = this.#revision;
    const found = await read();
    if (found === null || revision !== this.#revision) return found;
    if (memory.size >= mostKept) memory.clear();
    memory.set(key, found);
    return found;
  }

  async #openKeys(): Promise<Bearers> {
    const stored = await this.#metadata.listKeys();
    const [first, ...others] = await Promise.all(stored.map(({ jwk }) => readKey(jwk)));
    if (first === undefined) throw new Error("there is no key to sign tokens with");
    return new Bearers([first, ...others], service, this.#clock);
  }
}

/** A row as the rules need it. @throws PatternError when it was not written by us, for a pattern when it is used. */
export function toRule({ id, who, effect, pattern: text, actions: names }: StoredRule): Rule {
  const listed = names.split(",");
  const known = actions.filter((action) => listed.includes(action));
  if (known.length !== listed.length) throw new PatternError(`has an unknown action: ${names}`);
  let pattern: Pattern | null = null;
  return {
    ...{ id, who, effect, text, actions: new Set<Action>(known) },
    // Of many rules most are never asked.
    get pattern() {
      pattern ??= parsePattern(text);
      return pattern;
    },
  };
}
