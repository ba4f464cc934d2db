// Statements with which a repository comes to hold something: shared by whatever pushes.
import { and, eq, isNull, lt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { contents, repositories, repositoryContents } from "./schema.ts";

const placeholder = sql.placeholder;

/** A repository exists from its first push on. */
export function prepareRepository(db: BunSQLiteDatabase) {
  return {
    insertRepository: db
      .insert(repositories)
      .values({ name: placeholder("repository"), createdAt: placeholder("now") })
      .onConflictDoNothing()
      .prepare(),
  };
}

/** A link, and the lease of what is linked: a longer one stays. */
export function prepareLink(db: BunSQLiteDatabase) {
  return {
    link: db
      .insert(repositoryContents)
      .values({
        repository: placeholder("repository"),
        digest: placeholder("digest"),
        linkedAt: placeholder("now"),
      })
      .onConflictDoNothing()
      .prepare(),
    raiseLease: db
      .update(contents)
      .set({ keptUntil: sql`${placeholder("keptUntil")}` })
      .where(
        and(
          eq(contents.digest, placeholder("digest")),
          lt(contents.keptUntil, placeholder("keptUntil")),
        ),
      )
      .prepare(),
  };
}

/** Content that a repository holds under a locator, and that is not known to be damaged. */
export function prepareHeld(db: BunSQLiteDatabase) {
  return {
    held: db
      .select({ size: contents.size })
      .from(repositoryContents)
      .innerJoin(contents, eq(contents.digest, repositoryContents.digest))
      .where(
        and(
          eq(repositoryContents.repository, placeholder("source")),
          eq(repositoryContents.digest, placeholder("digest")),
          eq(contents.locator, placeholder("locator")),
          isNull(contents.damagedAt),
        ),
      )
      .prepare(),
  };
}
