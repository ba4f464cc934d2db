// A request that writes to a session and does not end as its client meant: it leaves the session free, and no byte that counts for nothing.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { breadboxBinary, type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { pullBlob } from "../support/images.ts";
import { run, waitFor } from "../support/processes.ts";
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

/** A request whose body stalls, once the server has made it a writer. @param url with its query. */
async function stall(server: RunningRegistry, method: string, url: string): Promise<StalledLine> {
  const length = ["Content-Length", String(bytes.length)] as const;
  const { pathname, search } = new URL(url);
  const line = await StalledLine.open(server.port, `${method} ${pathname}${search}`, [length]);
  line.send(bytes.subarray(0, arrived));
  await waitFor("the writer", () => hasWriter(server));
  // What was sent is read by then.
  await Bun.sleep(100);
  return line;
}

const hasWriter = ({ data }: RunningRegistry): boolean => {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    const claimed = (table: string) =>
      database.query(`SELECT 1 FROM ${table} WHERE claim_owner IS NOT NULL`).get() !== null;
    return claimed("upload_sessions") || claimed("multipart_uploads");
  } finally {
    database.close();
  }
};

const send = async (method: string, url: string, body?: Uint8Array<ArrayBuffer>): Promise<number> =>
  (await fetch(url, { method, ...(body && { body }) })).status;

/** Folders of staged bytes. */
const staged = ({ data }: RunningRegistry): string[] => [
  ...readdirSync(join(data, "uploads")),
  ...readdirSync(join(data, "tmp", "multipart")),
];

/** Another program locks the database, as a backup does, until `release`. */
function lockDatabase(scope: Scope, { data }: RunningRegistry): { release(): void } {
  const database = new Database(join(data, "breadbox.db"));
  scope.defer(() => database.close());
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  return { release: () => database.run("ROLLBACK") };
}

/** Requests that bring all the bytes, their success, and how many folders of staged bytes a failure may leave. */
const requests: [string, string, (session: string, url: string) => string, number, number][] = [
  ["a chunk", "PATCH", (session) => session, 202, 1],
  ["a closing PUT", "PUT", (session) => `${session}?digest=${digest}`, 201, 1],
  [
    "a single POST",
    "POST",
    (_, url) => `${url}/v2/team/app/blobs/uploads/?digest=${digest}`,
    201,
    0,
  ],
  ["the PUT of an object", "PUT", (_, url) => `${url}/v1/buckets/backups/objects/a/b`, 201, 0],
];
// They wait for the lock, and for nothing of each other.
test.concurrent.each(requests)(
  "%s that failed with a locked database can be retried at once and leaves nothing behind",
  async (_, method, urlOf, success, left) => {
    await using scope = new Scope();
    const server = await startBreadbox(scope);
    const bucket = { method: "POST", body: JSON.stringify({ name: "backups" }) };
    expect((await fetch(`${server.url}/v1/buckets`, bucket)).status).toBe(201);
    const session = left === 0 ? "" : await begin(server);
    const url = urlOf(session, server.url);
    const line = await stall(server, method, url);

    const lock = lockDatabase(scope, server);
    line.send(bytes.subarray(arrived));
    expect(await line.answer()).toBe(503);
    lock.release();

    if (left === 0) await waitFor("nothing", () => staged(server).length === 0);
    expect(await send(method, url, bytes)).toBe(success);
    if (method === "PATCH") expect(await send("PUT", `${session}?digest=${digest}`)).toBe(201);
    expect(staged(server)).toEqual([]);
    if (!url.includes("/v1/")) await pullBlob(repositoryOf(server), digest);
  },
  30_000,
);

/** Ways in which somebody else ends a session. */
const endings: [string, (session: string, server: RunningRegistry) => Promise<unknown>][] = [
  ["cancelled", (session) => send("DELETE", session)],
  [
    "removed by an operator",
    async (session, { data }) => {
      const id = new URL(session).pathname.replace(/^.*\//, "");
      return run([await breadboxBinary(), "uploads", "rm", id, "--data", data, "--yes"]);
    },
  ],
];
test.concurrent.each(endings)(
  "a session that is %s ends its stalled request, and its bytes are deleted",
  async (_, end) => {
    await using scope = new Scope();
    const server = await startBreadbox(scope);
    const session = await begin(server);
    const line = await stall(server, "PATCH", session);

    await end(session, server);

    expect(await line.answer()).toBe(404);
    expect(staged(server)).toEqual([]);
  },
  30_000,
);

test("a chunk longer than its Content-Range is refused before its end and stores no byte", async () => {
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
  const file = join(server.data, "uploads", pathname.replace(/^.*\//, ""), "data");
  expect(statSync(file, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  line.break();
});
