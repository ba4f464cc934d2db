// Stored content of all repositories and buckets: its lease, who holds it, and links to it: link and lease in one transaction with the
// look at the source.
import { and, asc, eq, gt, isNull } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { ContentsMetadata, KeptBlob, Mount, ObjectMount } from "../contents.ts";
import type { StoredContent } from "../metadata.ts";
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
const findKept = statement((db, given: Params<Pick<KeptBlob, "repository" | "digest">>) => {
  const { repository, digest } = repositoryContents;
  return db
    .select({ size: contents.size, locator: contents.locator, keptUntil: contents.keptUntil })
    .from(repositoryContents)
    .innerJoin(contents, eq(contents.digest, digest))
    .where(
      and(eq(repository, given.repository), eq(digest, given.digest), isNull(contents.damagedAt)),
    );
});
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
  const kept = rows.cache<StoredContent & Pick<KeptBlob, "keptUntil">>(() => 0);
  return {
    findContent: (digest) => rows.find(findContent, { digest }),
    async keepBlob(blob) {
      rows.assertWritable();
      const found = await kept.findSettled(`${blob.repository}@${blob.digest}`, findKept, blob);
      // Most calls end here, without a write: enough of the lease is left.
      if (found === null || found.keptUntil >= blob.atLeast) return found;
      return rows.write(
        (tx) => keepBlob(tx, blob),
        (kept) => kept !== null,
      );
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

/** Asked again: a collection may have taken the blob since. */
function* keepBlob(tx: Tx, blob: KeptBlob): Body<StoredContent | null> {
  const found = yield* tx.get(findKept, blob);
  if (found === undefined) return null;
  tx.run(raiseLease, blob);
  return found;
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
