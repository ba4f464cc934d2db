// Jobs that come with an ID token of their issuer in place of a password: which trust rule takes them.
import { RegistryError } from "../errors.ts";
import type { TrustMetadata } from "../metadata/trust.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { Caller } from "./identity.ts";
import { claimedIssuer, IdTokens, isFor } from "./idTokens.ts";
import { Issuer } from "./issuer.ts";
import type { AccessMemory } from "./memory.ts";
import { bindingOf, type Claims, chooseRule, originOf, type TrustRule } from "./trust.ts";

/** What is worth a line in the log. */
export type WorkloadEvent =
  /** The keys of an issuer were not read. */
  | { readonly kind: "issuer"; readonly issuer: string; readonly reason: string }
  /** A rule was bound to the id of the first job. */
  | { readonly kind: "bound"; readonly rule: string; readonly claim: string; readonly id: string };

/** What workloads work with. */
export interface WorkloadsDeps {
  readonly metadata: Pick<TrustMetadata, "bindTrust" | "noteUse">;
  readonly memory: Pick<AccessMemory, "trustOf">;
  /** Unix ms. */
  readonly clock: () => number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onEvent: (event: WorkloadEvent) => void;
}

/** A job that a rule takes. */
export interface Workload {
  readonly rule: TrustRule;
  readonly origin: JobOrigin;
}

const mostIssuers = 100;
/** Uses of a rule are noted this often, ms. */
const noteEveryMs = 60_000;

/** Identifies jobs. */
export class Workloads {
  readonly #deps: WorkloadsDeps;
  readonly #tokens: IdTokens;
  readonly #issuers = new Map<string, Issuer>();
  readonly #notedAt = new Map<string, number>();

  constructor(deps: WorkloadsDeps) {
    this.#deps = deps;
    this.#tokens = new IdTokens(deps.clock);
  }

  /**
   * @returns null for a token that proves nothing.
   * @throws RegistryError UNAUTHORIZED for a right one that no rule takes: whoever holds it hears why.
   */
  async identify(token: string, caller: Caller): Promise<Workload | null> {
    const url = claimedIssuer(token);
    // Only issuers that a rule names are ever asked.
    const rules = url === null ? [] : await this.#deps.memory.trustOf(url);
    if (url === null || rules.length === 0) return null;
    const claims = await this.#tokens.verify(token, this.#issuer(url, rules), url);
    if (claims === null) return null;
    const audiences = caller.audiences();
    if (!isFor(claims, audiences)) throw refused(wrongAudience(audiences));
    const choice = chooseRule(rules, claims);
    if ("refusal" in choice) throw refused(choice.refusal);
    await this.#bind(choice.rule, claims, caller);
    this.#noteUse(choice.rule);
    return { rule: choice.rule, origin: originOf(claims) };
  }

  /** The first job says which id its repository has, for good. */
  async #bind(rule: TrustRule, claims: Claims, caller: Caller): Promise<void> {
    const id = bindingOf(rule, claims);
    if (id === null || rule.bound === null) return;
    const { name, stamp, bound } = rule;
    const { address, requestId } = caller;
    const by = { who: `workload:${name}`, address, requestId, at: this.#deps.clock() };
    const bindsTo = await this.#deps.metadata.bindTrust({ name, stamp }, id, by);
    if (bindsTo !== id) throw refused(`the rule was bound to another ${bound.claim} a moment ago`);
    this.#deps.onEvent({ kind: "bound", rule: name, claim: bound.claim, id });
  }

  #issuer(url: string, rules: readonly TrustRule[]): Issuer {
    const ca = rules.findLast((rule) => rule.ca !== null)?.ca ?? null;
    const key = JSON.stringify([url, ca]);
    const known = this.#issuers.get(key);
    if (known !== undefined) return known;
    if (this.#issuers.size >= mostIssuers) this.#issuers.clear();
    const onFailure = (reason: string) =>
      this.#deps.onEvent({ kind: "issuer", issuer: url, reason });
    const made = new Issuer({ url, ca, now: this.#deps.now, onFailure });
    this.#issuers.set(key, made);
    return made;
  }

  #noteUse({ name, stamp }: TrustRule): void {
    const now = this.#deps.clock();
    if (now - (this.#notedAt.get(stamp) ?? 0) < noteEveryMs) return;
    if (this.#notedAt.size >= mostIssuers) this.#notedAt.clear();
    this.#notedAt.set(stamp, now);
    // For information only: a store that takes no writes still answers pulls.
    this.#deps.metadata.noteUse({ name, stamp }, now).catch(() => {});
  }
}

function wrongAudience([first]: readonly string[]): string {
  return first === undefined
    ? "this server does not know its own URL; its operator can set http.url"
    : `it is for another audience; ask for one with the audience ${first}`;
}

function refused(reason: string): RegistryError {
  return new RegistryError("UNAUTHORIZED", { message: `the ID token is refused: ${reason}` });
}
