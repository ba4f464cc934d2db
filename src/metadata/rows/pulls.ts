// The latest pulls: written in batches, some time after they happened.
import { sql } from "drizzle-orm";
import type { RepositoryName } from "../../model/names.ts";
import type { NotedPull } from "../history.ts";
import { manifestPulls, repositoryPulls } from "./pullsSchema.ts";
import type { Body, Tx } from "./rows.ts";
import { manifests, repositories } from "./schema.ts";
import { rawStatement } from "./statement.ts";

/** The later time wins, whichever server writes first. What was deleted meanwhile is not found any more. */
const noteOfManifest = rawStatement<NotedPull, never>(
  ({ repository, digest, pulledAt }) => sql`
    INSERT INTO ${manifestPulls} (repository, digest, pulled_at)
    SELECT m.repository, m.digest, CAST(${pulledAt} AS bigint) FROM ${manifests} AS m
    WHERE m.repository = ${repository} AND m.digest = ${digest}
    ON CONFLICT (repository, digest) DO UPDATE SET pulled_at = excluded.pulled_at
    WHERE ${manifestPulls}.pulled_at < excluded.pulled_at`,
);
const noteOfRepository = rawStatement<Omit<NotedPull, "digest">, never>(
  ({ repository, pulledAt }) => sql`
    INSERT INTO ${repositoryPulls} (repository, pulled_at)
    SELECT r.name, CAST(${pulledAt} AS bigint) FROM ${repositories} AS r WHERE r.name = ${repository}
    ON CONFLICT (repository) DO UPDATE SET pulled_at = excluded.pulled_at
    WHERE ${repositoryPulls}.pulled_at < excluded.pulled_at`,
);

/** The body of the transaction that writes a batch. In the order of the keys: two servers that write the same rows do not wait for each other in a circle. */
export function* notePulls(tx: Tx, pulls: readonly NotedPull[]): Body<void> {
  const latest = new Map<RepositoryName, number>();
  for (const { repository, pulledAt } of pulls) {
    latest.set(repository, Math.max(pulledAt, latest.get(repository) ?? 0));
  }
  const inOrder = pulls.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  for (const pull of inOrder) tx.run(noteOfManifest, pull);
  for (const repository of [...latest.keys()].sort()) {
    tx.run(noteOfRepository, { repository, pulledAt: latest.get(repository) ?? 0 });
  }
}

const keyOf = ({ repository, digest }: NotedPull): string => `${repository} ${digest}`;
