// Webhooks of the executable: what was acknowledged is delivered, whatever happens in between.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { pushImage } from "../http/support/image.ts";
import { breadboxBinary, projectRoot, startBreadbox } from "../support/binary.ts";
import { freePort, run, startProcess, tempFolder, waitFor } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { expectedSignature, type Received, startReceiver } from "../support/webhookReceiver.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const hooks = (...list: readonly object[]) => ({ BREADBOX_WEBHOOKS: JSON.stringify(list) });
const typesOf = (received: readonly Received[]) => received.map(({ body }) => body.type);

test("a push that was acknowledged right before kill -9 is delivered after the restart, once, with its signature", async () => {
  await using scope = new Scope();
  const port = freePort();
  const env = hooks({ name: "ci", url: `http://127.0.0.1:${port}/`, secret, events: ["push"] });
  const first = await startBreadbox(scope, { env });
  const { digest } = await pushImage(first.url, { name: "team/app", tag: "1.0" });
  await first.kill9();

  const receiver = startReceiver(scope, port);
  const second = await startBreadbox(scope, { env, data: first.data });
  await waitFor("the event", async () => receiver.received.length > 0, { explain: second.logs });
  await waitFor("an empty outbox", async () => waiting(second.data) === 0, {
    explain: second.logs,
  });

  expect(receiver.received.length).toBe(1);
  const [event] = receiver.received;
  if (event === undefined) throw new Error("nothing came");
  expect(event.headers.get("webhook-signature")).toBe(expectedSignature(secret, event));
  expect(event.body).toMatchObject({
    ...{ specversion: "1.0", type: "breadbox.push", subject: "team/app" },
    data: { repository: "team/app", tag: "1.0", digest, previous_digest: null },
  });
});

test("an attempt that kill -9 cuts off is made again with the same id", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const gate = Promise.withResolvers<void>();
  scope.defer(() => gate.resolve());
  receiver.hold(gate.promise);
  const env = hooks({ name: "ci", url: receiver.url, events: ["push"] });
  const first = await startBreadbox(scope, { env });
  await pushImage(first.url, { name: "team/app", tag: "1.0" });
  await waitFor("the attempt", async () => receiver.received.length > 0, { explain: first.logs });
  await first.kill9();

  receiver.hold(Promise.resolve());
  const second = await startBreadbox(scope, { env, data: first.data });
  await waitFor("an empty outbox", async () => waiting(second.data) === 0, {
    explain: second.logs,
  });
  expect(new Set(receiver.received.map(({ body }) => body.id)).size).toBe(1);
  expect(receiver.received.length).toBe(2);
});

test("moved tags, deletions and collections reach those who ask for them, in both forms; log and metrics tell of a receiver that fails", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const old = startReceiver(scope);
  const down = freePort();
  const server = await startBreadbox(scope, {
    env: {
      ...hooks(
        { name: "all", url: receiver.url, events: ["tag.move", "delete", "collection", "objects"] },
        { name: "old", url: old.url, format: "distribution" },
        { name: "down", url: `http://127.0.0.1:${down}/?key=of-the-receiver`, secret },
      ),
      BREADBOX_LOG_FORMAT: "json",
    },
  });
  const { url } = server;
  const one = await pushImage(url, { name: "team/app", tag: "latest" });
  const two = await pushImage(url, { name: "team/app", tag: "latest" });
  await fetch(`${url}/v2/team/app/manifests/latest`, { method: "DELETE" });
  await fetch(`${url}/v1/buckets`, { method: "POST", body: '{"name":"backups"}' });
  await fetch(`${url}/v1/gc`, { method: "POST" });
  const isThere = (type: string) => async () => typesOf(receiver.received).includes(type);
  await waitFor("the collection", isThere("breadbox.collection"), { explain: server.logs });
  await waitFor("distribution's events", async () => old.received.length === 3, {
    explain: server.logs,
  });

  expect(typesOf(receiver.received).toSorted()).toEqual([
    "breadbox.bucket.create",
    "breadbox.collection",
    "breadbox.tag.delete",
    "breadbox.tag.move",
  ]);
  const moved = receiver.received.find(({ body }) => body.type === "breadbox.tag.move");
  expect(moved?.body.data).toMatchObject({ digest: two.digest, previous_digest: one.digest });
  expect(old.received.flatMap(({ body }) => body.events.map(actionOf))).toEqual([
    ["push", "latest"],
    ["push", "latest"],
    ["delete", "latest"],
  ]);

  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const hasFailed = async () =>
    (await metrics()).includes('breadbox_webhook_attempts_total{hook="down",outcome="failed"}');
  await waitFor("a failed attempt", hasFailed, { explain: server.logs });
  expect(await metrics()).toContain('breadbox_webhook_events{hook="down",state="waiting"} 4');
  const warnings = () =>
    server
      .logs()
      .split("\n")
      .filter((line) => line.includes('"hook":"down"'));
  await waitFor("the warning", async () => warnings().length > 0, { explain: server.logs });
  expect(warnings().length).toBe(1);
  expect(JSON.parse(warnings()[0] ?? "")).toMatchObject({ level: "warn", event: "webhook" });
  expect(server.logs()).not.toContain("of-the-receiver");
  expect(server.logs()).not.toContain(secret);
});

