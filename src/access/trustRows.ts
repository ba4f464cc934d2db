// Rows of trust rules as the rules of trust.ts.
import type { StoredTrust } from "../metadata/trust.ts";
import { type Demands, type TrustRule, trustKinds } from "./trust.ts";

/** @throws Error for a row that was not written by us. */
export function toTrustRule(row: StoredTrust): TrustRule {
  const kind = trustKinds.find((each) => each === row.kind);
  if (kind === undefined) throw new Error(`trust rule ${row.name} has an unknown kind`);
  const { name, stamp, issuer, boundClaim, boundValue, allowsPullRequests, ca } = row;
  return {
    ...{ name, stamp, kind, issuer, allowsPullRequests, ca },
    demands: readDemands(row.demands),
    bound: boundClaim === null ? null : { claim: boundClaim, value: boundValue },
  };
}

/** Demands as they are stored. */
export const writeDemands = (demands: Demands): string => JSON.stringify(demands);

function readDemands(text: string): Demands {
  const read: unknown = JSON.parse(text);
  if (typeof read !== "object" || read === null) throw new Error("a trust rule has no demands");
  return Object.fromEntries(
    Object.entries(read).map(([claim, texts]) => {
      if (!Array.isArray(texts)) throw new Error(`a trust rule demands nothing of ${claim}`);
      return [claim, texts.map(String)];
    }),
  );
}
