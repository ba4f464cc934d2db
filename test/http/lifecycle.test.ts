import { describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import type { Backend } from "../../src/http/services.ts";
import { request } from "../support/rawHttp.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";

/** A connection on which the test decides when each piece goes. */
async function openSocket(port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, received: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Reads of manifests wait for `release`. */
function slowReads() {
  const gate = Promise.withResolvers<void>();
  const change = (backend: Backend): Backend => {
    const { metadata } = backend.registry;
    const findManifest: typeof metadata.findManifest = async (...what) => {
      await gate.promise;
      return metadata.findManifest(...what);
    };
    return {
      ...backend,
      registry: { ...backend.registry, metadata: { ...metadata, findManifest } },
    };
  };
  return { change, release: gate.resolve };
}

/** A pace whose time the test moves, and that tells how often it was looked at. */
class SlowPace {
  readonly minBytesPerSecond = 1024;
  #ms = 0;
  #reads = 0;
  readonly now = (): number => {
    this.#reads += 1;
    return this.#ms;
  };
  advance(ms: number): void {
    this.#ms += ms;
  }
  reads(count: number): Promise<void> {
    return until(() => this.#reads >= count);
  }
}

async function startedAt(registry: TestRegistry): Promise<string> {
  const answer = await registry.raw(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]);
  return answer.headers.get("location") ?? "";
}

describe("a server that is stopping", () => {
  test("answers running requests, is not ready for new ones, and refuses them", async () => {
    const { change, release } = slowReads();
    await using registry = await openRegistry({ change });
    const running = fetch(`${registry.url}/v2/${name}/manifests/latest`);
    await until(() => registry.http.running() === 1);

    let stopped = false;
    const drained = registry.http.drain(60_000).then(() => {
      stopped = true;
    });
    const ready = await fetch(`${registry.url}/readyz`);
    expect([ready.status, ready.headers.get("connection")]).toEqual([503, "close"]);
    expect(await ready.json()).toEqual({ status: "not ready", reason: "the server is stopping" });
    expect((await fetch(`${registry.url}/healthz`)).status).toBe(200);
    const refused = await fetch(`${registry.url}/v2/_catalog`);
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
    expect(stopped).toBe(false);

    release();
    expect((await running).status).toBe(404);
    await drained;
    expect(registry.http.running()).toBe(0);
    await expect(fetch(`${registry.url}/healthz`)).rejects.toThrow();
  });

  test("refuses writes on open connections, and closes them", async () => {
    const { change, release } = slowReads();
    await using registry = await openRegistry({ change });
    const { socket, received } = await openSocket(registry.http.port);
    socket.write(request(`GET /v2/${name}/manifests/latest`));
    await until(() => registry.http.running() === 1);

    const drained = registry.http.drain(60_000);
    socket.write(request(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]));
    release();
    await drained;
    await until(() => socket.closed);

    const [first, second] = received().split("HTTP/1.1 ").slice(1);
    expect(first).toMatch(/^404 .*connection: close/is);
    expect(second ?? "503 ").toMatch(/^503 /);
  });

  test("does not wait for connections with an unfinished request head", async () => {
    const { change, release } = slowReads();
    await using registry = await openRegistry({ change });
    const halves = await Promise.all([1, 2, 3].map(() => openSocket(registry.http.port)));
    for (const { socket } of halves) socket.write("GET /v2/ HTTP/1.1\r\nHost: registry");
    const running = fetch(`${registry.url}/v2/${name}/manifests/latest`);
    await until(() => registry.http.running() === 1);

    const drained = registry.http.drain(60_000).then(() => "drained");
    release();

    expect((await running).status).toBe(404);
    // The runtime would wait for more than twice as long.
    expect(await Promise.race([drained, Bun.sleep(5_000)])).toBe("drained");
  });

  test("cuts running requests after the grace period", async () => {
    const { change, release } = slowReads();
    await using registry = await openRegistry({ change });
    const running = fetch(`${registry.url}/v2/${name}/manifests/latest`);
    await until(() => registry.http.running() === 1);

    const [outcome] = await Promise.allSettled([running, registry.http.drain(1)]);
    release();
    expect(outcome.status).toBe("rejected");
  });

  test("is not ready", async () => {
    const gate = Promise.withResolvers<void>();
    await using registry = await openRegistry({
      change: (backend) => ({ ...backend, ready: () => gate.promise }),
    });
    const { socket, received } = await openSocket(registry.http.port);
    socket.write(request("GET /readyz"));
    await until(() => registry.http.running() === 1);

    const drained = registry.http.drain(60_000);
    gate.reject(new Error("database closed: /secret/path"));
    await drained;
    await until(() => socket.closed);

    expect(received()).toStartWith("HTTP/1.1 503");
    expect(received()).not.toContain("secret");
  });
});

describe("a read-only store", () => {
  test("serves reads, refuses writes with 503 and is not ready", async () => {
    await using registry = await openRegistry();
    registry.store.rooms.latch.trip("sync failed", new Error("EIO"));

    const write = await registry.raw(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]);
    expect([write.status, write.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(errorOf(write)["code"]).toBe("UNAVAILABLE");

    expect((await registry.raw("GET /v2/_catalog")).status).toBe(200);
    expect((await registry.raw("GET /healthz")).status).toBe(200);
    const ready = await registry.raw("GET /readyz");
    expect([ready.status, JSON.parse(ready.body.toString()).status]).toEqual([503, "not ready"]);
    expect(await (await fetch(`${registry.url}/metrics`)).text()).toContain("breadbox_read_only 1");
  });
});

test("health checks of load balancers may speak HTTP/1.0, which has no Host", async () => {
  await using registry = await openRegistry();
  const ask = async (line: string): Promise<string> => {
    const { socket, received } = await openSocket(registry.http.port);
    socket.write(`${line} HTTP/1.0\r\n\r\n`);
    await until(() => received().includes("\r\n\r\n"));
    socket.destroy();
    return received().slice(0, 12);
  };

  expect(await ask("GET /readyz")).toEndWith("200");
  expect(await ask("HEAD /healthz")).toEndWith("200");
  expect(await ask("GET /v2/")).toEndWith("400");
});

describe("request bodies", () => {
  test("over the limit are refused before they are read", async () => {
    await using registry = await openRegistry({ maxBodyBytes: 1000 });
    const start = await registry.raw(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]);
    const { socket, received } = await openSocket(registry.http.port);

    socket.write(request(`PATCH ${start.headers.get("location")}`, [["Content-Length", "1001"]]));
    await until(() => received().includes("\r\n\r\n"));

    expect(received()).toStartWith("HTTP/1.1 413");
    socket.destroy();
  });

  test("streamed past the limit are cut there, and what fits is kept", async () => {
    await using registry = await openRegistry({ maxBodyBytes: 1000 });
    const start = await registry.raw(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]);
    const location = start.headers.get("location");

    const chunk = `200\r\n${"a".repeat(512)}\r\n`;
    const answer = await registry.raw(
      `PATCH ${location}`,
      [["Transfer-Encoding", "chunked"]],
      `${chunk}${chunk}0\r\n\r\n`,
    );
    expect([answer.status, errorOf(answer)["code"]]).toEqual([413, "SIZE_INVALID"]);
  });

  test("that are too slow are cut; the session keeps its bytes and accepts the next request", async () => {
    const pace = new SlowPace();
    await using registry = await openRegistry({ pace });
    const location = await startedAt(registry);
    const { socket, received } = await openSocket(registry.http.port);

    socket.write(request(`PATCH ${location}`, [["Content-Length", "10000"]], "abc"));
    await pace.reads(3);
    pace.advance(61_000);
    socket.write("d");
    await until(() => socket.closed || socket.readableEnded);

    expect(received()).toMatch(/^HTTP\/1\.1 408 .*connection: close.*REQUEST_TIMEOUT/is);
    const status = await registry.raw(`GET ${location}`);
    expect(status.headers.get("range")).toBe("0-3");
    const next = await registry.raw(`PATCH ${location}`, [["Content-Range", "4-4"]], "e");
    expect([next.status, next.headers.get("range")]).toEqual([202, "0-4"]);
    socket.destroy();
  });

  test("that the server does not read close their connection", async () => {
    await using registry = await openRegistry();
    const { socket, received } = await openSocket(registry.http.port);

    socket.write(request("PUT /v2/Bad/manifests/latest", [["Content-Length", "1000000000"]]));
    await until(() => socket.closed || socket.readableEnded);

    expect(received()).toMatch(/^HTTP\/1\.1 400 .*connection: close.*NAME_INVALID/is);
    socket.destroy();
  });

  test("that are short and unread leave the connection usable", async () => {
    await using registry = await openRegistry();
    const { socket, received } = await openSocket(registry.http.port);

    socket.write(request("PUT /v2/Bad/manifests/latest", [], "{}"));
    socket.write(request("GET /healthz"));
    await until(() => received().includes('"ok"'));

    expect(received()).toStartWith("HTTP/1.1 400");
    socket.destroy();
  });
});
