// Names that an operation does not know: refused below /v1 before anything is done, ignored where clients add names of their own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { operations as table } from "../../src/http/operations.ts";
import { fill } from "./support/addresses.ts";
import { type DocumentedOperation, operationsOf } from "./support/openApi.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let documented: DocumentedOperation[];
beforeAll(async () => {
  registry = await openRegistry();
  const { body } = await registry.raw("GET /swagger/json");
  documented = operationsOf(JSON.parse(body.toString()));
});
afterAll(() => registry[Symbol.asyncDispose]());

/** Method, address and id of every operation. */
const operations = table
  // An open server has no administrators, whatever they ask: accessAnswers.test.ts.
  .filter(({ needs }) => needs !== "administrator")
  .map(({ method, path, id }) => ({ method, address: fill(path), id }));
const below = (prefix: string) => operations.filter(({ address }) => address.startsWith(prefix));

const ask = (method: string, path: string, body: string | null = null) =>
  registry.raw(`${method} ${path}`, [], body);

describe("POST /v1/gc with a misspelled dry_run", () => {
  test.each([
    ["dryRun=true", 'Did you mean "dry_run" in the JSON body?'],
    ["dry_run=true", 'Did you mean "dry_run" in the JSON body?'],
    ["dry-run", 'Did you mean "dry_run" in the JSON body?'],
    ["minAge=0", 'Did you mean "min_age" in the JSON body?'],
    ["force=1", "this address has none"],
    ["=", 'unknown query parameter ""'],
  ])("POST /v1/gc?%s starts nothing and explains why", async (query, hint) => {
    const answer = await ask("POST", `/v1/gc?${query}`);

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["message"]).toContain(hint);
    expect(registry.orders).toEqual([]);
  });

  test.each([
    '{"dry_run":true,"dry_run":false}',
    '{"dry_run":true,"dry\\u005frun":false}',
    '{"min_age":5,"dry_run":true,"min_age":0}',
  ])("is refused when a member is in its body twice: %s", async (body) => {
    const answer = await ask("POST", "/v1/gc", body);

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["message"]).toStartWith("the body repeats the name");
    expect(registry.orders).toEqual([]);
  });

  test("is refused when the body uses the spelling of settings, with the right name in the error", async () => {
    const answer = await ask("POST", "/v1/gc", '{"dryRun":true}');

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["message"]).toBe(
      'there is no "dryRun": only dry_run, min_age, untagged and older_than. Did you mean "dry_run"?',
    );
    expect(registry.orders).toEqual([]);
  });
});

describe("an unknown query parameter", () => {
  test.each(below("/v1/").map(({ method, address }) => [method, address] as const))(
    "%s %s is refused with 400",
    async (method, address) => {
      const answer = await ask(method, `${address}?verbose=1`, method === "HEAD" ? null : "{}");

      expect(answer.status).toBe(400);
      if (method === "HEAD") return;
      expect(errorOf(answer)).toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringContaining('"verbose"'),
      });
    },
  );

  test.each([
    ["/v1/buckets?Limit=1", 'Did you mean "limit"?'],
    ["/v1/buckets?max_keys=1", "only limit and after"],
    ["/v1/buckets/none/objects?prefx=a", 'Did you mean "prefix"?'],
    ["/v1/gc/runs?n=1", "only limit and after"],
    ["/v1/buckets?after=a&after=b", "after is in the query more than once"],
    ["/v1/buckets?after=%ff", "not UTF-8"],
  ])("GET %s is refused with the known parameters", async (path, message) => {
    const answer = await ask("GET", path);

    expect(answer.status).toBe(400);
    expect(errorOf(answer)["message"]).toContain(message);
  });

  test.each([
    ["GET", "/v2/?ns=docker.io", 200],
    ["GET", "/v2/_catalog?ns=docker.io&verbose=1", 200],
    ["GET", "/v2/team/app/manifests/latest?ns=docker.io", 404],
    ["POST", "/v2/team/app/blobs/uploads/?account=me", 202],
    ["GET", "/healthz?probe=1", 200],
    ["GET", "/readyz?probe=1&probe=2", 200],
    ["GET", "/metrics?name[]=up", 200],
    ["GET", "/swagger?theme=dark", 200],
  ])("%s %s is ignored, as clients and load balancers need", async (method, path, status) => {
    expect((await ask(method, path, method === "POST" ? "" : null)).status).toBe(status);
  });
});

describe("a documented name", () => {
  test("of a query or a body is accepted by its operation", async () => {
    const names = documented
      .filter(({ path }) => path.startsWith("/v1/"))
      .flatMap(({ method, path, parameters, requestBody }) => {
        const address = fill(path.replaceAll(/\{(\w+)\}/g, ":$1"));
        const schema = requestBody?.content["application/json"]?.schema;
        const members = schema instanceof Object && "properties" in schema ? schema.properties : {};
        return [
          ...parameters
            .filter((it) => it.in === "query")
            .map(({ name }) => ({ method, target: `${address}?${name}=1`, body: null, name })),
          ...Object.keys(members ?? {}).map((name) => {
            return { method, target: address, body: JSON.stringify({ [name]: 1 }), name };
          }),
        ];
      });
    expect(names.length).toBeGreaterThan(20);

    for (const { method, target, body, name } of names) {
      const answer = await ask(method, target, method === "HEAD" ? null : body);
      const text = answer.body.toString();
      expect([target, text.includes(`there is no "${name}"`)]).toEqual([target, false]);
      expect([target, text.includes(`unknown query parameter "${name}"`)]).toEqual([target, false]);
    }
  });
});
