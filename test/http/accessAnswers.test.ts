// The documentation of users, tokens, rules and trusted issuers against a server that has administrators: each answer that it describes
// is provoked here, and no other status is described.
import { expect, test } from "bun:test";
import { RegistryError, type Situation } from "../../src/errors.ts";
import { operations as table } from "../../src/http/operations.ts";
import { basic, type Closed, openClosed, password } from "./support/accessRoom.ts";
import { fill } from "./support/addresses.ts";
import { badHost, otherSite } from "./support/documentedAnswers.ts";
import { type OpenApiDocument, operationsOf } from "./support/openApi.ts";
import { errorOf, type RegistryOptions } from "./support/registry.ts";

const grants = [{ pattern: "lab/**", actions: ["pull"] }];
/** Bodies that succeed, by operation. */
const bodies: Readonly<Record<string, object>> = {
  // Another password would make each login after it a slow one.
  changeOwnPassword: { current_password: password, password: "short" },
  createUser: { name: "ann", password },
  changeUser: { disabled: false },
  createToken: { name: "ci", grants },
  createRule: { who: "ann", effect: "allow", ...grants[0] },
  createTrust: { kind: "github", place: "acme/app", grants },
};
const own = { ":rule": "1" };
const managing = table.filter(({ tag }) => tag === "access");
/** Of logins from one address; then it has to wait. */
const mostFailures = 20;
const query = (id: string) => (/Access$/.test(id) ? "?who=ann&action=pull&resource=lab/app" : "");

/** Asks each operation, those that add first. */
async function askAll(
  { registry }: Closed,
  headers: Readonly<Record<string, string>>,
  bodyOf = (id: string): string | null => (id in bodies ? JSON.stringify(bodies[id]) : null),
): Promise<readonly string[]> {
  const answered: string[] = [];
  for (const { id, method, path } of managing) {
    const line = `${method} ${fill(path, own)}${query(id)}`;
    const answer = await registry.raw(line, Object.entries(headers), bodyOf(id));
    answered.push(`${id} ${answer.status}`);
    if (answer.status >= 400 && method !== "HEAD") expect(errorOf(answer)["message"]).toBeString();
  }
  return answered;
}

const root = { Authorization: basic("root") };
const trip = (situation: Situation): RegistryOptions => ({
  change: (rooms) => ({
    ...rooms,
    latch: {
      assertWritable: () => {
        throw new RegistryError(situation);
      },
    },
  }),
});

test("every answer that the documentation describes is given, and no other", async () => {
  await using room = await openClosed();
  await room.accounts.addUser("bob", { password, isAdmin: false });
  await room.accounts.addRule({
    ...{ who: "bob", effect: "allow", pattern: "lab/**", actions: "pull" },
  });
  const { body } = await room.registry.raw("GET /swagger/json", Object.entries(root));
  const document: OpenApiDocument = JSON.parse(body.toString());
  const described = operationsOf(document)
    .filter(({ tags }) => tags.includes("access"))
    .flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
  const seen = new Set<string>();
  const see = async (...asked: Parameters<typeof askAll>) => {
    for (const answer of await askAll(...asked)) seen.add(answer);
  };

  // Removals find what was added just before; the second time nothing.
  await see(room, root);
  await see(room, root, (id) => (id === "changeUser" ? JSON.stringify(bodies[id]) : null));
  await see(room, root, (id) => (id === "changeUser" ? "{}" : "{"));
  await see(room, root);
  await room.accounts.addUser("ann", { password, isAdmin: false });
  await room.accounts.createToken("second", { grants: [], lastsMs: null });
  await see(room, root);
  const { registry } = room;
  await registry.raw("POST /v1/trust", Object.entries(root), JSON.stringify(bodies["createTrust"]));
  await see(room, root);
  await see(room, {});
  await see(room, { Authorization: basic("bob") });
  await see(room, { ...root, ...badHost });
  await see(room, { ...root, ...otherSite });
  await see(room, { ...root, "Content-Encoding": "gzip" });
  await see(room, root, (id) => (id in bodies ? " ".repeat(256 * 1024 + 1) : null));
  await using guessed = await openClosed();
  const wrong = { Authorization: basic("root", "wrong") };
  for (let login = 0; login < mostFailures; login += 1)
    await guessed.registry.raw("GET /v1/users", Object.entries(wrong));
  await see(guessed, wrong);
  const bob = [["Authorization", basic("bob")]] as const;
  const change = JSON.stringify({ current_password: password, password: "another password" });
  const changed = await registry.raw("PUT /v1/account/password", bob, change);
  seen.add(`changeOwnPassword ${changed.status}`);
  await using stopped = await openClosed(trip("READ_ONLY"));
  await see(stopped, root);
  await using full = await openClosed(trip("DISK_FULL"));
  await see(full, root);
  let now = 0;
  const pace = { now: () => (now += 61_000), minBytesPerSecond: 1024 };
  await using slow = await openClosed({ pace });
  for (const { id, method, path } of managing.filter((each) => each.id in bodies)) {
    const headers = [...Object.entries(root), ["Transfer-Encoding", "chunked"] as const];
    const line = `${method} ${fill(path, own)}`;
    const answer = await slow.registry.raw(line, headers, "1\r\nx\r\n0\r\n\r\n");
    seen.add(`${id} ${answer.status}`);
  }
  await using broken = await openClosed({
    change: (rooms) => ({
      ...rooms,
      management: {
        ...rooms.management,
        clock: () => {
          throw new Error("canary");
        },
        accounts: failing(rooms.management.accounts),
        trust: failing(rooms.management.trust),
      },
    }),
  });
  await see(broken, root, (id) =>
    id === "changeOwnPassword" ? change : id in bodies ? JSON.stringify(bodies[id]) : null,
  );

  expect([...seen].sort()).toEqual(described.sort());
  // Passwords are hashed slowly on purpose.
}, 30_000);

/** Every method of it fails. */
function failing<T extends object>(of: T): T {
  return new Proxy(of, {
    get: () => () => Promise.reject(new Error("canary")),
  });
}

test("an unknown parameter is refused before anything is done", async () => {
  await using room = await openClosed();
  for (const { method, path } of managing) {
    const answer = await room.ask(method, `${fill(path)}?canary=1`, root.Authorization);
    expect(answer.status).toBe(400);
  }
});
