// Statements with which a repository comes to hold something: shared by all that push.
import { and, eq, isNull, lt } from "drizzle-orm";
import type { Digest } from "../../model/digest.ts";
import type { Locator } from "../../model/locator.ts";
import type { RepositoryName } from "../../model/names.ts";
import { contents, repositories, repositoryContents } from "./schema.ts";
import { command, type Params, statement } from "./statement.ts";

interface NewRepository {
  readonly repository: RepositoryName;
  /** Unix ms. */
  readonly now: number;
}

/** A repository exists from its first push on. */
export const insertRepository = command((db, { repository, now }: Params<NewRepository>) =>
  db.insert(repositories).values({ name: repository, createdAt: now }).onConflictDoNothing(),
);

/** Links content, unless it is linked. */
export const link = command(
  (db, { repository, digest, now }: Params<NewRepository & { digest: Digest }>) =>
    db
      .insert(repositoryContents)
      .values({ repository, digest, linkedAt: now })
      .onConflictDoNothing(),
);

/** A longer lease stays. */
export const raiseLease = command(
  (db, { digest, keptUntil }: Params<{ digest: Digest; keptUntil: number }>) =>
    db
      .update(contents)
      .set({ keptUntil })
      .where(and(eq(contents.digest, digest), lt(contents.keptUntil, keptUntil))),
);

interface Holding {
  readonly source: RepositoryName;
  readonly digest: Digest;
  readonly locator: Locator;
}

/** Content that a repository holds under a locator, and that is not known to be damaged. */
export const held = statement((db, { source, digest, locator }: Params<Holding>) =>
  db
    .select({ size: contents.size })
    .from(repositoryContents)
    .innerJoin(contents, eq(contents.digest, repositoryContents.digest))
    .where(
      and(
        eq(repositoryContents.repository, source),
        eq(repositoryContents.digest, digest),
        eq(contents.locator, locator),
        isNull(contents.damagedAt),
      ),
    ),
);
