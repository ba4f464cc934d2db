// PORT 2, the group of trust rules: which jobs of which issuers need no password. Every change moves the revision of access in the same
// transaction.
import type { NewRule } from "./access.ts";
import type { Signed } from "./audit.ts";

/** A trust rule, as src/access/trust.ts knows it. */
export interface StoredTrust {
  readonly name: string;
  /** Differs from that of every other rule, also of one that had the name before. */
  readonly stamp: string;
  readonly kind: string;
  readonly issuer: string;
  /** JSON: claim → texts that it may have. */
  readonly demands: string;
  /** The claim with an id that is never given to another; null for none. */
  readonly boundClaim: string | null;
  /** null until the first job came. */
  readonly boundValue: string | null;
  readonly allowsPullRequests: boolean;
  /** PEM; null for the usual CAs. */
  readonly ca: string | null;
  /** Unix ms. */
  readonly createdAt: number;
  /** Unix ms, to the minute; null: never. */
  readonly lastUsedAt: number | null;
}

/** Names one rule, and no later one of its name. */
export type TrustKey = Pick<StoredTrust, "name" | "stamp">;

export interface TrustMetadata {
  /** The oldest first. */
  listTrustOf(issuer: string): Promise<readonly StoredTrust[]>;
  findTrust(name: string): Promise<StoredTrust | null>;
  /** By name. */
  listTrust(): Promise<readonly StoredTrust[]>;
  /** Binds a rule that is not bound yet. @returns what it is bound to now; null when there is no such rule. */
  bindTrust(key: TrustKey, value: string, by: Signed): Promise<string | null>;
  /** Notes when a rule took a job; changes no revision and may be lost with the power. */
  noteUse(key: TrustKey, usedAt: number): Promise<void>;
  /** Adds a rule and the rules about what it may do. @returns false when there is one of that name. */
  addTrust(
    rule: Omit<StoredTrust, "lastUsedAt">,
    rules: readonly NewRule[],
    by?: Signed,
  ): Promise<boolean>;
  /** Removes a rule and the rules about it. @returns false when there is no such rule. */
  removeTrust(name: string, by?: Signed): Promise<boolean>;
}
