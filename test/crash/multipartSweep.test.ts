// kill -9 while expired uploads in parts are removed: what is open stays whole, and the next sweep finishes the rest.
import { expect, test } from "bun:test";
import { killAtEach, killEvery, type Place, startWith } from "../gc/faults.ts";
import { breadboxBinary, startBreadbox } from "../support/binary.ts";
import { randomNumbers } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { freePort, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import {
  completeKept,
  countStaged,
  damageOf,
  eager,
  finishSweep,
  makeSweptTemplate,
  metricOf,
  type SweptTemplate,
} from "./sweptTemplate.ts";

/** Kills a server at a place of its first sweep, looks, sweeps again. @returns null when the sweep came to its end before. */
async function killAt(
  template: SweptTemplate,
  place: Omit<Place, "fault">,
): Promise<"killed" | null> {
  await using scope = new Scope();
  const data = await template.copy(scope);
  const port = freePort();
  const listen = ["--data", data, "--listen", `127.0.0.1:${port}`];
  const command = [await breadboxBinary(), "serve", ...listen];
  const server = startWith(scope, { ...place, fault: "signal=KILL" }, data, command);
  const swept = "multipart_sweep_duration_seconds_count";
  const isOver = async () =>
    server.hasExited() || (await metricOf(`http://127.0.0.1:${port}`, swept)) > 0;
  await waitFor("the kill or the sweep", isOver, {
    timeoutMs: 120_000,
    explain: server.logs,
  });
  if (!server.hasExited()) return null;

  const where = `${place.calls} ${place.nth} ${place.paths.join(" ")}`;
  expect([where, await server.exited]).toEqual([where, 137]);
  expect([where, await damageOf(data, template)]).toEqual([where, []]);
  await completeKept(await finishSweep(scope, data, template), template);
  return "killed";
}

clientTest(
  "a sweep of uploads in parts that is killed at any of its system calls is finished by the next one",
  { commands: ["strace"] },
  async (scope) => {
    const template = await makeSweptTemplate(scope, { expired: 1, leftovers: 1 });
    const paths = ["breadbox.db", "breadbox.db-wal"];
    const kills: unknown[] = [];

    for (const id of template.stale) {
      const folder = { calls: "rename", nth: "1", paths: [`tmp/multipart/${id}`] };
      if ((await killAt(template, folder)) !== null) kills.push(folder);
    }
    kills.push(
      ...(await killAtEach((nth) => killAt(template, { calls: "unlinkat", nth, paths: [] }))),
    );
    for (const calls of ["pwrite64", "fdatasync"]) {
      kills.push(...(await killAtEach((nth) => killAt(template, { calls, nth, paths }))));
    }

    console.log(`${kills.length} kills`);
    // Two folders moved aside, three files and two folders removed, and what the database does for the rows.
    expect(kills.length).toBeGreaterThan(10 / killEvery);
  },
);

test("sweeps killed at random moments delete every expired upload in the end", async () => {
  await using scope = new Scope();
  const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
  console.log(`BREADBOX_TEST_SEED=${seed}`);
  const random = randomNumbers(seed);
  const template = await makeSweptTemplate(scope, { expired: 250, leftovers: 20 });
  const data = await template.copy(scope);
  let left = await countStaged(data);
  const cuts: number[] = [];

  for (let kill = 0; kill < 12 && left > 1; kill += 1) {
    const before = left;
    const server = await startBreadbox(scope, { data, env: eager, pollMs: 2 });
    const hasBegun = async () => (await countStaged(data)) < before;
    await waitFor("the sweep to begin", hasBegun, { everyMs: 1, explain: server.logs });
    await Bun.sleep(random() * 60);
    await server.kill9();
    expect(await damageOf(data, template)).toEqual([]);
    left = await countStaged(data);
    if (left > 1) cuts.push(before - left);
  }
  await completeKept(await finishSweep(scope, data, template), template);

  console.log(`kills after ${cuts.join(", ")} uploads`);
  // Kills that met no sweep in the middle would prove nothing.
  expect(cuts.length).toBeGreaterThan(2);
}, 120_000);
