// What Postgres alone can say about its rows. Its pages and indexes are its own business (pg_amcheck); foreign keys are kept, and digests
// in a wrong spelling are refused when they are written.
import { type SQL, sql } from "drizzle-orm";
import type { OwnChecks } from "../rows/assemble.ts";
import type { Rows } from "../rows/rows.ts";
import type { Statement } from "../rows/statement.ts";

/** Not one of those that every database runs. */
const own = <R>(text: SQL): Statement<object, R> => ({ on: (target) => target.prepare<R>(text) });

/** A digest in any other spelling names nothing: what it should name would look like garbage. So that nobody may have dropped what refuses it. */
const findUnguarded = own<{ readonly name: string }>(sql`
  SELECT t.name FROM (VALUES ('contents'), ('manifest_references'), ('objects')) AS t(name)
  WHERE NOT EXISTS (
    SELECT 1 FROM pg_constraint AS c
    WHERE c.conrelid = to_regclass(t.name) AND c.conname = t.name || '_digest_spelling' AND c.convalidated
  ) LIMIT 1`);

/** Builds them. */
export function ownChecks(rows: Rows): OwnChecks {
  return {
    async findMalformed() {
      const found = await rows.find(findUnguarded, {});
      return found === null ? null : `${found.name} has lost the constraint on its digests`;
    },
    checkDatabase: async () => ({ faults: [], dangling: [] }),
  };
}
