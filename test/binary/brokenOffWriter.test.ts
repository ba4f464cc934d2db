// A request that writes to a session and does not end as its client meant: it leaves the session free, and no byte that counts for nothing.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { pullBlob } from "../support/images.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { StalledLine } from "../support/stalledLine.ts";

const bytes = new Uint8Array(randomBytes("broken off", 700_000));
const digest = sha256(bytes);
/** Less than is written at a time: the server still holds them in memory when the line stalls. */
const arrived = 100_000;

const repositoryOf = ({ url }: RunningRegistry) => `${url}/v2/team/app`;

async function begin(server: RunningRegistry): Promise<string> {
  const started = await fetch(`${repositoryOf(server)}/blobs/uploads/`, { method: "POST" });
  expect(started.status).toBe(202);
  return new URL(started.headers.get("location") ?? "", server.url).href;
}

/** A PATCH whose body stalls, once the server has made its request the session's writer. */
async function stall(server: RunningRegistry, session: string): Promise<StalledLine> {
  const length = ["Content-Length", String(bytes.length)] as const;
  const line = await StalledLine.open(server.port, `PATCH ${new URL(session).pathname}`, [length]);
  line.send(bytes.subarray(0, arrived));
  await waitFor("the writer", () => hasWriter(server));
  // What was sent is read by then.
  await Bun.sleep(100);
  return line;
}

const hasWriter = ({ data }: RunningRegistry): boolean => {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    const claimed = "SELECT 1 FROM upload_sessions WHERE claim_owner IS NOT NULL";
    return database.query(claimed).get() !== null;
  } finally {
    database.close();
  }
};

const patch = async (session: string): Promise<number> =>
  (await fetch(session, { method: "PATCH", body: bytes })).status;

const close = async (session: string): Promise<number> =>
  (await fetch(`${session}?digest=${digest}`, { method: "PUT" })).status;

/** Another program locks the database, as a backup does, until `release`. */
function lockDatabase(scope: Scope, { data }: RunningRegistry): { release(): void } {
  const database = new Database(join(data, "breadbox.db"));
  scope.defer(() => database.close());
  database.run("BEGIN IMMEDIATE");
  return { release: () => database.run("ROLLBACK") };
}

test("a request that the database was locked for leaves its session free, not busy for half a minute", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const session = await begin(server);
  const line = await stall(server, session);

  const lock = lockDatabase(scope, server);
  line.send(bytes.subarray(arrived));
  expect(await line.answer()).toBe(503);
  lock.release();

  expect(await patch(session)).toBe(202);
  expect(await close(session)).toBe(201);
  await pullBlob(repositoryOf(server), digest);
});

test("a session that is cancelled ends the request that stalls in it, and its bytes are gone", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const session = await begin(server);
  const line = await stall(server, session);

  expect((await fetch(session, { method: "DELETE" })).status).toBe(204);

  expect(await line.answer()).toBe(404);
  expect(readdirSync(join(server.data, "uploads"))).toEqual([]);
});

test("a chunk that is longer than its Content-Range is refused before its end, and leaves no byte", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const session = await begin(server);
  const { pathname } = new URL(session);

  const line = await StalledLine.open(server.port, `PATCH ${pathname}`, [
    ["Transfer-Encoding", "chunked"],
    ["Content-Range", "0-999"],
  ]);
  line.send(`${(64 * 1024).toString(16)}\r\n`);
  line.send(bytes.subarray(0, 64 * 1024));
  line.send("\r\n");

  expect(await line.answer()).toBe(400);
  expect((await fetch(session)).headers.get("range")).toBe("0-0");
  const staged = join(server.data, "uploads", pathname.replace(/^.*\//, ""), "data");
  expect(statSync(staged, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  line.break();
});
