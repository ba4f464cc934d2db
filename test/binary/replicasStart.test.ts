// Executables that start at the same moment with an empty database and an empty bucket: one makes what there is once, the other finds it.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { startBreadbox } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { FakeS3 } from "../support/fakeS3.ts";
import { postgresIsMissing, startPostgres } from "../support/postgres.ts";
import { waitFor } from "../support/processes.ts";
import { replicaEnvironment } from "../support/replicas.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 120_000 };
const login = `Basic ${btoa("admin:a long password")}`;

clientTest("four servers that start at once share one store", needs, async (scope) => {
  const database = await startPostgres(scope);
  const url = await database.createDatabase("together");
  const bucket = new FakeS3();
  scope.defer(() => bucket.stop());
  const env = {
    ...replicaEnvironment(url, bucket.bucket),
    BREADBOX_AUTH_MODE: "required",
    BREADBOX_ADMIN_PASSWORD: "a long password",
  };

  const servers = await Promise.all(Array.from({ length: 4 }, () => startBreadbox(scope, { env })));

  const stores = servers.map(({ data }) => readFileSync(join(data, "format"), "utf8"));
  expect(new Set(stores).size).toBe(1);
  const sql = postgres(url, { max: 1 });
  scope.defer(() => sql.end({ timeout: 1 }));
  const count = async (table: string) =>
    Number((await sql.unsafe(`select count(*) as n from ${table}`))[0]?.["n"]);
  expect(await Promise.all(["store", "users", "signing_keys"].map(count))).toEqual([1, 1, 1]);
  const leaders = () => servers.filter((each) => each.logs().includes("scheduled work of all"));
  await waitFor("a server that does the scheduled work", () => leaders().length > 0);
  expect(leaders()).toHaveLength(1);

  // What one of them has issued the others take.
  const [first] = servers;
  const answer = await fetch(`${first?.url}/v2/token?service=breadbox&scope=registry:catalog:*`, {
    headers: { authorization: login },
  });
  const { token }: { token: string } = JSON.parse(await answer.text());
  for (const each of servers) {
    const asked = await fetch(`${each.url}/v2/`, { headers: { authorization: `Bearer ${token}` } });
    expect(asked.status).toBe(200);
  }
});
