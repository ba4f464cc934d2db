// Two executables over one PostgreSQL database and one bucket: a push whose requests end at either of them.
import { expect } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { versitygw } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { replicaEnvironment } from "../support/replicas.ts";
import type { Scope } from "../support/scope.ts";
import { noise } from "../support/store.ts";
import { startVersitygw } from "../support/versitygw.ts";

const missing = goToolNeeds(versitygw);
const needs = { ...missing, reason: () => missing.reason() ?? postgresIsMissing() };

/** Two replicas, and their bucket. */
async function replicas(scope: Scope) {
  const server = await startVersitygw(scope);
  const database = await (await startPostgres(scope)).createDatabase("replicas");
  const env = replicaEnvironment(database, server.bucket);
  const a = await startBreadbox(scope, { env });
  return { a, b: await startBreadbox(scope, { env }), server, env };
}

async function begin({ url }: RunningRegistry): Promise<string> {
  const answer = await fetch(`${url}/v2/app/blobs/uploads/`, { method: "POST" });
  expect(answer.status).toBe(202);
  return new URL(answer.headers.get("location") ?? "", url).pathname;
}

const pulled = async ({ url }: RunningRegistry, digest: string): Promise<string> => {
  const answer = await fetch(`${url}/v2/app/blobs/${digest}`);
  return answer.status === 200 ? digestOf(await answer.bytes()) : String(answer.status);
};

clientTest("a push over two replicas in turn is pulled from both", needs, async (scope) => {
  const { a, b } = await replicas(scope);
  const sizes = [9_000_000, 1_000, 15_000_000, 4_999_000, 1];
  const bytes = noise(sizes.reduce((sum, size) => sum + size, 0));
  const path = await begin(a);
  let at = 0;
  for (const [turn, size] of sizes.entries()) {
    const { url } = turn % 2 === 0 ? b : a;
    const { status } = await fetch(url + path, {
      method: "PATCH",
      body: bytes.slice(at, at + size),
      headers: { "content-range": `${at}-${at + size - 1}` },
    });
    expect(status).toBe(202);
    at += size;
  }

  const digest = digestOf(bytes);
  const closed = await fetch(`${a.url}${path}?digest=${digest}`, { method: "PUT" });

  expect(closed.status).toBe(201);
  expect([await pulled(a, digest), await pulled(b, digest)]).toEqual([digest, digest]);
});

clientTest("an upload is cancelled on the other replica", needs, async (scope) => {
  const { a, b } = await replicas(scope);
  const path = await begin(a);
  await fetch(a.url + path, { method: "PATCH", body: noise(10_000_000) });

  const cancelled = await fetch(b.url + path, { method: "DELETE" });

  const later = await fetch(a.url + path, { method: "PATCH", body: noise(10) });
  expect([cancelled.status, later.status]).toEqual([204, 404]);
});

clientTest("a replica may join with an empty directory at any time", needs, async (scope) => {
  const { a, env } = await replicas(scope);
  const bytes = noise(1_000);
  const digest = digestOf(bytes);
  const path = `${a.url}${await begin(a)}?digest=${digest}`;
  expect((await fetch(path, { method: "PUT", body: bytes })).status).toBe(201);

  const late = await startBreadbox(scope, { env });

  expect(await pulled(late, digest)).toBe(digest);
});

clientTest(
  "what both replicas report of the store is the same, and says so",
  needs,
  async (scope) => {
    const { a, b } = await replicas(scope);
    await begin(a);
    const texts = await Promise.all(
      [a, b].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    );
    const shared = /^# HELP (\S+) .* Of the store: its servers report the same/gm;
    const [names = []] = texts.map((text) => [...text.matchAll(shared)].map(([, name]) => name));

    expect(names).toContain("breadbox_upload_sessions");
    expect(names.length).toBeGreaterThan(6);
    const [ours, others] = texts.map((text) =>
      names.map((name) => new RegExp(`^${name} .*$`, "m").exec(text)?.[0]),
    );
    expect(ours).toEqual(others);
    expect(ours).toContain("breadbox_upload_sessions 1");
  },
);
