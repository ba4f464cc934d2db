// Linking content that another repository holds: link and lease in one transaction with the look at the source.
import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Mount, MountsMetadata } from "../removals.ts";
import type { Connection } from "./connection.ts";
import { prepareHeld, prepareLink, prepareRepository } from "./linkStatements.ts";
import { repositoryContents } from "./schema.ts";

const placeholder = sql.placeholder;

type Statements = ReturnType<typeof prepare>;

function prepare(db: BunSQLiteDatabase) {
  const { repository, digest } = repositoryContents;
  return {
    holders: db
      .select({ repository })
      .from(repositoryContents)
      .where(and(eq(digest, placeholder("digest")), gt(repository, placeholder("after"))))
      .orderBy(asc(repository))
      .limit(placeholder("limit"))
      .prepare(),
    ...prepareHeld(db),
    ...prepareRepository(db),
    ...prepareLink(db),
  };
}

/** Builds this part of the port over one connection. */
export function mountsMetadata(connection: Connection, db: BunSQLiteDatabase): MountsMetadata {
  const statements = prepare(db);
  return {
    listHolders: (digest, { after, limit }) =>
      connection.read(() =>
        statements.holders
          .all({ digest, after: after ?? "", limit })
          .map(({ repository }) => repository),
      ),
    mountBlob: (mount) =>
      connection.writeDurably(
        () => mountBlob(statements, mount),
        (mounted) => mounted,
      ),
  };
}

function mountBlob(
  statements: Statements,
  { repository, digest, source, locator, now, keptUntil }: Mount,
): boolean {
  if (statements.held.get({ source, digest, locator }) === undefined) return false;
  statements.raiseLease.run({ digest, keptUntil });
  statements.insertRepository.run({ repository, now });
  statements.link.run({ repository, digest, now });
  return true;
}
