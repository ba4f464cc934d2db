// The rows of a race in PostgreSQL, whose transactions run at the same time and whose connections end now and then.
import postgres from "postgres";
import { startPostgres } from "../../support/postgres.ts";
import type { Scope } from "../../support/scope.ts";
import type { RaceEngines } from "./race.ts";

/** How often all connections are ended, in ms. */
const endEvery = 2_000;

/** Starts a server that lives as long as the scope. */
export async function openRows(scope: Scope): Promise<RaceEngines> {
  const server = await startPostgres(scope);
  const url = await server.createDatabase("race");
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  scope.defer(() => sql.end({ timeout: 1 }));
  const ending = setInterval(() => void server.dropConnections().catch(() => 0), endEvery);
  scope.defer(() => clearInterval(ending));
  return {
    env: { BREADBOX_DATABASE_URL: url },
    ask: async (query) => sql.unsafe(query).values(),
  };
}
