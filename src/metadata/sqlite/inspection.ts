// The inspection's half of the port on SQLite. Its questions are asked seldom and read much: none is on the way of a request.
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { InspectionMetadata } from "../inspection.ts";
import type { Rows } from "../rows/rows.ts";
import type { Connection } from "./connection.ts";
import { checkDatabase } from "./databaseCheck.ts";
import { inspectManifests } from "./inspectionManifests.ts";
import { inspectObjects } from "./inspectionObjects.ts";
import { type InspectionStatements, prepareInspection } from "./inspectionStatements.ts";

/** Builds the inspection's half of the port over one connection. */
export function inspectionMetadata(
  connection: Connection,
  db: BunSQLiteDatabase,
  rows: Rows,
): InspectionMetadata {
  // Most servers never inspect: the statements are prepared when the first is asked for.
  let prepared: InspectionStatements | null = null;
  const statements = (): InspectionStatements => {
    prepared ??= prepareInspection(db);
    return prepared;
  };
  return {
    ...readContents(connection, statements),
    ...inspectManifests(connection, db, statements, rows),
    ...inspectObjects(connection, db),
    ...repairs(connection, statements),
    checkDatabase: (thorough) => connection.read(() => checkDatabase(connection.client, thorough)),
    countAll: () =>
      connection.read(() => {
        const [contents, manifests] = [statements().total.get(), statements().manifestTotal.get()];
        return {
          contents: contents?.contents ?? 0,
          bytes: contents?.bytes ?? 0,
          manifests: manifests?.manifests ?? 0,
          objects: statements().objectTotal.get()?.objects ?? 0,
        };
      }),
  };
}

function readContents(
  connection: Connection,
  statements: () => InspectionStatements,
): Pick<
  InspectionMetadata,
  "listContents" | "findContentRow" | "listUnverified" | "listTrashInUse"
> {
  return {
    listContents: ({ after, limit }) =>
      connection.read(() => statements().page.all({ after: after ?? "", limit })),
    findContentRow: (digest) => connection.read(() => statements().row.get({ digest }) ?? null),
    listUnverified: (due) => connection.read(() => statements().unverified.all({ ...due })),
    listTrashInUse: (limit) => connection.read(() => statements().trashInUse.all({ limit })),
  };
}

function repairs(
  connection: Connection,
  statements: () => InspectionStatements,
): Pick<InspectionMetadata, "markDamaged" | "markSound" | "noteVerified" | "keepTrash"> {
  const changed = (found: boolean): boolean => found;
  return {
    markDamaged: (content, now) =>
      connection.writeDurably(
        () => statements().markDamaged.get({ ...content, now }) !== undefined,
        changed,
      ),
    markSound: (content, now) =>
      connection.writeDurably(
        () => statements().markSound.get({ ...content, now }) !== undefined,
        changed,
      ),
    noteVerified: (contents, now) =>
      connection.write(() => {
        for (const content of contents) statements().noteVerified.run({ ...content, now });
      }),
    keepTrash: (locator) =>
      connection.writeDurably(() => {
        statements().keepTrash.run({ locator });
      }),
  };
}
