// A connection over a small database of its own, for the tests of what a connection does.
import type { Database } from "bun:sqlite";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { beginWork, Connection, openClient } from "../../src/metadata/sqlite/connection.ts";
import { tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

/** A latch that nobody hears. */
export const quiet = () => new WriteLatch(() => {});

/** A connection over a database with one table, `notes(text)`; closing it is up to the scope. @param options.key the table's, if it has one. */
export async function openNotes(
  scope: Scope,
  { latch = quiet(), change = (_: Database) => {}, key = "" } = {},
) {
  const client = openClient(join(tempFolder(scope, "connection"), "notes.db"), "server");
  change(client);
  client.run(`CREATE TABLE notes (text text NOT NULL ${key})`);
  beginWork(client, "server");
  const connection = await Connection.over(client, { latch, role: "server" });
  scope.defer(() => connection.close());
  const add = (text: string | Uint8Array) => client.run("INSERT INTO notes VALUES (?)", [text]);
  const texts = () => client.query("SELECT text FROM notes ORDER BY rowid").values().flat();
  return { client, connection, add, texts };
}
