// Trust rules: statements and transactions.
import { and, asc, eq, getTableColumns, isNull, lt, or } from "drizzle-orm";
import type { StoredTrust, TrustKey, TrustMetadata } from "../trust.ts";
import { changingState, closeDoor, type StateRow } from "./access.ts";
import { trustRules } from "./accessSchema.ts";
import { deleteRulesOf, insertRule, moveRevision } from "./accessStatements.ts";
import { record } from "./audit.ts";
import type { Rows } from "./rows.ts";
import { command, type Params, statement } from "./statement.ts";

type Row = Omit<StoredTrust, "allowsPullRequests"> & { readonly allowsPullRequests: number };

const isRule = ({ name, stamp }: Params<TrustKey>) =>
  and(eq(trustRules.name, name), eq(trustRules.stamp, stamp));

const trustOf = statement((db, { issuer }: Params<{ issuer: string }>) =>
  db
    .select(getTableColumns(trustRules))
    .from(trustRules)
    .where(eq(trustRules.issuer, issuer))
    .orderBy(asc(trustRules.createdAt), asc(trustRules.name)),
);
const trustByName = statement((db, { name }: Params<{ name: string }>) =>
  db.select(getTableColumns(trustRules)).from(trustRules).where(eq(trustRules.name, name)),
);
const allTrust = statement((db) =>
  db.select(getTableColumns(trustRules)).from(trustRules).orderBy(asc(trustRules.name)),
);
const insertTrust = statement((db, given: Params<Omit<Row, "lastUsedAt">>) => {
  const { name, stamp, kind, issuer, demands, boundClaim, boundValue } = given;
  const { allowsPullRequests, ca, createdAt } = given;
  return db
    .insert(trustRules)
    .values({
      ...{ name, stamp, kind, issuer, demands, boundClaim, boundValue },
      ...{ allowsPullRequests, ca, createdAt },
    })
    .onConflictDoNothing()
    .returning({ name: trustRules.name });
});
const bind = statement((db, given: Params<TrustKey & { value: string }>) =>
  db
    .update(trustRules)
    .set({ boundValue: given.value })
    .where(and(isRule(given), isNull(trustRules.boundValue)))
    .returning({ claim: trustRules.boundClaim }),
);
const noteUse = command((db, given: Params<TrustKey & { usedAt: number }>) =>
  db
    .update(trustRules)
    .set({ lastUsedAt: given.usedAt })
    .where(
      and(
        isRule(given),
        or(isNull(trustRules.lastUsedAt), lt(trustRules.lastUsedAt, given.usedAt)),
      ),
    ),
);
const deleteTrust = statement((db, { name }: Params<{ name: string }>) =>
  db.delete(trustRules).where(eq(trustRules.name, name)).returning({ name: trustRules.name }),
);

/** Builds the group. */
export function trustMetadata(rows: Rows, state: StateRow): TrustMetadata {
  const write: Rows["write"] = (body, changed) => changingState(state, rows.write(body, changed));
  return {
    listTrustOf: async (issuer) => (await rows.list(trustOf, { issuer })).map(toTrust),
    async findTrust(name) {
      const row = await rows.find(trustByName, { name });
      return row === null ? null : toTrust(row);
    },
    listTrust: async () => (await rows.list(allTrust, {})).map(toTrust),
    bindTrust: (key, value, by) =>
      changingState(
        state,
        rows.writeSettled(
          function* (tx) {
            const bound = yield* tx.get(bind, { ...key, value });
            if (bound !== undefined) {
              tx.run(moveRevision, {});
              const { claim } = bound;
              const detail = `${claim} ${value}`;
              record(tx, by, { event: "trust.bind", resource: `workload:${key.name}`, detail });
            }
            const row = yield* tx.get(trustByName, { name: key.name });
            return row?.stamp === key.stamp ? row.boundValue : null;
          },
          () => true,
        ),
      ),
    noteUse: (key, usedAt) => rows.runLazily(noteUse, { ...key, usedAt }),
    addTrust: (rule, rules, by) =>
      write(
        function* (tx) {
          const row = { ...rule, allowsPullRequests: rule.allowsPullRequests ? 1 : 0 };
          if ((yield* tx.get(insertTrust, row)) === undefined) return false;
          for (const each of rules) yield* tx.get(insertRule, each);
          closeDoor(tx, rule.createdAt);
          const grants = rules.map(({ pattern, actions }) => `${pattern}:${actions}`).join(" ");
          const detail = `${rule.issuer} ${rule.demands} ${grants}`;
          record(tx, by, { event: "trust.add", resource: `workload:${rule.name}`, detail });
          return true;
        },
        (isAdded) => isAdded,
      ),
    removeTrust: (name, by) =>
      write(
        function* (tx) {
          const resource = `workload:${name}` as const;
          if ((yield* tx.get(deleteTrust, { name })) === undefined) return false;
          tx.run(deleteRulesOf, { who: resource });
          tx.run(moveRevision, {});
          record(tx, by, { event: "trust.remove", resource });
          return true;
        },
        (isRemoved) => isRemoved,
      ),
  };
}

function toTrust(row: Row): StoredTrust {
  return { ...row, allowsPullRequests: row.allowsPullRequests === 1 };
}
