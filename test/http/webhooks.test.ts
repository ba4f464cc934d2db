// Webhooks as an administrator sees them over HTTP.
import { expect, test } from "bun:test";
import { basic, openClosed } from "./support/accessRoom.ts";
import { deployHook, errorOf, openRegistry, type RegistryOptions } from "./support/registry.ts";

const options: RegistryOptions = { hooks: [deployHook] };

test("the list has each webhook with its events, and those that are not configured any more", async () => {
  await using registry = await openRegistry(options);
  const { webhooks } = registry.store.rooms.metadata;
  const at = registry.store.clock.now();
  await webhooks.addEvent({ hook: "deploy", event: "test", at, data: "{}" });
  const id = await webhooks.addEvent({ hook: "gone", event: "test", at, data: "{}" });
  await webhooks.failEvent(id, { reason: "status 500", now: at, next: null });

  const { body } = await registry.raw("GET /v1/webhooks");
  expect(JSON.parse(body.toString())).toEqual({
    webhooks: [
      {
        name: "deploy",
        url: "https://ci.example.com/hooks",
        ...{ format: "cloudevents", events: ["push"], repositories: ["**"], signed: true },
        ...{ waiting: 1, dead: 0, oldest_waiting_at: "2026-01-01T00:00:00.000Z" },
      },
      {
        ...{ name: "gone", url: null, format: null, events: [], repositories: [], signed: false },
        ...{ waiting: 0, dead: 1, oldest_waiting_at: null },
      },
    ],
  });
});

test("dead letters are listed by page, and sent again: one, then all", async () => {
  await using registry = await openRegistry(options);
  const { webhooks } = registry.store.rooms.metadata;
  const at = registry.store.clock.now();
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    const id = await webhooks.addEvent({ hook: "deploy", event: "test", at, data: '{"n":1}' });
    await webhooks.failEvent(id, { reason: "status 500", now: at + 5, next: null });
    ids.push(id);
  }
  const letters = "/v1/webhooks/deploy/dead-letters";
  const first = JSON.parse((await registry.raw(`GET ${letters}?limit=2`)).body.toString());
  expect(first.dead_letters.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
  expect(first.dead_letters[0]).toEqual({
    ...{ id: ids[0], event: "test", resource: "", at: "2026-01-01T00:00:00.000Z", attempts: 1 },
    ...{ reason: "status 500", given_up_at: "2026-01-01T00:00:00.005Z", data: { n: 1 } },
  });
  const second = await registry.raw(`GET ${letters}?limit=2&after=${first.next}`);
  expect(JSON.parse(second.body.toString())).toMatchObject({
    ...{ dead_letters: [{ id: ids[2] }], next: null },
  });

  const retry = async (query = "") => {
    const { status, body } = await registry.raw(`POST /v1/webhooks/deploy/retry${query}`);
    return [status, JSON.parse(body.toString())];
  };
  expect(await retry(`?id=${ids[1]}`)).toEqual([202, { retried: 1 }]);
  expect(await retry()).toEqual([202, { retried: 2 }]);
  expect(await retry()).toEqual([202, { retried: 0 }]);
  expect((await webhooks.listDue("deploy", at + 10, 10)).length).toBe(3);
});

test("a test of a webhook is an event that waits, whatever it listens to", async () => {
  await using registry = await openRegistry(options);
  const answer = await registry.raw("POST /v1/webhooks/deploy/test");
  const { id } = JSON.parse(answer.body.toString());
  expect(answer.status).toBe(202);
  expect(await registry.store.rooms.metadata.webhooks.findWaiting(id)).toMatchObject({
    ...{ hook: "deploy", event: "test" },
  });

  const unknown = await registry.raw("POST /v1/webhooks/none/test");
  expect([unknown.status, errorOf(unknown)["code"]]).toEqual([404, "NOT_FOUND"]);
});

test("dead letters of a webhook that is not configured any more are listed, those of one that never was are 404", async () => {
  await using registry = await openRegistry(options);
  const { webhooks } = registry.store.rooms.metadata;
  const at = registry.store.clock.now();
  const id = await webhooks.addEvent({ hook: "removed", event: "test", at, data: "{}" });
  const ask = async (hook: string) => {
    const { status } = await registry.raw(`GET /v1/webhooks/${hook}/dead-letters`);
    return status;
  };

  expect([await ask("removed"), await ask("never")]).toEqual([200, 404]);
  await webhooks.failEvent(id, { reason: "status 500", now: at + 5, next: null });
  expect([await ask("removed"), await ask("deploy")]).toEqual([200, 200]);
});

test("only administrators, and those with a right on server:webhooks, are answered", async () => {
  const room = await openClosed(options);
  await using _ = room.registry;
  const { status, token } = room;
  const reader = await token("reader", "server:webhooks:pull");
  const other = await token("other", "**:pull,push,overwrite,delete");
  const asked = [
    ["GET", "/v1/webhooks"],
    ["GET", "/v1/webhooks/deploy/dead-letters"],
    ["POST", "/v1/webhooks/deploy/retry"],
    ["POST", "/v1/webhooks/deploy/test"],
  ] as const;
  const by = (who: string | null) =>
    Promise.all(asked.map(([method, path]) => status(method, path, who)));

  expect(await by(null)).toEqual([401, 401, 401, 401]);
  expect(await by(other)).toEqual([403, 403, 403, 403]);
  expect(await by(reader)).toEqual([200, 200, 403, 403]);
  expect(await by(basic("root"))).toEqual([200, 200, 202, 202]);
});
