// `breadbox gc` on a terminal: it asks before a large part of the content goes, and shows how far it is.
import { expect, test } from "bun:test";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { runOnTerminal } from "./commandOnTerminal.ts";
import { GcRoom } from "./gcRoom.ts";

/** A terminal with a `breadbox gc` on it. */
const runGc = (data: string, ...args: readonly string[]) =>
  runOnTerminal(["gc", "--data", data, ...args], { env: { BREADBOX_GC_MIN_AGE: "0" } });

test("on a terminal a collection asks before it deletes more than the brake's share", async () => {
  await using scope = new Scope();
  const room = new GcRoom(scope);
  await room.startServer();
  await room.pushBlob("orphan");

  const refused = runGc(room.data);
  await waitFor("the question", () => refused.shown().includes("[y/N]"));
  refused.type("n\n");
  expect(await refused.ended()).toBe(1);
  expect(refused.shown()).toContain("Delete 1 blob (6 B), 100 % of what is stored? [y/N]");
  expect(refused.shown()).toContain("Nothing was deleted.");
  expect(refused.shown()).not.toContain("refused");

  const agreed = runGc(room.data);
  await waitFor("the question", () => agreed.shown().includes("[y/N]"));
  agreed.type("y\n");
  expect(await agreed.ended()).toBe(0);
  expect(agreed.shown()).toContain("Deleted 1 orphaned blobs");
});

test("on a terminal --yes is not asked", async () => {
  await using scope = new Scope();
  const room = new GcRoom(scope);
  await room.startServer();
  await room.pushBlob("orphan");

  const command = runGc(room.data, "--yes");

  expect(await command.ended()).toBe(0);
  expect(command.shown()).not.toContain("[y/N]");
  expect(command.shown()).toContain("Deleted 1 orphaned blobs");
});
