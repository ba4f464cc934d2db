// Two executables over one database: who may come in is the same at both, and what was revoked over one is refused by the other within a
// second, also to a caller that it has let in a moment ago.
import { expect } from "bun:test";
import { cookieOf, form, logIn, ownPage } from "../http/support/browserLogin.ts";
import { pushImage } from "../http/support/image.ts";
import { breadboxBinary, type RunningRegistry } from "../support/binary.ts";
import { clientTest } from "../support/clientTest.ts";
import { postgresIsMissing } from "../support/postgres.ts";
import { run, waitFor } from "../support/processes.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import type { Scope } from "../support/scope.ts";

const needs = { commands: [], reason: postgresIsMissing, timeoutMs: 60_000 };
const password = "correct horse battery";
const basic = (name: string, secret = password) => `Basic ${btoa(`${name}:${secret}`)}`;
const path = "/v2/lab/app/manifests/v1";

/** Runs a command on the directory of a replica. */
const commandOn =
  ({ a, env }: Pick<Replicas, "a" | "env">) =>
  async (args: readonly string[], input = "") => {
    const command = [await breadboxBinary(), ...args, "--data", a.data];
    return (await run(command, { env, input })).stdout;
  };

/** Two replicas with an image, and a user who may pull it. */
async function open(scope: Scope) {
  const replicas = await startReplicas(scope);
  const command = commandOn(replicas);
  await pushImage(replicas.a.url, { name: "lab/app", tag: "v1" });
  await command(["user", "add", "ann", "--password-stdin"], password);
  const rule = await command(["access", "allow", "ann", "lab/**", "pull"]);
  // The first account closes both.
  for (const { url } of [replicas.a, replicas.b]) {
    await waitFor("a closed server", async () => (await fetch(`${url}/v2/`)).status === 401);
  }
  return { ...replicas, command, rule: /\d+/.exec(rule)?.[0] ?? "" };
}

const statusOf = async ({ url }: RunningRegistry, authorization: string): Promise<number> =>
  (await fetch(url + path, { headers: { authorization } })).status;

async function bearerOf({ url }: RunningRegistry, authorization: string): Promise<string> {
  const answer = await fetch(`${url}/v2/token?scope=repository:lab/app:pull`, {
    headers: { authorization },
  });
  expect(answer.status).toBe(200);
  return `Bearer ${Object(await answer.json())["token"]}`;
}

/** Asks again and again, as a client that is in use does, until none of them is let in any more. @returns the last answers. */
async function untilRefused(replica: RunningRegistry, callers: readonly string[]) {
  let statuses: readonly number[] = [];
  await waitFor(
    "a refusal",
    async () => {
      statuses = await Promise.all(callers.map((caller) => statusOf(replica, caller)));
      return !statuses.includes(200);
    },
    { timeoutMs: 5_000, everyMs: 1 },
  );
  return statuses;
}

clientTest("a user who is disabled is refused by the other replica", needs, async (scope) => {
  const { a, b, command } = await open(scope);
  const callers = [basic("ann"), await bearerOf(a, basic("ann")), await bearerOf(b, basic("ann"))];
  // Known by now: neither a password is compared again nor a signature.
  for (const caller of callers) expect(await statusOf(b, caller)).toBe(200);

  await command(["user", "disable", "ann"]);
  const statuses = await untilRefused(b, callers);

  expect(statuses).toEqual([401, 401, 401]);
});

clientTest("a token that is revoked is refused by the other replica", needs, async (scope) => {
  const { b, command } = await open(scope);
  const created = await command(["token", "create", "ci", "--grant", "lab/**:pull", "--json"]);
  const token = basic("any", JSON.parse(created).token);
  const callers = [token, await bearerOf(b, token)];
  for (const caller of callers) expect(await statusOf(b, caller)).toBe(200);

  await command(["token", "revoke", "ci"]);
  const statuses = await untilRefused(b, callers);

  expect(statuses).toEqual([401, 401]);
});

