// kill -9 before each system call with which a collection changes anything: what lives is whole, and the next run finishes the rest.
import { expect } from "bun:test";
import { clientTest } from "../support/clientTest.ts";
import { storedFiles } from "../support/dataFolder.ts";
import { problemsOf } from "../support/inspect.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { startRegistry } from "../support/startRegistry.ts";
import { countRows, differences, incomplete } from "./aftermath.ts";
import { attach, gcCommand, killAtEach, killEvery, type Place, runWith } from "./faults.ts";
import { type Living, makeTemplate, type Template } from "./template.ts";

const database = ["breadbox.db", "breadbox.db-wal", ""];
/** What SQLite does to its files, and what the storage does to the folders. */
const calls = ["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink"] as const;

/** Kills at the place, then looks, then collects again. @returns null when the command came to its end before. */
async function killAt(template: Template, place: Place): Promise<"killed" | null> {
  await using scope = new Scope();
  const data = await template.copy(scope);
  const living = [...template.living, template.doomed];
  const { code, output } = await runWith(place, data, await gcCommand(data));
  if (code !== 137) {
    expect({ code, output }).toMatchObject({ code: 0 });
    return null;
  }
  const where = `${place.calls} ${place.nth} ${place.paths.join(" ")}`;
  expect([where, await incomplete(data, living)]).toEqual([where, []]);
  const again = await run(await gcCommand(data), { mayFail: true });
  expect([where, again.code, again.code === 0 ? "" : again.output]).toEqual([where, 0, ""]);
  expect([where, await differences(data, living)]).toEqual([where, []]);
  expect([where, await problemsOf(data)]).toEqual([where, []]);
  return "killed";
}

clientTest(
  "a collection that is killed at any system call leaves what lives, and the next one finishes the rest",
  { commands: ["strace"] },
  async (scope) => {
    const template = await makeTemplate(scope);
    let kills = 0;

    for (const each of calls) {
      const ends = await killAtEach((nth) =>
        killAt(template, { calls: each, nth, paths: database, fault: "signal=KILL" }),
      );
      kills += ends.length;
    }
    for (const file of await storedFiles(await template.copy(scope))) {
      const paths = [`blobs/${file}`];
      const place = { calls: "unlink", nth: "1", paths, fault: "signal=KILL" };
      if (await killAt(template, place)) kills += 1;
    }

    console.log(`${kills} kills`);
    // One file each of what was deleted, orphaned, half collected and without a row, and what the database does for them.
    expect(kills).toBeGreaterThan(40 / killEvery);
  },
);

/** What a deletion is asked for, and what must be so if it took place. */
interface Deletion {
  readonly path: (template: Template) => string;
  readonly left: (template: Template) => readonly Living[];
  /** Rows that are gone together or not at all. */
  readonly rows: (template: Template) => readonly [query: string, ...values: string[]];
}

const deletions: Readonly<Record<"manifest" | "blob", Deletion>> = {
  manifest: {
    path: ({ doomed }) => `/v2/${doomed.repository}/manifests/${doomed.manifest.digest}`,
    left: ({ living }) => living,
    rows: ({ doomed }) => [
      "SELECT digest FROM manifests WHERE repository = ?1 UNION ALL SELECT digest FROM manifest_references WHERE repository = ?1",
      doomed.repository,
    ],
  },
  blob: {
    path: ({ loose }) => `/v2/${loose.repository}/blobs/${loose.digest}`,
    left: ({ living, doomed }) => [...living, doomed],
    rows: ({ loose }) => [
      "SELECT digest FROM repository_contents WHERE repository = ? AND digest = ?",
      loose.repository,
      loose.digest,
    ],
  },
};

/** Kills a server at its nth call after the request was sent. @returns null when it answered before. */
async function killServer(
  template: Template,
  deletion: Deletion,
  place: Pick<Place, "calls" | "nth">,
): Promise<"killed" | null> {
  await using scope = new Scope();
  const data = await template.copy(scope);
  const rows = (): number => countRows(data, deletion.rows(template));
  const before = rows();
  const server = await startRegistry(scope, { data, env: { BREADBOX_LOG_LEVEL: "warn" } });
  await attach(scope, server.pid, { ...place, paths: database, fault: "signal=KILL" }, data);
  const url = `${server.url}${deletion.path(template)}`;
  const answer = await fetch(url, { method: "DELETE", keepalive: false }).catch(() => null);
  if (answer !== null) expect(answer.status).toBe(202);
  else await server.exited;
  await server.stop();
  const where = `${place.calls} ${place.nth}`;
  const took = rows() === 0;
  expect([where, took || (answer === null && rows() === before)]).toEqual([where, true]);
  const left = took ? deletion.left(template) : [...template.living, template.doomed];
  expect([where, await incomplete(data, left)]).toEqual([where, []]);
  expect((await run(await gcCommand(data))).code).toBe(0);
  expect([where, await differences(data, left)]).toEqual([where, []]);
  expect([where, await problemsOf(data)]).toEqual([where, []]);
  return answer === null ? "killed" : null;
}

for (const what of ["manifest", "blob"] as const) {
  clientTest(
    `the deletion of a ${what} that is killed at any system call took place or did not`,
    { commands: ["strace"] },
    async (scope) => {
      const template = await makeTemplate(scope);
      let kills = 0;

      for (const calls of ["pwrite64", "fdatasync"]) {
        const ends = await killAtEach((nth) =>
          killServer(template, deletions[what], { calls, nth }),
        );
        kills += ends.length;
      }

      console.log(`${kills} kills`);
      // Each page that is written, in two pieces, and the sync before the answer.
      expect(kills).toBeGreaterThan(4 / killEvery);
    },
  );
}
