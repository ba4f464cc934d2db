// Linking content that another repository holds: link and lease in one transaction with the look at the source.
import { and, asc, eq, gt } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Mount, MountsMetadata } from "../removals.ts";
import { held, insertRepository, link, raiseLease } from "./links.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { repositoryContents } from "./schema.ts";
import { type Params, statement } from "./statement.ts";

const holders = statement((db, given: Params<{ digest: Digest; after: string; limit: number }>) => {
  const { repository, digest } = repositoryContents;
  return db
    .select({ repository })
    .from(repositoryContents)
    .where(and(eq(digest, given.digest), gt(repository, given.after)))
    .orderBy(asc(repository))
    .limit(given.limit);
});

/** Builds this part of the port. */
export function mountsMetadata(rows: Rows): MountsMetadata {
  return {
    async listHolders(digest, { after, limit }) {
      const found = await rows.list(holders, { digest, after: after ?? "", limit });
      return found.map(({ repository }) => repository);
    },
    mountBlob: (mount) =>
      rows.write(
        (tx) => mountBlob(tx, mount),
        (mounted) => mounted,
      ),
  };
}

function* mountBlob(tx: Tx, mount: Mount): Body<boolean> {
  if ((yield* tx.get(held, mount)) === undefined) return false;
  tx.run(raiseLease, mount);
  tx.run(insertRepository, mount);
  tx.run(link, mount);
  return true;
}
