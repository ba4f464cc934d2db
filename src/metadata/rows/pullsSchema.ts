// The tables of pulls, in the terms of schema.ts: the same rules hold. Apart from the rows that a push changes, so that neither waits
// for the other.
import { foreignKey, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Digest } from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import { manifests, repositories } from "./schema.ts";

/** When a repository was last pulled from. It outlives the manifests that were pulled. */
export const repositoryPulls = sqliteTable("repository_pulls", {
  repository: text("repository")
    .$type<RepositoryName>()
    .primaryKey()
    .references(() => repositories.name),
  pulledAt: integer("pulled_at").notNull(), // Unix ms
});

/** When a manifest was last pulled. */
export const manifestPulls = sqliteTable(
  "manifest_pulls",
  {
    repository: text("repository").$type<RepositoryName>().notNull(),
    digest: text("digest").$type<Digest>().notNull(),
    pulledAt: integer("pulled_at").notNull(), // Unix ms
  },
  (row) => [
    primaryKey({ columns: [row.repository, row.digest] }),
    foreignKey({
      name: "manifest_pulls_are_of_manifests",
      columns: [row.repository, row.digest],
      foreignColumns: [manifests.repository, manifests.digest],
    }).onDelete("cascade"),
  ],
);
