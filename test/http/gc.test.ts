// The garbage collection over HTTP: what may be asked, and how runs are printed. Nobody does the runs here.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { noCounts } from "../../src/metadata/gcRuns.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await openRegistry();
});
afterEach(() => registry[Symbol.asyncDispose]());

const post = (body: string | null, headers: Record<string, string> = {}) =>
  registry.raw("POST /v1/gc", Object.entries(headers), body);
const get = (path: string) => registry.raw(`GET ${path}`);
const read = ({ body }: { readonly body: Buffer }) => JSON.parse(body.toString());

/** A run that has ended, as the worker leaves it. */
async function endRun(id: string): Promise<void> {
  const { metadata } = registry.store.rooms;
  const counts = { ...noCounts, totalBlobs: 9, orphanedBlobs: 2, orphanedBytes: 50 };
  await metadata.gcRuns.endRun(id, {
    state: "refused",
    counts: { ...counts, deletedManifests: 1, deletedLinks: 3 },
    reason: "too much",
    finishedAt: registry.store.clock.now() + 1500,
  });
  await registry.gcRuns.ended();
}

describe("POST /v1/gc", () => {
  test("is answered at once with the run and its location", async () => {
    const answer = await post('{"dry_run":true}');

    const run = read(answer);
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`/v1/gc/runs/${run.id}`);
    expect(run).toEqual({
      id: registry.orders[0]?.id,
      state: "running",
      trigger: "api",
      dry_run: true,
      started_at: "2026-01-01T00:00:00.000Z",
      finished_at: null,
      total_blobs: 0,
      referenced_blobs: 0,
      orphaned_blobs: 0,
      orphaned_bytes: 0,
      deleted_blobs: 0,
      deleted_bytes: 0,
      deleted_manifests: 0,
      deleted_links: 0,
      reason: null,
    });
    expect(read(await get(`/v1/gc/runs/${run.id}`))).toEqual(run);
  });

  test.each([
    ["nothing", null, false, 3_600_000],
    ["spaces", " \n", false, 3_600_000],
    ["an empty object", "{}", false, 3_600_000],
    ["both members", '{"dry_run":true,"min_age":90.5}', true, 90_500],
    ["an age of 0", '{"min_age":0}', false, 0],
    ["no age", '{"min_age":null}', false, 3_600_000],
    ["an older_than of null", '{"untagged":false,"older_than":null}', false, 3_600_000],
  ])("accepts %s", async (_, body, dryRun, minAgeMs) => {
    const answer = await post(body, { "Content-Type": "application/x-www-form-urlencoded" });

    expect(answer.status).toBe(202);
    expect(registry.orders[0]).toMatchObject({ dryRun, minAgeMs });
  });

  test.each([
    ["not", "{}", null],
    ["at the age that is set", '{"untagged":true}', 7 * 24 * 3_600_000],
    ["at an age", '{"untagged":true,"older_than":90.5}', 90_500],
  ])("deletes manifests without a tag %s", async (_, body, untaggedOlderThanMs) => {
    expect((await post(body)).status).toBe(202);
    expect(registry.orders[0]).toMatchObject({ untaggedOlderThanMs });
  });

  test.each([
    ["an age without what it is of", '{"older_than":5}', "older_than is about manifests"],
    ["no JSON", "dryRun=true", "the body is not JSON"],
    ["a list", "[]", "the body must be a JSON object"],
    ["a text", '"dryRun"', "the body must be a JSON object"],
    ["null", "null", "the body must be a JSON object"],
    ["an unknown member", '{"dryRun":true}', 'there is no "dryRun"'],
    ["__proto__", '{"__proto__":{"dry_run":true}}', 'there is no "__proto__"'],
    ["a text for a switch", '{"dry_run":"true"}', "dry_run must be true or false"],
    ["null for a switch", '{"dry_run":null}', "dry_run must be true or false"],
    ["a text for an age", '{"min_age":"1h"}', "min_age must be a number of seconds"],
    ["a negative age", '{"min_age":-1}', "min_age must be a number of seconds"],
    ["an age beyond all numbers", '{"min_age":1e999}', "min_age must be a number of seconds"],
  ])("refuses %s and starts no run", async (_, body, message) => {
    const answer = await post(body);

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["code"]).toBe("BAD_REQUEST");
    expect(errorOf(answer)["message"]).toStartWith(message);
    expect(registry.orders).toEqual([]);
    expect(read(await get("/v1/gc/runs"))).toEqual({ runs: [], next: null });
  });

  test("is refused with 409 and the request's id while a run is active", async () => {
    await post(null);

    const answer = await post(null, { "X-Request-Id": "from-client" });

    expect(answer.status).toBe(409);
    expect(read(answer)).toEqual({
      errors: [{ code: "CONFLICT", message: expect.stringContaining("is running") }],
      request_id: "from-client",
    });
  });

  test("works in a read-only registry", async () => {
    await using reading = await openRegistry({ switches: { readOnly: true, delete: false } });

    expect((await reading.raw("POST /v1/gc")).status).toBe(202);
  });
});

describe("GET /v1/gc/runs", () => {
  test("shows the result of an ended run", async () => {
    const { id } = read(await post(null));
    await endRun(id);

    const [run] = read(await get("/v1/gc/runs")).runs;

    expect(run).toMatchObject({
      ...{ id, state: "refused", reason: "too much", finished_at: "2026-01-01T00:00:01.500Z" },
      ...{ total_blobs: 9, orphaned_blobs: 2, orphaned_bytes: 50 },
      ...{ deleted_manifests: 1, deleted_links: 3 },
    });
    expect(read(await get(`/v1/gc/runs/${id}`))).toEqual(run);
  });

  test("is paged, the latest run first: each page's Link leads to the next", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { id } = read(await post(null));
      await endRun(id);
      ids.unshift(id);
    }
    const found: string[][] = [];
    let path: string | undefined = "/v1/gc/runs?limit=2";
    while (path !== undefined && found.length < 9) {
      const answer = await get(path);
      found.push(read(answer).runs.map((run: { readonly id: string }) => run.id));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    }

    expect(found).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  });

  test.each(["0", "-1", "x", "1.5", "1e2", "", "+9999999999", "1&limit=2"])(
    "?limit=%s is no page",
    async (limit) => {
      const answer = await get(`/v1/gc/runs?limit=${limit}`);

      expect(answer.status).toBe(400);
      expect(errorOf(answer)["code"]).toBe("PAGINATION_NUMBER_INVALID");
    },
  );

  test("limits the page size", async () => {
    expect((await get("/v1/gc/runs?limit=99999999999")).status).toBe(200);
  });

  test("answers HEAD like GET, without the body", async () => {
    const { id } = read(await post(null));
    for (const path of ["/v1/gc/runs", `/v1/gc/runs/${id}`, "/v1/gc/runs/none"]) {
      const [got, asked] = [await get(path), await registry.raw(`HEAD ${path}`)];

      expect(asked.status).toBe(got.status);
      expect(asked.body.length).toBe(0);
      expect(asked.headers.get("content-length")).toBe(got.headers.get("content-length"));
      expect(asked.headers.get("content-type")).toBe(got.headers.get("content-type"));
      expect(asked.headers.get("cache-control")).toBe(got.headers.get("cache-control"));
    }
  });
});
