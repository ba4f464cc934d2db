// Which refusals the log is told of, and how often.
import { describe, expect, test } from "bun:test";
import { RefusalCount } from "../../src/http/refusals.ts";
import { digestOf } from "../../src/model/digest.ts";
import { bytes, ociImage } from "../registry/builders.ts";
import { openClosed } from "./support/accessRoom.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

test("of equal refusals one a second is logged, with the number skipped in between", () => {
  const refusals = new RefusalCount();

  expect([0, 10, 999].map((now) => refusals.count("DISK_FULL", now))).toEqual([0, null, null]);
  expect(refusals.count("BUSY", 999)).toBe(0);
  expect(refusals.count("DISK_FULL", 1000)).toBe(2);
  expect(refusals.count("DISK_FULL", 2000)).toBe(0);
});

test("refusals up to the limit are all logged", () => {
  const refusals = new RefusalCount(2);

  expect([0, 10, 20, 30].map((now) => refusals.count("DENIED", now))).toEqual([0, 0, null, null]);
  expect([1000, 1001].map((now) => refusals.count("DENIED", now))).toEqual([2, 0]);
});

describe("a refused request", () => {
  const lineOf = (registry: TestRegistry) => registry.lines.at(-1);
  const layer = bytes("layer");

  test("of a push to a read-only registry is logged at info", async () => {
    await using registry = await openRegistry({ switches: { readOnly: true }, logLevel: "info" });

    await registry.raw("POST /v2/team/app/blobs/uploads/", [["X-Request-Id", "mine"]], "");

    expect(lineOf(registry)).toMatchObject({
      ...{ level: "info", event: "refused", requestId: "mine", operation: "startUpload" },
      ...{ repository: "team/app", status: 405, code: "UNSUPPORTED", address: "127.0.0.1" },
      msg: "startUpload refused: this registry is read-only (registry.readOnly)",
    });
  });

  test("of a user who may not push is logged with who it is, from where, and with which program", async () => {
    const room = await openClosed();
    await using registry = room.registry;
    const who = await room.token("ci", "team/**:pull");
    await room.ask("POST", "/v2/team/app/blobs/uploads/", who, {
      headers: { "user-agent": "podman/4.3.1" },
    });

    expect(lineOf(registry)).toMatchObject({
      ...{ level: "info", event: "refused", status: 403, code: "DENIED", situation: "DENIED" },
      ...{ who: "token:ci", address: "127.0.0.1", client: "podman/4.3.1" },
      msg: expect.stringContaining("refused: "),
    });
  });

  test("is logged for every cause: digest, manifest, name, site, query", async () => {
    await using registry = await openRegistry({ logLevel: "info" });
    const uploads = "/v2/team/app/blobs/uploads/";
    const wrong = `sha256:${"0".repeat(64)}`;
    const refused: [string, [string, string][], string][] = [
      [`POST ${uploads}?digest=${wrong}`, [], "layer"],
      ["PUT /v2/team/app/manifests/v1", [["Content-Type", ociImage]], "{}"],
      ["PUT /v2/UPPER/manifests/v1", [], "{}"],
      [`POST ${uploads}`, [["Sec-Fetch-Site", "cross-site"]], ""],
      ["DELETE /v2/team/app/manifests/none", [], ""],
      ["PUT /v1/buckets/none/objects/it", [], "it"],
      ["POST /v1/gc?dryRun=true", [], ""],
      ["GET /v1/buckets?wrong=1", [], ""],
    ];
    for (const [line, headers, body] of refused) await registry.raw(line, headers, body);

    expect(registry.lines.map(({ status, code }) => [status, code])).toEqual([
      [400, "DIGEST_INVALID"],
      [400, "MANIFEST_INVALID"],
      [400, "NAME_INVALID"],
      [403, "DENIED"],
      [404, "MANIFEST_UNKNOWN"],
      [404, "BUCKET_UNKNOWN"],
      [400, "BAD_REQUEST"],
      [400, "BAD_REQUEST"],
    ]);
    expect(new Set(registry.lines.map(({ level }) => level))).toEqual(new Set(["info"]));
  });

  test("that every push and every browser causes is not logged", async () => {
    await using registry = await openRegistry({ logLevel: "info" });
    const digest = digestOf(layer);
    const asked = [
      `HEAD /v2/team/app/blobs/${digest}`,
      `GET /v2/team/app/blobs/${digest}`,
      "HEAD /v2/team/app/manifests/v1",
      "GET /v2/team/app/manifests/v1",
      "GET /v2/team/app/tags/list",
      "GET /favicon.ico",
    ];
    for (const line of asked) expect((await registry.raw(line)).status).toBe(404);

    expect(registry.lines).toEqual([]);
  });

  test("is logged ten times a second, not ten thousand times", async () => {
    await using registry = await openRegistry({ switches: { readOnly: true }, logLevel: "info" });

    const push = () => registry.raw("POST /v2/team/app/blobs/uploads/", [], "");
    await Promise.all(Array.from({ length: 200 }, push));

    expect(registry.lines.length).toBeGreaterThanOrEqual(10);
    expect(registry.lines.length).toBeLessThan(200);
  });
});
