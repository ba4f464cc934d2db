// `breadbox gc` on a terminal: it asks before a large part of the content goes, and shows how far it is.
import { expect, test } from "bun:test";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { runOnTerminal } from "./commandOnTerminal.ts";
import { GcRoom } from "./gcRoom.ts";

/** A terminal with a `breadbox gc` on it. */
const runGc = (data: string, ...args: readonly string[]) =>
  runOnTerminal(["gc", "--data", data, ...args], { env: { BREADBOX_GC_MIN_AGE: "0" } });

/** A server with blobs that nothing names, and no request says why. */
async function openWithLostRows(scope: Scope): Promise<GcRoom> {
  const room = new GcRoom(scope);
  await room.startServer();
  for (let at = 1; at <= 7; at += 1) await room.pushBlob(`the blob ${at}`);
  const database = room.openDatabase();
  database.run("UPDATE contents SET released_at = NULL");
  database.close();
  return room;
}

test("gc on a terminal asks before it deletes more than gc.brake", async () => {
  await using scope = new Scope();
  const room = await openWithLostRows(scope);

  const refused = runGc(room.data);
  await waitFor("the question", () => refused.shown().includes("[y/N]"));
  refused.type("n\n");
  expect(await refused.ended()).toBe(1);
  expect(refused.shown()).toContain("Delete 7 blobs (70 B)? [y/N]");
  expect(refused.shown()).toContain("100 % of what is stored: rows of the database may be lost");
  expect(refused.shown()).toContain("Nothing was deleted.");
  expect(refused.shown()).not.toContain("refused");

  const agreed = runGc(room.data);
  await waitFor("the question", () => agreed.shown().includes("[y/N]"));
  agreed.type("y\n");
  expect(await agreed.ended()).toBe(0);
  expect(agreed.shown()).toContain("Deleted 7 orphaned blobs");
});

test("gc --yes on a terminal does not ask", async () => {
  await using scope = new Scope();
  const room = await openWithLostRows(scope);

  const command = runGc(room.data, "--yes");

  expect(await command.ended()).toBe(0);
  expect(command.shown()).not.toContain("[y/N]");
  expect(command.shown()).toContain("Deleted 7 orphaned blobs");
});
