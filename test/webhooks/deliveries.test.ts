// Events on their way from the outbox to receivers, over a real database and real HTTP.
import { expect, test } from "bun:test";
import type { OutboxEvent } from "../../src/metadata/webhooks.ts";
import { type Attempt, Deliveries, type Hook } from "../../src/webhooks/deliveries.ts";
import { freePort } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openStore } from "../support/store.ts";
import { expectedSignature, startReceiver } from "../support/webhookReceiver.ts";

const secret = "a-secret-of-some-length";
const minute = 60_000;

/** A store with an outbox, and what takes its events away. */
async function openRoom(scope: Scope, change: Partial<Hook> & { readonly url: string }) {
  const store = await openStore();
  scope.defer(() => store.remove());
  const { clock } = store;
  const { webhooks } = store.rooms.metadata;
  const hook: Hook = {
    ...{ name: "ci", secret, headers: {}, timeoutMs: 20_000, format: "cloudevents" },
    ...{ ignoredMediaTypes: [], ...change },
  };
  const attempts: Attempt[] = [];
  const trimmed: unknown[] = [];
  let setBackMs = 0;
  let isLeading = true;
  let breakRemovals = false;
  let isDoubted = false;
  const deliveries = new Deliveries({
    hooks: [hook],
    metadata: {
      ...webhooks,
      removeEvent: async (id) => {
        if (breakRemovals) throw new Error("SQLITE_FULL");
        await webhooks.removeEvent(id);
      },
    },
    sender: { url: "http://box:5000", address: "box:5000", instanceId: "one" },
    isLeading: () => isLeading,
    ...{ clock: clock.now, now: () => clock.now() + setBackMs, random: () => 0.5 },
    ageNow: () => (isDoubted ? null : clock.now()),
    onAttempt: (attempt) => attempts.push(attempt),
    onTrimmed: (found) => trimmed.push(found),
    onTrouble: (error) => trimmed.push(String(error)),
  });
  return {
    ...{ clock, webhooks, deliveries, attempts, trimmed },
    add: (count = 1, data = "{}") =>
      Promise.all(
        Array.from({ length: count }, () =>
          webhooks.addEvent({ hook: hook.name, event: "test", at: clock.now(), data }),
        ),
      ),
    doubt: (doubts: boolean) => {
      isDoubted = doubts;
    },
    /** Monotonic time goes on for a minute. */
    setBack: (ms: number) => {
      setBackMs += ms + minute;
      clock.advance(-ms);
    },
    lead: (leads: boolean) => {
      isLeading = leads;
    },
    breakRemovals: (broken: boolean) => {
      breakRemovals = broken;
    },
    outcomes: () => attempts.map(({ outcome }) => outcome),
  };
}

test("events are signed, sent in the order in which they happened, and gone once they are accepted", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const headers = { Authorization: "Bearer of-the-receiver" };
  const room = await openRoom(scope, { url: receiver.url, headers });
  const ids = await room.add(40);
  await room.deliveries.look();

  expect(receiver.received.map(({ body }) => body.id)).toEqual(ids.toSorted());
  const [first] = receiver.received;
  if (first === undefined) throw new Error("nothing came");
  expect(first.headers.get("webhook-signature")).toBe(expectedSignature(secret, first));
  expect(first.headers.get("webhook-id")).toBe(first.body.id);
  expect(first.headers.get("webhook-timestamp")).toBe(String(room.clock.now() / 1000));
  expect(first.headers.get("content-type")).toBe("application/cloudevents+json; charset=utf-8");
  expect(first.headers.get("authorization")).toBe("Bearer of-the-receiver");
  expect(await room.webhooks.countEvents()).toEqual([]);
});

test("while a receiver is down, one event in a while is tried; when it is back, all come", async () => {
  await using scope = new Scope();
  const port = freePort();
  const room = await openRoom(scope, { url: `http://127.0.0.1:${port}/` });
  const ids = await room.add(3);
  for (let look = 0; look < 3; look += 1) await room.deliveries.look();
  expect(room.attempts.map(({ outcome, failures }) => [outcome, failures])).toEqual([
    ["failed", 0],
  ]);
  expect(room.attempts[0]?.reason).toStartWith("no answer (");

  room.clock.advance(minute);
  await room.deliveries.look();
  expect(room.outcomes()).toEqual(["failed", "failed"]);

  const receiver = startReceiver(scope, port);
  room.clock.advance(minute);
  await room.deliveries.look();
  expect(receiver.received.map(({ body }) => body.id).toSorted()).toEqual(ids.toSorted());
  expect(room.attempts.at(2)).toMatchObject({ outcome: "delivered", failures: 2 });
});

