// Trust rules as commands change them.
import type { AccountsMetadata } from "../metadata/access.ts";
import type { Author } from "../metadata/audit.ts";
import type { StoredTrust, TrustMetadata } from "../metadata/trust.ts";
import { AccessInputError } from "./inputError.ts";
import { type Grant, ruleOf } from "./ruleInput.ts";
import type { TrustRule } from "./trust.ts";
import { readTrust, type TypedTrust } from "./trustInput.ts";
import { toTrustRule, writeDemands } from "./trustRows.ts";

/** What managing trust works with. */
export interface TrustDeps {
  readonly trust: TrustMetadata;
  readonly accounts: Pick<AccountsMetadata, "listAccounts">;
  /** Unix ms. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Who changes them. */
  readonly by: Author;
}

/** A trust rule as `breadbox trust ls` shows it. Times are Unix ms. */
export interface ListedTrust extends Omit<TrustRule, "stamp"> {
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  /** `PATTERN:ACTIONS`. */
  readonly grants: readonly string[];
}

/** @throws AccessInputError @returns the rule; null when there is one of its name. */
export async function addTrust(
  { trust, clock, newId, by }: TrustDeps,
  typed: TypedTrust,
  grants: readonly Grant[],
): Promise<Omit<TrustRule, "stamp"> | null> {
  const rule = readTrust(typed);
  const createdAt = clock();
  const who = `workload:${rule.name}` as const;
  const rules = grants.map((grant) => ruleOf({ ...grant, who, effect: "allow" }, createdAt));
  if (rules.length === 0)
    throw new AccessInputError("Name at least one grant: 'lab/**:pull,push'.");
  const { name, kind, issuer, demands, bound, allowsPullRequests, ca } = rule;
  const row: Omit<StoredTrust, "lastUsedAt"> = {
    ...{ name, stamp: newId(), kind, issuer, demands: writeDemands(demands) },
    ...{ boundClaim: bound?.claim ?? null, boundValue: bound?.value ?? null },
    ...{ allowsPullRequests, ca, createdAt },
  };
  return (await trust.addTrust(row, rules, { ...by, at: createdAt })) ? rule : null;
}

/** By name. */
export async function listTrust({
  trust,
  accounts,
}: Pick<TrustDeps, "trust" | "accounts">): Promise<readonly ListedTrust[]> {
  const [rows, { rules }] = await Promise.all([trust.listTrust(), accounts.listAccounts()]);
  return rows.map((row) => {
    const { stamp: _, ...rule } = toTrustRule(row);
    const own = rules.filter(({ who }) => who === `workload:${row.name}`);
    const grants = own.map(
      ({ effect, pattern, actions }) => `${effect === "deny" ? "not " : ""}${pattern}:${actions}`,
    );
    return { ...rule, createdAt: row.createdAt, lastUsedAt: row.lastUsedAt, grants };
  });
}

/** What commands do with trust rules, on opened rows. */
export function trustTool(deps: TrustDeps) {
  return {
    add: (typed: TypedTrust, grants: readonly Grant[]) => addTrust(deps, typed, grants),
    list: () => listTrust(deps),
    remove: (name: string) => deps.trust.removeTrust(name, { ...deps.by, at: deps.clock() }),
  };
}
