// Checks of the store over HTTP: what may be asked, and how checks are printed. Nobody does the checks here.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { CheckEnding, NotedFinding } from "../../src/metadata/checks.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await openRegistry();
});
afterEach(() => registry[Symbol.asyncDispose]());

const post = (body: string | null = null) => registry.raw("POST /v1/checks", [], body);
const get = (path: string) => registry.raw(`GET ${path}`);
const read = ({ body }: { readonly body: Buffer }) => JSON.parse(body.toString());

const finding: NotedFinding = {
  ...{ kind: "content_missing", severity: "problem", outcome: null, text: "it is gone" },
  ...{ advice: "push it", command: "breadbox fsck --repair", digest: null, repository: "team/app" },
};

/** Ends a check, as the worker does. */
async function endCheck(id: string, changes: Partial<CheckEnding> = {}): Promise<void> {
  await registry.store.rooms.metadata.checks.endCheck(id, {
    ...{ state: "problems", contents: 9, bytes: 90, reason: null },
    finishedAt: registry.store.clock.now() + 1_500,
    kinds: [
      { kind: "content_missing", severity: "problem", outcome: null, count: 2 },
      { kind: "unchecked", severity: "unchecked", outcome: null, count: 3 },
    ],
    findings: [finding],
    ...changes,
  });
}

describe("POST /v1/checks", () => {
  test("is answered at once with the check and its location", async () => {
    const answer = await post('{"full":true}');

    const check = read(answer);
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe(`/v1/checks/${check.id}`);
    expect(registry.checkOrders).toEqual([{ id: check.id, full: true }]);
    expect(check).toEqual({
      ...{ id: check.id, kind: "fsck", trigger: "api", full: true, repair: false },
      ...{ state: "running", started_at: "2026-01-01T00:00:00.000Z", finished_at: null },
      progress: { phase: "database", done: 0, total: 0 },
      ...{ contents: 0, bytes_read: 0, problems: 0, unchecked: 0, notices: 0, reason: null },
      ...{ kinds: [], findings: [] },
    });
    expect(read(await get(`/v1/checks/${check.id}`))).toEqual(check);
  });

  test.each([
    ["nothing", null, false],
    ["an empty object", "{}", false],
    ["a quick check", '{"full":false}', false],
  ])("accepts %s", async (_, body, full) => {
    expect((await post(body)).status).toBe(202);
    expect(registry.checkOrders[0]?.full).toBe(full);
  });

  test.each([
    ["an unknown member", '{"repair":true}', 'there is no "repair"'],
    ["a text for a switch", '{"full":"yes"}', "full must be true or false"],
  ])("refuses %s", async (_, body, message) => {
    const answer = await post(body);

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["message"]).toContain(message);
    expect(registry.checkOrders).toEqual([]);
  });

  test("is refused while a check runs, whoever began it, and not for one whose process has ended", async () => {
    const { checks } = registry.store.rooms.metadata;
    const { id } = read(await post());

    const refused = await post();
    expect(refused.status).toBe(409);
    expect(errorOf(refused)["message"]).toContain("a check is running; GET /v1/checks shows it");

    await registry.checks.ended("the worker was lost");
    expect(read(await get(`/v1/checks/${id}`))).toMatchObject({
      ...{ state: "failed", reason: "the worker was lost", progress: null },
    });
    const command = { kind: "fsck", trigger: "command", full: false, repair: true } as const;
    const begun = { id: Bun.randomUUIDv7(), startedAt: registry.store.clock.now(), ...command };
    await checks.beginCheck(begun, { owner: "a command", alone: false });
    expect((await post()).status).toBe(409);
    await checks.breakOffCheck(begun.id, "it was killed");
    // A server that was killed had the same name as the one that runs now.
    const before = { ...begun, id: Bun.randomUUIDv7() };
    await checks.beginCheck(before, { owner: "here", alone: false });
    expect((await post()).status).toBe(202);
    expect((await checks.findCheck(before.id))?.state).toBe("failed");
  });
});

describe("GET /v1/checks", () => {
  test("lists checks by pages, the latest first, without their findings", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id } = read(await post());
      ids.unshift(id);
      await endCheck(id);
    }

    const first = await get("/v1/checks?limit=2");
    const { checks, next } = read(first);
    expect(checks.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(checks[0]).toMatchObject({
      ...{ state: "problems", contents: 9, bytes_read: 90, problems: 2, unchecked: 3 },
      ...{ finished_at: "2026-01-01T00:00:01.500Z", progress: null },
    });
    expect(checks[0].findings).toBeUndefined();
    expect(next).toBe(ids[1]);
    expect(first.headers.get("link")).toBe(`</v1/checks?limit=2&after=${next}>; rel="next"`);
    const rest = read(await get(`/v1/checks?after=${next}`));
    expect(rest).toMatchObject({ checks: [{ id: ids[2] }], next: null });
  });

  test("tells of one check what it found and what to do", async () => {
    const { id } = read(await post());
    await endCheck(id);

    expect(read(await get(`/v1/checks/${id}`)).findings).toEqual([finding]);
    const unknown = await get("/v1/checks/none");
    expect([unknown.status, errorOf(unknown)["message"]]).toEqual([
      404,
      "no such check; GET /v1/checks lists the latest ones",
    ]);
  });

  test.each(["limit=0", "limit=x", "after=x", "since=1"])("refuses ?%s", async (query) => {
    expect((await get(`/v1/checks?${query}`)).status).toBe(400);
  });
});

test("GET /v1/status warns of problems until a later check finds none", async () => {
  const warnings = async () =>
    read(await get("/v1/status")).warnings.map(({ code }: { code: string }) => code);
  const found = read(await post());
  await endCheck(found.id);
  expect(await warnings()).toContain("check");

  registry.store.clock.advance(60_000);
  const healed = read(await post());
  await endCheck(healed.id, { state: "clean", kinds: [], findings: [] });

  expect(await warnings()).not.toContain("check");
});
