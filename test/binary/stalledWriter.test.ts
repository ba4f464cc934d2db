// A PATCH whose client fell silent while the clock was set, or another program held the database: what others store stays as it is.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { basename, join } from "node:path";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { clientTest } from "../support/clientTest.ts";
import { fakeClock } from "../support/fakeClock.ts";
import { problemsOf } from "../support/inspect.ts";
import { waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const bytes = randomBytes("stalled", 3_000_000);
const sent = 700_000;

/** Opens a session and a PATCH of all the bytes, of which only the first `sent` come. */
async function stall(scope: Scope, { url, port, data }: RunningRegistry) {
  const started = await fetch(`${url}/v2/stalled/app/blobs/uploads/`, { method: "POST" });
  const location = new URL(started.headers.get("location") ?? "", url);
  const line: Socket = connect(port, "127.0.0.1");
  scope.defer(() => void line.destroy());
  line.on("error", () => {});
  const head = [
    `PATCH ${location.pathname} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/octet-stream",
    `Content-Length: ${bytes.length}`,
  ];
  line.write(`${head.join("\r\n")}\r\n\r\n`);
  line.write(bytes.subarray(0, sent));
  const patch = (from: number): Promise<Response> => {
    const headers = { "Content-Range": `${from}-${bytes.length - 1}` };
    return fetch(location, { method: "PATCH", headers, body: bytes.subarray(from) });
  };
  // Not before: whoever asks first is the one that writes, and the other one is refused.
  const staged = () => Bun.file(join(data, "uploads", basename(location.pathname), "data"));
  await waitFor("staged bytes", () => staged().size > 0);
  // A chunk that can never be right is refused for its offset as long as nobody writes.
  await waitFor("the first writer", async () => (await patch(bytes.length - 1)).status === 429);
  return { location, line, patch };
}

/** What a client does that was told 429: it asks where the upload is, and goes on from there. */
async function resume(location: URL, patch: (from: number) => Promise<Response>): Promise<number> {
  let status = 0;
  await waitFor("the upload's end", async () => {
    const range = (await fetch(location)).headers.get("range") ?? "0-0";
    const end = Number(range.split("-")[1]);
    status = (await patch(end === 0 ? 0 : end + 1)).status;
    return status === 202;
  });
  return status;
}

async function expectStored({ url, data }: RunningRegistry, location: URL): Promise<void> {
  const digest = sha256(bytes);
  location.searchParams.set("digest", digest);
  expect((await fetch(location, { method: "PUT" })).status).toBe(201);
  const pulled = await fetch(`${url}/v2/stalled/app/blobs/${digest}`);
  expect(sha256(await pulled.bytes())).toBe(digest);
  expect(await problemsOf(data)).toEqual([]);
}

clientTest(
  "a stalled PATCH and a clock that is set forward: nobody else may write until it has ended, and the blob is whole",
  { commands: ["faketime"] },
  async (scope) => {
    const clock = fakeClock(scope);
    const server = await startBreadbox(scope, { env: clock.env });
    const { location, line, patch } = await stall(scope, server);

    for (const offset of ["+10m", "+3h", "-5h", "+26h"]) {
      clock.set(offset);
      expect((await patch(0)).status).toBe(429);
    }
    line.destroy();

    expect(await resume(location, patch)).toBe(202);
    await expectStored(server, location);
  },
);

test("a blob is whole after a stalled PATCH while another program locks the database for 40 seconds", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  const { location, line, patch } = await stall(scope, server);
  // Now and then a byte: a sender that is silent for a minute is cut anyway.
  let at = sent;
  const drip = (): void => {
    line.write(bytes.subarray(at, at + 1));
    at += 1;
  };

  const database = new Database(join(server.data, "breadbox.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  for (let second = 0; second < 40; second += 10) {
    await Bun.sleep(10_000);
    drip();
  }
  database.run("ROLLBACK");
  database.close();
  expect((await patch(0)).status).toBe(429);
  line.destroy();

  expect(await resume(location, patch)).toBe(202);
  await expectStored(server, location);
}, 120_000);