test("the commands list, test and retry webhooks of the running server, which they know without its variables", async () => {
  await using scope = new Scope();
  const receiver = startReceiver(scope);
  const env = hooks({ name: "ci", url: receiver.url, secret, events: ["push"] });
  const server = await startBreadbox(scope, { env });
  const { data } = server;
  const binary = await breadboxBinary();
  const ask = (...args: string[]) =>
    run([binary, "webhook", ...args, "--data", data], { mayFail: true });

  expect((await ask("test", "ci")).output).toBe("ci accepted the test.\n");
  expect(typesOf(receiver.received)).toEqual(["breadbox.test"]);
  receiver.answer(503);
  const refused = await ask("test", "ci");
  expect([refused.code, refused.output]).toEqual([1, "ci did not accept the test: status 503.\n"]);
  expect((await ask("test", "none")).output).toContain("There is no webhook none");
  expect(await server.stop()).toBe(0);

  const database = new Database(join(data, "breadbox.db"));
  database.run(
    `INSERT INTO webhook_events VALUES ('01a1f7e5-93cb-728c-8028-5a61b9c8f780', 'ci', 'push', 'team/app', 1767236400000, '{"tag":"1.0"}', 150, 'status 500', 1767236400000, NULL, 1767322800000)`,
  );
  database.close();
  const offline = (...args: string[]) =>
    run([binary, "webhook", ...args, "--data", data], { mayFail: true, env });
  expect((await offline("ls")).output).toMatch(
    /^NAME +WAITING +DEAD +OLDEST \(UTC\) +URL\nci +0 +1 +- +http:\/\/127/,
  );
  expect((await offline("ls")).output).not.toContain("of-the-receiver");
  const dead = await offline("dead", "ci");
  expect(dead.output).toContain("push   team/app  status 500");
  expect((await offline("dead", "ci", "--json")).stdout).toContain('"given_up_at"');
  expect((await offline("retry", "ci")).output).toBe("Sent again soon: 1.\n");
  expect((await offline("retry", "ci")).output).toBe("There is nothing to send again.\n");

  receiver.answer(200);
  const again = await startBreadbox(scope, { env, data });
  const ids = () => receiver.received.map(({ body }) => body.id);
  const isThere = async () => ids().includes("01a1f7e5-93cb-728c-8028-5a61b9c8f780");
  await waitFor("the event", isThere, { explain: again.logs });
});

test("the receiver in examples/ believes what is signed with its secret, and nothing else", async () => {
  await using scope = new Scope();
  const port = freePort();
  const receiver = startProcess(
    scope,
    [process.execPath, join(projectRoot, "examples", "webhook-receiver.mjs")],
    {
      log: join(tempFolder(scope, "receiver"), "log"),
      env: { WEBHOOK_SECRET: secret, PORT: String(port) },
    },
  );
  const says = (text: string) => async () => receiver.logs().includes(text);
  await waitFor("the receiver", says("listening"), { explain: receiver.logs });
  const url = `http://127.0.0.1:${port}/`;
  const signed = { name: "signed", url, secret, events: ["push"] };
  const forged = { ...signed, name: "forged", secret: "another-secret-of-some-length" };
  const server = await startBreadbox(scope, { env: hooks(signed, forged) });
  const { digest } = await pushImage(server.url, { name: "team/app", tag: "1.0" });

  const line = `breadbox.push team/app 1.0 ${digest}`;
  await waitFor("the event", says(line), { explain: receiver.logs });
  const isRefused = async () => server.logs().includes("status 401");
  await waitFor("the refusal", isRefused, { explain: server.logs });
  expect(receiver.logs().split(line).length).toBe(2);
});

test("without webhooks nothing is written for them", async () => {
  await using scope = new Scope();
  const server = await startBreadbox(scope);
  await pushImage(server.url, { name: "team/app", tag: "1.0" });

  expect(waiting(server.data)).toBe(0);
});

const actionOf = ({ action, target }: { action: string; target: { tag: string } }) => [
  action,
  target.tag,
];

/** Rows of the outbox. */
function waiting(data: string): number {
  const database = new Database(join(data, "breadbox.db"), { readonly: true });
  try {
    const found = database.query<{ rows: number }, []>(
      "SELECT count(*) AS rows FROM webhook_events",
    );
    return found.get()?.rows ?? -1;
  } finally {
    database.close();
  }
}