clientTest("a rule that is removed counts no more at the other replica", needs, async (scope) => {
  const { b, command, rule } = await open(scope);
  const callers = [basic("ann"), await bearerOf(b, basic("ann"))];
  for (const caller of callers) expect(await statusOf(b, caller)).toBe(200);

  await command(["access", "rm", rule]);
  const statuses = await untilRefused(b, callers);

  expect(statuses).not.toContain(200);
  expect(statuses.every((status) => status === 401 || status === 403)).toBe(true);
});

clientTest(
  "a new password and a new key are taken by the other replica at once, and the old password no more",
  needs,
  async (scope) => {
    const { a, b, command } = await open(scope);
    expect(await statusOf(b, basic("ann"))).toBe(200);

    await command(["user", "passwd", "ann", "--password-stdin"], `new ${password}`);
    expect(await statusOf(b, basic("ann", `new ${password}`))).toBe(200);
    expect(await statusOf(b, basic("ann"))).toBe(401);

    await command(["access", "rotate-key"]);
    const bearer = await bearerOf(a, basic("ann", `new ${password}`));
    expect(await statusOf(b, bearer)).toBe(200);
  },
);

clientTest(
  "while the database is away nobody is let in on what was known before, and nobody is refused for it",
  needs,
  async (scope) => {
    const { b, database } = await open(scope);
    expect(await statusOf(b, basic("ann"))).toBe(200);
    const ping = (authorization: string) => fetch(`${b.url}/v2/`, { headers: { authorization } });

    await database.kill();
    await Bun.sleep(600);
    // An outage of a few seconds is waited for.
    const [short, wrong] = [ping(basic("ann")), ping(basic("ann", "a guess"))];
    await Bun.sleep(1_000);
    await database.restart();
    expect([(await short).status, (await wrong).status]).toEqual([200, 401]);

    await database.kill();
    await Bun.sleep(600);
    const long = await ping(basic("ann"));
    expect([long.status, Number(long.headers.get("retry-after")) > 0]).toEqual([503, true]);
    await database.restart();
    expect((await ping(basic("ann"))).status).toBe(200);
  },
);

clientTest("the trail has what was done over either replica", needs, async (scope) => {
  const { a, b, command } = await open(scope);
  await command(["access", "allow", "ann", "lab/**", "push,overwrite"]);
  for (const [{ url }, tag] of [
    [a, "over-a"],
    [b, "over-b"],
  ] as const) {
    const from = await fetch(`${url}${path}`, { headers: { authorization: basic("ann") } });
    const headers = {
      authorization: basic("ann"),
      "content-type": from.headers.get("content-type") ?? "",
    };
    const put = { method: "PUT", headers, body: await from.text() };
    expect((await fetch(`${url}/v2/lab/app/manifests/${tag}`, put)).status).toBe(201);
  }

  const { entries } = JSON.parse(await command(["audit", "--who", "ann", "--json"]));
  const pushes = entries.filter(({ event }: { event: string }) => event === "push");
  expect(pushes.map(({ detail }: { detail: string }) => detail)).toEqual(["over-b", "over-a"]);
});

clientTest(
  "a browser's login is one at both replicas, and its end as well",
  needs,
  async (scope) => {
    const { a, b, command } = await open(scope);
    await command(["access", "allow", "ann", "server:audit", "pull"]);
    const asked = await logIn(a.url, "ann");
    const cookie = cookieOf(asked);
    const status = async ({ url }: RunningRegistry) =>
      (await fetch(`${url}/v1/audit`, { headers: { cookie } })).status;
    await waitFor(
      "the rule at both",
      async () => (await status(a)) === 200 && (await status(b)) === 200,
    );

    const init = { ...form({}), headers: { ...ownPage, cookie } };
    expect((await fetch(`${b.url}/logout`, init)).status).toBe(303);

    // A row, asked for by each request: nobody has to hear of it.
    expect([await status(a), await status(b)]).toEqual([401, 401]);
  },
);