test("an event that is not accepted for a day is a dead letter, and can be sent again with the same id", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  receiver.answer(500);
  const room = await openRoom(scope, { url: receiver.url });
  const [id = ""] = await room.add();
  while (room.outcomes().at(-1) !== "dead" && room.attempts.length < 500) {
    await room.deliveries.look();
    room.clock.advance(10 * minute + 30_000 * 10);
  }
  expect(room.outcomes().at(-1)).toBe("dead");
  expect(room.clock.now() - (room.attempts[0]?.event.at ?? 0)).toBeGreaterThan(86_400_000);
  expect(await room.webhooks.listDead("ci", { after: null, limit: 9 })).toMatchObject([
    { id, reason: "status 500" },
  ]);

  receiver.answer(200);
  expect(await room.webhooks.retryDead("ci", null, room.clock.now())).toBe(1);
  await room.deliveries.look();
  expect(receiver.received.at(-1)?.headers.get("webhook-id")).toBe(id);
  expect(room.outcomes().at(-1)).toBe("delivered");
});

test("events that wait stay when the clock is set forward by a year, and come when it is set back", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  receiver.answer(500);
  const room = await openRoom(scope, { url: receiver.url });
  await room.add(2);
  await room.deliveries.look();

  room.doubt(true);
  room.clock.advance(365 * 24 * 60 * minute);
  await room.deliveries.look();
  expect(await room.webhooks.countEvents()).toMatchObject([{ waiting: 2, dead: 0 }]);
  room.doubt(false);
  room.setBack(365 * 24 * 60 * minute);
  receiver.answer(200);
  room.clock.advance(minute);
  await room.deliveries.look();

  expect(await room.webhooks.countEvents()).toEqual([]);
});

test("redirects are not followed, wherever they lead", async () => {
  await using scope = new Scope();
  const other = startReceiver(scope);
  const receiver = startReceiver(scope);
  receiver.answer(307, { location: other.url });
  const room = await openRoom(scope, { url: receiver.url });
  await room.add();
  await room.deliveries.look();

  expect(other.received).toEqual([]);
  expect(room.attempts[0]?.reason).toBe(
    "status 307: redirects are not followed; configure the final URL",
  );
});

test("nothing that the receiver says or knows is in what an operator reads", async () => {
  await using scope = new Scope();
  const room = await openRoom(scope, { url: "http://127.0.0.1:1/?key=of-the-receiver" });
  await room.add();
  await room.deliveries.look();

  expect(room.outcomes()).toEqual(["failed"]);
  expect(JSON.stringify(room.attempts)).not.toContain("of-the-receiver");
  expect(JSON.stringify(room.attempts)).not.toContain(secret);
});

test("a server that does not tend the store delivers nothing", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const room = await openRoom(scope, { url: receiver.url });
  await room.add();
  room.lead(false);
  await room.deliveries.look();
  expect(receiver.received).toEqual([]);

  room.lead(true);
  await room.deliveries.look();
  expect(receiver.received.length).toBe(1);
});

test("an event that was accepted while the database did not answer is not sent again", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const room = await openRoom(scope, { url: receiver.url });
  await room.add();
  room.breakRemovals(true);
  await room.deliveries.look();
  room.clock.advance(minute);
  await room.deliveries.look();
  expect(room.trimmed).toEqual(["Error: SQLITE_FULL", "Error: SQLITE_FULL"]);

  room.breakRemovals(false);
  room.clock.advance(minute);
  await room.deliveries.look();
  expect(receiver.received.length).toBe(1);
  expect(await room.webhooks.countEvents()).toEqual([]);
});

test("manifests of ignored types are left out", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const room = await openRoom(scope, { url: receiver.url, ignoredMediaTypes: [mediaType] });
  await room.add(1, JSON.stringify({ media_type: mediaType }));
  await room.add(1, JSON.stringify({ media_type: "application/vnd.oci.image.manifest.v1+json" }));
  await room.deliveries.look();

  expect(receiver.received.length).toBe(1);
  expect(await room.webhooks.countEvents()).toEqual([]);
});

test("a server that stops cuts an attempt off, and leaves its event as it was", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const gate = Promise.withResolvers<void>();
  scope.defer(() => gate.resolve());
  receiver.hold(gate.promise);
  const room = await openRoom(scope, { url: receiver.url });
  const [id = ""] = await room.add();
  const looking = room.deliveries.look();
  while (receiver.received.length === 0) await Bun.sleep(5);

  await room.deliveries.close();
  await looking;
  expect(room.attempts).toEqual([]);
  const waiting: OutboxEvent | null = await room.webhooks.findWaiting(id);
  expect(waiting).toMatchObject({ attempts: 0 });
});
