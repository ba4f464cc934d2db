// What an operator sees of the collection's brake on the compiled file: what clients let go is collected unasked, lost rows are not.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { minuteClock } from "../support/fakeClock.ts";
import { buildImage, pushBlob, pushImage } from "../support/images.ts";
import { run, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const env = { BREADBOX_GC_MIN_AGE: "0" };

/** `breadbox gc` as a timer runs it: nobody is there to answer. */
async function collect({ data, env }: RunningRegistry, ...args: readonly string[]) {
  const command = [await breadboxBinary(), "gc", "--data", data, ...args];
  return run(command, { env, mayFail: true });
}

/** Collects at the full minute. What is pushed before is ready then: nothing here is promised for longer. */
async function startScheduled(scope: Scope) {
  const clock = minuteClock(scope);
  const schedule = { BREADBOX_GC_SCHEDULE: "* * * * *" };
  const server = await startBreadbox(scope, { env: { ...env, ...schedule, ...clock.env } });
  return { server, endMinute: clock.endMinute };
}

const needs = { commands: ["faketime"], timeoutMs: 130_000 };

async function openBucket({ url }: RunningRegistry) {
  const body = JSON.stringify({ name: "backups" });
  expect((await fetch(`${url}/v1/buckets`, { method: "POST", body })).status).toBe(201);
  const target = (name: string) => `${url}/v1/buckets/backups/objects/${name}`;
  return {
    put: async (name: string, size: number) => {
      const body = crypto.getRandomValues(new Uint8Array(65_536));
      const bytes = new Uint8Array(size).map((_, at) => body[at % 65_536] ?? 0);
      expect((await fetch(target(name), { method: "PUT", body: bytes })).ok).toBe(true);
    },
    remove: async (name: string) => {
      expect((await fetch(target(name), { method: "DELETE" })).status).toBe(204);
    },
  };
}

/** Loses rows, as damage would. */
function spoil({ data }: RunningRegistry, ...statements: readonly string[]): void {
  const client = new Database(join(data, "breadbox.db"));
  client.run("PRAGMA busy_timeout = 5000");
  client.run("PRAGMA foreign_keys = OFF");
  for (const statement of statements) client.run(statement);
  client.close(true);
}

test("a scheduled gc collects a backup that is replaced each night", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope, { env });
  const { put, remove } = await openBucket(server);
  for (let night = 0; night < 3; night += 1) {
    await put("db.dump", 3_000_000);
    const { code, output } = await collect(server);
    expect([code, output]).toEqual([0, expect.stringContaining(reclaimed(night === 0 ? 0 : 1))]);
  }
  await remove("db.dump");
  expect((await collect(server)).output).toContain(reclaimed(1));
  for (let night = 0; night < 5; night += 1) {
    await put(`keep-two/${night}`, 2_000_000);
    if (night >= 2) await remove(`keep-two/${night - 2}`);
    expect((await collect(server)).output).toContain(reclaimed(night < 2 ? 0 : 1));
  }
});

const reclaimed = (blobs: number): string => `Deleted ${blobs} orphaned blobs\n`;

clientTest(
  "a scheduled gc collects a replaced backup, a deleted image and an abandoned push",
  needs,
  async (scope) => {
    const { server, endMinute } = await startScheduled(scope);
    const repository = `${server.url}/v2/team/app`;
    const [one, two] = ["one", "two"].map((seed) =>
      buildImage({ seed, layerSizes: [2_000_000, 300] }),
    );
    if (one === undefined || two === undefined) throw new Error("two images");
    await pushImage(repository, "one", one);
    await pushImage(repository, "two", two);
    const { put } = await openBucket(server);
    await put("db.dump", 9_000_000);
    await put("db.dump", 9_000_000);
    await fetch(`${repository}/manifests/${two.manifest.digest}`, { method: "DELETE" });
    const abandoned = buildImage({ seed: "abandoned", layerSizes: [9_000_000] });
    for (const blob of abandoned.blobs) await pushBlob(repository, blob);

    endMinute();
    const runs = async () => (await fetch(`${server.url}/v1/gc/runs`)).text();
    const isOver = async () => /"finished_at":"/.test(await runs());
    await waitFor("the schedule", isOver, { timeoutMs: 70_000, explain: server.logs });

    const deleted = 1 + two.blobs.length + abandoned.blobs.length;
    expect(JSON.parse(await runs())).toMatchObject({
      runs: [{ state: "done", trigger: "schedule", deleted_blobs: deleted }],
    });
  },
);

clientTest(
  "lost rows make gc without a terminal and the scheduled gc refuse; readyz, metrics and log say since when",
  needs,
  async (scope) => {
    const { server, endMinute } = await startScheduled(scope);
    const repository = `${server.url}/v2/team/app`;
    await pushImage(repository, "one", buildImage({ seed: "one", layerSizes: [2_000_000, 300] }));
    const readiness = async () => (await fetch(`${server.url}/readyz`)).json();
    const metrics = async () => (await fetch(`${server.url}/metrics`)).text();
    expect(await readiness()).toEqual({ status: "ready" });
    expect(await metrics()).toContain("breadbox_gc_refused_since_timestamp_seconds 0\n");
    spoil(server, "DELETE FROM manifest_references", "DELETE FROM tags", "DELETE FROM manifests");

    const { code, output } = await collect(server);
    expect(code).toBe(1);
    expect(output).toContain(
      "3 blobs (100 % of the stored content) would be deleted that no client",
    );
    expect(output).toContain("run breadbox gc --yes if it is right");

    endMinute();
    await waitFor("the schedule", async () => "gc" in Object(await readiness()), {
      ...{ timeoutMs: 70_000, explain: server.logs },
    });
    expect(await readiness()).toMatchObject({
      status: "ready",
      gc: { refused_since: expect.any(String), reason: expect.stringContaining("breadbox fsck") },
    });
    expect(await metrics()).toMatch(/^breadbox_gc_refused_since_timestamp_seconds 1\d{9}/m);
    const sentence = "garbage collection refused, nothing was deleted: 3 blobs";
    await waitFor("the log", async () => server.logs().includes(sentence), {
      explain: server.logs,
    });

    expect((await collect(server, "--yes")).output).toContain(reclaimed(3));
    expect(await readiness()).toEqual({ status: "ready" });
  },
);
