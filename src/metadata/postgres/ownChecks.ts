// What Postgres alone can say about its rows. Its pages and indexes are its own business (pg_amcheck), and foreign keys are kept.
import { type SQL, sql } from "drizzle-orm";
import type { OwnChecks } from "../rows/assemble.ts";
import type { Rows } from "../rows/rows.ts";
import type { Statement } from "../rows/statement.ts";

interface Malformed {
  readonly digest: string;
}

/** Not one of those that every database runs. */
const own = <R>(text: SQL): Statement<object, R> => ({ on: (target) => target.prepare<R>(text) });

/** A digest in any other spelling names nothing: what it should name would look like garbage. */
const findMalformed = ["manifest_references", "objects", "contents"].map((table) => ({
  table,
  statement: own<Malformed>(sql`
    SELECT digest FROM ${sql.identifier(table)}
    WHERE digest !~ '^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$' LIMIT 1`),
}));

/** Builds them. */
export function ownChecks(rows: Rows): OwnChecks {
  return {
    async findMalformed() {
      for (const { table, statement } of findMalformed) {
        const found = await rows.find(statement, {});
        if (found !== null) return `${table} holds a malformed digest, ${found.digest}`;
      }
      return null;
    },
    checkDatabase: async () => ({ faults: [], dangling: [] }),
  };
}
