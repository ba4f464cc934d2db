import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";

describe("request ids", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await openRegistry();
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  const idOf = async (path: string, given?: string): Promise<string | undefined> => {
    const headers: [string, string][] = given === undefined ? [] : [["X-Request-Id", given]];
    return (await registry.raw(`GET ${path}`, headers)).headers.get("x-request-id");
  };

  test("are in every answer, and unique", async () => {
    const paths = ["/v2/", "/healthz", "/nowhere", "/v2/Bad/tags/list"];
    const ids = await Promise.all(paths.map((path) => idOf(path)));
    expect(new Set(ids).size).toBe(paths.length);
    expect(ids).not.toContain(undefined);
  });

  test("are taken from the client when they are valid", async () => {
    expect(await idOf("/v2/", "4bf92f35-77b3:4d")).toBe("4bf92f35-77b3:4d");
  });

  test.each(["with space", 'quote"', "<b>", "a".repeat(65), "{}"])(
    "%p is not taken over",
    async (given) => {
      expect(await idOf("/v2/", given)).toStartWith("test-");
    },
  );
});

describe("an internal error", () => {
  test("is logged with its stack under the request id, and not shown to the client", async () => {
    await using registry = await openRegistry({
      change: (rooms) => {
        const { metadata } = rooms.registry;
        const listRepositories = () => Promise.reject(new Error("SQL at /secret/path"));
        return {
          ...rooms,
          registry: { ...rooms.registry, metadata: { ...metadata, listRepositories } },
        };
      },
    });

    const answer = await registry.raw("GET /v2/_catalog", [["X-Request-Id", "mine"]]);

    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({
      code: "UNKNOWN",
      message: expect.any(String),
      detail: { request_id: "mine" },
    });
    expect(registry.lines).toEqual([
      expect.objectContaining({
        level: "error",
        requestId: "mine",
        operation: "listRepositories",
        status: 500,
        err: expect.objectContaining({
          message: "SQL at /secret/path",
          stack: expect.stringContaining("observe.test.ts"),
        }),
      }),
    ]);
  });
});

describe("a refusal that is no defect", () => {
  test("is logged as a warning of one line without a stack", async () => {
    await using registry = await openRegistry();
    registry.store.rooms.latch.trip("a sync failed", new Error("EIO"));

    const { status } = await registry.raw(`POST /v2/${name}/blobs/uploads/`);

    expect(status).toBe(503);
    expect(registry.lines).toEqual([
      expect.objectContaining({
        level: "warn",
        situation: "READ_ONLY",
        operation: "startUpload",
        status: 503,
        keptBack: 0,
        msg: expect.stringContaining("startUpload refused: the store is read-only"),
      }),
    ]);
    expect(JSON.stringify(registry.lines)).not.toContain("stack");
  });
});

describe("the log", () => {
  test("has one readable line for a push and one for a pull", async () => {
    await using registry = await openRegistry();
    const { digest, manifest } = await pushImage(registry.url, {
      name,
      tag: "1.0",
      size: 3_600_000,
    });
    await fetch(`${registry.url}/v2/${name}/manifests/1.0`);
    await fetch(`${registry.url}/v2/${name}/manifests/${digest}`);

    const short = digest.slice(0, 19);
    expect(registry.lines.map(({ msg }) => msg)).toEqual([
      `push team/app:1.0 ${short} 3.6 MB, 2 blobs`,
      `pull team/app:1.0 ${short}`,
      `pull team/app@${short}`,
    ]);
    expect(registry.lines[1]).toEqual({
      level: "info",
      time: expect.any(String),
      msg: expect.any(String),
      event: "pull",
      repository: name,
      who: null,
      client: expect.stringMatching(/^Bun\//),
      reference: "1.0",
      digest,
      size: manifest.length,
      requestId: expect.any(String),
      address: "127.0.0.1",
    });
  });

  test("has a line for every request at level debug, without query and credentials", async () => {
    await using registry = await openRegistry({ logLevel: "debug" });

    await registry.raw(`GET /v2/${name}/tags/list?n=1&last=hidden`, [
      ["Authorization", "Basic hush"],
    ]);
    await registry.raw(`GET /${"x".repeat(1500)}`);
    await registry.raw(`GET /v2/${name}/blobs/sha256%3A${"0".repeat(64)}`);

    expect(registry.lines).toEqual([
      expect.objectContaining({
        level: "debug",
        operation: "listTags",
        method: "GET",
        status: 404,
      }),
      expect.objectContaining({ operation: null, status: 404, path: `/${"x".repeat(1023)}…` }),
      expect.objectContaining({
        operation: "getBlob",
        path: `/v2/team/app/blobs/sha256%3A${"0".repeat(64)}`,
      }),
    ]);
    expect(JSON.stringify(registry.lines)).not.toMatch(/hidden|hush/);
  });
});

describe("the metrics", () => {
  test("count requests, bytes, pushes, pulls and open sessions, and never name a repository", async () => {
    await using registry = await openRegistry();
    const { layerDigest } = await pushImage(registry.url, { name, tag: "1.0", size: 5000 });
    await fetch(`${registry.url}/v2/${name}/manifests/1.0`);
    await fetch(`${registry.url}/v2/${name}/blobs/${layerDigest}`, {
      headers: { range: "bytes=0-99" },
    });
    const { headers } = await fetch(`${registry.url}/v2/${name}/blobs/uploads/`, {
      method: "POST",
    });
    await fetch(`${registry.url}${headers.get("location")}`, { method: "PATCH", body: "12345" });

    const answer = await fetch(`${registry.url}/metrics`);
    const lines = (await answer.text()).split("\n");
    expect(answer.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    for (const line of [
      'breadbox_http_requests_total{operation="getBlob",status="206"} 1',
      'breadbox_http_requests_total{operation="putManifest",status="201"} 1',
      'breadbox_http_request_duration_seconds_count{operation="startUpload"} 3',
      "breadbox_blob_sent_bytes_total 100",
      "breadbox_pushes_total 1",
      "breadbox_pulls_total 1",
      "breadbox_http_requests_running 1",
      "breadbox_upload_sessions 1",
      "breadbox_upload_staged_bytes 5",
      "breadbox_read_only 0",
    ]) {
      expect(lines).toContain(line);
    }
    expect(lines.join("\n")).not.toContain(name);
  });
});
