// kill -9 at each system call with which an upload in parts is completed: it is open with all its parts, or the object is there.
import { expect } from "bun:test";
import { attach, killAtEach, killEvery, type Place } from "../gc/faults.ts";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { Scope } from "../support/scope.ts";
import {
  type CompletionTemplate,
  complete,
  expectResumable,
  listedParts,
  makeCompletionTemplate,
} from "./completionTemplate.ts";

const database = ["breadbox.db", "breadbox.db-wal"];
const removals = "unlinkat";

type End = "open" | "done";

/** Kills a server at its nth call after the completion began, looks, completes again. @returns null when all was done before that call. */
async function killAt(
  template: CompletionTemplate,
  place: Omit<Place, "fault">,
): Promise<End | null> {
  await using scope = new Scope();
  const data = await template.copy(scope);
  const server = await startBreadbox(scope, { data, env: { BREADBOX_LOG_LEVEL: "warn" } });
  const parts = (await listedParts(server.url, template.upload)) ?? [];
  await attach(scope, server.pid, { ...place, fault: "signal=KILL" }, data);
  const answer = await complete(server.url, parts, template.upload);
  if (answer === null) {
    await server.exited;
    return await expectResumable(scope, data, template, parts);
  }
  const problem = answer.status === 200 ? "" : await answer.text();
  const { calls, nth } = place;
  expect([calls, nth, answer.status, problem]).toEqual([calls, nth, 200, ""]);
  // The folder that was moved aside is removed after the answer. A server that ends waits for that, and may be killed then.
  const code = await server.stop(60_000);
  if (code === 0) return null;
  expect([code, await expectResumable(scope, data, template, parts)]).toEqual([137, "done"]);
  return "done";
}

clientTest(
  "an upload whose completion is killed at any system call is open with all its parts, or an object",
  { commands: ["strace"] },
  async (scope) => {
    const template = await makeCompletionTemplate(scope);
    const places: readonly (readonly [calls: string, paths: readonly string[]])[] = [
      ...["openat", "pread64", "close", "pwrite64", "fdatasync", "fsync", "unlink"].map(
        (calls) => [calls, template.touched] as const,
      ),
      ["link,linkat", template.touched],
      ["rename,renameat2", template.touched],
      ...["pwrite64", "fdatasync"].map((calls) => [calls, database] as const),
      [removals, []],
    ];
    const ends: End[] = [];

    for (const [calls, paths] of places) {
      // What comes after the object is there are few calls.
      const every = paths.length === 0 ? 1 : killEvery;
      const killed = await killAtEach((nth) => killAt(template, { calls, nth, paths }), every);
      console.log(`${calls}: ${killed.join(" ")}`);
      ends.push(...killed);
      // The folder that is moved aside, and what is in it.
      if (calls === removals)
        expect(killed.filter((end) => end === "done").length).toBeGreaterThan(2);
    }

    const done = ends.filter((end) => end === "done").length;
    console.log(`${ends.length} kills, ${done} of them after the object was there`);
    expect(ends.length - done).toBeGreaterThan(20 / killEvery);
  },
);
