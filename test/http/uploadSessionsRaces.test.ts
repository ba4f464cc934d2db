// Several requests for one session at once, and connections that break: one writer, nobody waits for the dead, nothing half done.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import { randomNumbers } from "../support/bytes.ts";
import { waitFor } from "../support/processes.ts";
import { request } from "../support/rawHttp.ts";
import { noise } from "../support/store.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

const seed = process.env["BREADBOX_TEST_SEED"] ?? String(Math.floor(Math.random() * 2 ** 32));
const name = "team/app";
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry({ logLevel: "error" });
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  expect(registry.lines).toEqual([]);
});

const send = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${registry.url}${path}`, { ...init, method });

async function open(bytes: Uint8Array<ArrayBuffer> = new Uint8Array()): Promise<string> {
  const started = await send("POST", `/v2/${name}/blobs/uploads/`);
  const path = started.headers.get("location") ?? "";
  if (bytes.length > 0) expect((await send("PATCH", path, { body: bytes })).status).toBe(202);
  return path;
}

/** The offset that the status tells; sessions here never have a single byte. */
async function offsetOf(path: string): Promise<number> {
  const status = await send("GET", path);
  expect(status.status).toBe(204);
  const last = Number(status.headers.get("range")?.slice(2));
  return last === 0 ? 0 : last + 1;
}

const folderOf = (path: string): string =>
  join(registry.store.directory, "uploads", path.split("/").at(-1) ?? "");

/** At least this much of a stalled body is in the session's file. */
const stalledBytes = 500_000;

/** A request that has sent its head and some of its body. @param line method and address. */
async function stall(line: string, head: [string, string], sent: Uint8Array) {
  const socket: Socket = connect(registry.http.port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(request(line, [head]));
  socket.write(sent);
  // A connection that breaks before its body is being read has brought nothing.
  const folder = folderOf(line.split(/[ ?]/)[1] ?? "");
  await waitFor("the first bytes", async () => {
    const found = await stat(join(folder, "data")).catch(() => null);
    return (found?.size ?? 0) >= stalledBytes;
  });
  return { socket, received: () => received };
}

describe("one writer of a session", () => {
  test("proceeds while another gets Retry-After, and the session accepts both in turn", async () => {
    const whole = noise(3_000_000);
    const path = await open();
    const [first, rest] = [whole.subarray(0, 1_500_000), whole.subarray(1_500_000)];
    const length = String(whole.length);
    const writer = await stall(`PATCH ${path}`, ["Content-Length", length], first);

    for (const [method, query] of [
      ["PATCH", ""],
      ["PUT", `?digest=${digestOf(whole)}`],
    ] as const) {
      const second = await send(method, path + query, { body: noise(10) });
      expect([second.status, second.headers.get("retry-after")]).toEqual([429, "1"]);
      expect(await second.json()).toMatchObject({ errors: [{ code: "TOOMANYREQUESTS" }] });
    }

    writer.socket.write(rest);
    await waitFor("the first answer", () => writer.received().includes("\r\n\r\n"));
    expect(writer.received()).toMatch(/^HTTP\/1\.1 202 /);
    writer.socket.destroy();
    const put = await send("PUT", `${path}?digest=${digestOf(whole)}`);
    expect(put.status).toBe(201);
  });

  test("succeeds of 32 with the same chunk, and the content is its own", async () => {
    const path = await open();
    const bodies = Array.from({ length: 32 }, () => noise(100_000));
    const headers = { "content-range": "0-99999" };

    const answers = await Promise.all(bodies.map((body) => send("PATCH", path, { body, headers })));

    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    for (const { status, headers: found } of answers) {
      if (status === 429) expect(found.get("retry-after")).toBe("1");
      else if (status === 416) expect(found.get("range")).toBe("0-99999");
      else expect(status).toBe(202);
    }
    const winner = bodies[statuses.indexOf(202)] ?? new Uint8Array();
    const put = await send("PUT", `${path}?digest=${digestOf(winner)}`);
    expect(put.status).toBe(201);
  });

  test("succeeds of 16 closing requests; the others get Retry-After, or the repeated answer", async () => {
    const bytes = noise(600_000);
    const path = await open(bytes);

    const answers = await Promise.all(
      Array.from({ length: 16 }, () => send("PUT", `${path}?digest=${digestOf(bytes)}`)),
    );

    for (const { status } of answers) expect([201, 429]).toContain(status);
    expect(answers.map(({ status }) => status)).toContain(201);
    expect((await send("HEAD", `/v2/${name}/blobs/${digestOf(bytes)}`)).status).toBe(200);
  });
});

describe("a connection that breaks", () => {
  const endings: [string, (socket: Socket) => void][] = [
    ["by a reset", (socket) => socket.resetAndDestroy()],
    ["by a half-close", (socket) => socket.end()],
    ["by a close", (socket) => socket.destroy()],
  ];
  const framings: [string, [string, string], (bytes: Uint8Array) => Uint8Array][] = [
    ["a length", ["Content-Length", "9000000"], (bytes) => bytes],
    [
      "chunks",
      ["Transfer-Encoding", "chunked"],
      (bytes) => Buffer.concat([Buffer.from(`${(9_000_000).toString(16)}\r\n`), bytes]),
    ],
  ];
  const cases = endings.flatMap(([how, end]) =>
    framings.map(([framing, head, frame]) => ({ how, end, framing, head, frame })),
  );

  test.each(cases)(
    "$how, with $framing, frees the session at once and keeps the bytes that arrived",
    async ({ end, head, frame }) => {
      const whole = noise(1_800_000);
      const path = await open();
      const sent = whole.subarray(0, 1_500_000);
      const writer = await stall(`PATCH ${path}`, head, frame(sent));

      end(writer.socket);
      // Long before the claim of a writer that died without a word would run out, which takes 30 s.
      await waitFor(
        "the session to be free",
        async () => (await send("PATCH", path, { body: "" })).status === 202,
        { timeoutMs: 10_000, everyMs: 5 },
      );

      const offset = await offsetOf(path);
      expect(offset).toBeGreaterThanOrEqual(stalledBytes);
      expect(offset).toBeLessThanOrEqual(sent.length);
      const headers = { "content-range": `${offset}-${whole.length - 1}` };
      const rest = await send("PATCH", path, { body: whole.subarray(offset), headers });
      expect([rest.status, rest.headers.get("range")]).toEqual([202, `0-${whole.length - 1}`]);
      expect((await send("PUT", `${path}?digest=${digestOf(whole)}`)).status).toBe(201);
    },
  );

  test("in a closing request keeps the bytes that arrived", async () => {
    const whole = noise(1_800_000);
    const path = await open();
    const close = `${path}?digest=${digestOf(whole)}`;
    const head: [string, string] = ["Content-Length", String(whole.length)];
    const writer = await stall(`PUT ${close}`, head, whole.subarray(0, 1_000_000));

    writer.socket.end();
    await waitFor("the bytes", async () => (await offsetOf(path)) > 0);

    const offset = await offsetOf(path);
    expect(offset).toBeGreaterThanOrEqual(stalledBytes);
    expect(offset).toBeLessThanOrEqual(1_000_000);
    expect((await send("PUT", close, { body: whole.subarray(offset) })).status).toBe(201);
  });
});

describe("PATCH, PUT and DELETE of one session at once", () => {
  /** What each may be answered with, whoever comes first. */
  const allowed: Record<string, readonly number[]> = {
    PATCH: [202, 404, 416, 429],
    PUT: [201, 400, 404, 416, 429],
    DELETE: [204, 404],
  };

  /** Sends several requests a few milliseconds apart. @returns their statuses; each is one that its method allows. */
  async function race(path: string, random: () => number, shots: readonly Shot[]) {
    const inOrder = shots
      .map((shot) => ({ shot, order: random() }))
      .sort((a, b) => a.order - b.order);
    const gapMs = random() * 3;
    return Promise.all(
      inOrder.map(async ({ shot: { method, query = "", ...init } }, index) => {
        await Bun.sleep(index * gapMs);
        const { status } = await send(method, path + query, init);
        expect({ method, status, fine: allowed[method]?.includes(status) }).toMatchObject({
          fine: true,
        });
        return status;
      }),
    );
  }

  /** Afterwards the session can only be cancelled, or is gone; nothing of it is left. */
  async function expectNothingLeft(path: string): Promise<void> {
    await send("DELETE", path);
    for (const method of ["GET", "PATCH", "DELETE"]) {
      expect((await send(method, path)).status).toBe(404);
    }
    expect(await stat(folderOf(path)).catch(() => null)).toBeNull();
  }

  test("leave published content or nothing, and no answer is a 5xx", async () => {
    console.log(`BREADBOX_TEST_SEED=${seed}`);
    const random = randomNumbers(seed);
    const seen = { published: 0, nothing: 0 };

    for (let round = 0; round < 200; round += 1) {
      const [start, more] = [noise(2 + Math.floor(random() * 400_000)), noise(50_000)];
      const path = await open(start);
      const whole = random() < 0.5 ? start : Buffer.concat([start, more]);
      const digest = digestOf(whole);
      const patch = { method: "PATCH", body: more };
      const put = { method: "PUT", query: `?digest=${digest}` };
      const shots: Shot[] = [patch, put, { method: "DELETE" }, put, patch];

      const statuses = await race(path, random, shots.slice(0, 2 + Math.floor(random() * 4)));

      const pulled = await send("GET", `/v2/${name}/blobs/${digest}`);
      const published = pulled.status === 200 && digestOf(await pulled.bytes()) === digest;
      expect({ round, published }).toEqual({ round, published: statuses.includes(201) });
      expect(statuses.includes(201) && statuses.includes(204)).toBe(false);
      seen[published ? "published" : "nothing"] += 1;
      await expectNothingLeft(path);
    }

    expect(seen.published).toBeGreaterThan(0);
    expect(seen.nothing).toBeGreaterThan(0);
  }, 120_000);

  test("with and without Content-Range get only statuses that their method allows", async () => {
    const random = randomNumbers(`${seed}/ranges`);
    for (let round = 0; round < 60; round += 1) {
      const bytes = noise(10_000);
      const path = await open(bytes);
      const ranged = { headers: { "content-range": "10000-10099" }, body: noise(100) };
      const put = { method: "PUT", query: `?digest=${digestOf(bytes)}` };
      const patch = { method: "PATCH", body: noise(100) };
      await race(path, random, [
        patch,
        { ...patch, ...ranged },
        { ...put, ...ranged },
        put,
        { method: "DELETE" },
      ]);
      await expectNothingLeft(path);
    }
  }, 60_000);
});

/** One of the requests that race. */
interface Shot extends RequestInit {
  readonly method: string;
  readonly query?: string;
}
