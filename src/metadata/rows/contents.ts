// Stored content of all repositories and buckets: its lease, who holds it, and links to it: link and lease in one transaction with the
// look at the source.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { ContentsMetadata, Mount, ObjectMount } from "../contents.ts";
import { held, insertRepository, link, raiseLease } from "./links.ts";
import * as objects from "./objectStatements.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { contents, repositoryContents } from "./schema.ts";
import { type Params, statement } from "./statement.ts";

const findContent = statement((db, { digest }: Params<{ digest: Digest }>) =>
  db
    .select({ size: contents.size, locator: contents.locator })
    .from(contents)
    .where(and(eq(contents.digest, digest), isNull(contents.damagedAt))),
);
const findLease = statement((db, { digest }: Params<{ digest: Digest }>) =>
  db.select({ keptUntil: contents.keptUntil }).from(contents).where(eq(contents.digest, digest)),
);
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
export function contentsMetadata(rows: Rows): ContentsMetadata {
  const isMade = (made: boolean): boolean => made;
  return {
    findContent: (digest) => rows.find(findContent, { digest }),
    async renewLease(digest, atLeast, keptUntil) {
      rows.assertWritable();
      const content = await rows.findSettled(findLease, { digest });
      // Most calls end here, without a write: enough of the lease is left.
      if (content === null || content.keptUntil >= atLeast) return;
      await rows.run(raiseLease, { digest, keptUntil });
    },
    raiseLease: (digest, keptUntil) => rows.run(raiseLease, { digest, keptUntil }),
    async listHolders(digest, { after, limit }) {
      const found = await rows.list(holders, { digest, after: after ?? "", limit });
      return found.map(({ repository }) => repository);
    },
    mountBlob: (mount) => rows.write((tx) => mountBlob(tx, mount), isMade),
    async listObjectHolders(digest, { after, limit }) {
      const found = await rows.list(objects.holders, { digest, after: after ?? "", limit });
      return found.map(({ name }) => name);
    },
    findObjectContent: (bucket, digest) => rows.find(objects.findContent, { bucket, digest }),
    mountObject: (mount) => rows.write((tx) => mountObject(tx, mount), isMade),
  };
}

function* mountBlob(tx: Tx, mount: Mount): Body<boolean> {
  if ((yield* tx.get(held, mount)) === undefined) return false;
  linkAndKeep(tx, mount);
  return true;
}

function* mountObject(tx: Tx, mount: ObjectMount): Body<boolean> {
  const content = yield* tx.get(objects.findContent, mount);
  if (content?.locator !== mount.locator) return false;
  linkAndKeep(tx, mount);
  return true;
}

function linkAndKeep(tx: Tx, mount: Mount | ObjectMount): void {
  tx.run(raiseLease, mount);
  tx.run(insertRepository, mount);
  tx.run(link, mount);
}
