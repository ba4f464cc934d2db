// A race over two replicas behind haproxy: rows in PostgreSQL, bytes in a bucket.
import postgres from "postgres";
import { startEngines, startReplicated } from "../../support/replicated.ts";
import type { Scope } from "../../support/scope.ts";
import { compareBucket } from "../aftermath.ts";
import type { RaceEngines } from "./race.ts";

/** Starts engines that live as long as the scope. */
export async function openReplicas(scope: Scope): Promise<RaceEngines> {
  const { url, gateway, env } = await startEngines(scope);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  scope.defer(() => sql.end({ timeout: 1 }));
  return {
    env,
    ask: async (query) => sql.unsafe(query).values(),
    bytes: { start: startReplicated, compare: (ask) => compareBucket(gateway.bucket, ask) },
  };
}
