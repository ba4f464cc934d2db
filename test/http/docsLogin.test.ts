// The documentation of a server that asks who somebody is, and what generators of clients and of requests read from parameters.
import { expect, test } from "bun:test";
import { operations } from "../../src/http/operations.ts";
import { openClosed } from "./support/accessRoom.ts";
import { type OpenApiDocument, operationsOf } from "./support/openApi.ts";
import { openRegistry } from "./support/registry.ts";

/** Where credentials stand, as far as these tests look at it. */
interface Secured {
  readonly security?: readonly object[];
}

const documentOf = async (answer: Response): Promise<OpenApiDocument> =>
  JSON.parse(await answer.text());

test("a generated client learns of every operation that needs a login, and of the refusals", async () => {
  await using room = await openClosed();
  const administrator = `Basic ${Buffer.from("root:correct horse battery").toString("base64")}`;
  const document = await documentOf(await room.ask("GET", "/swagger/json", administrator));

  const open = new Set(operations.filter(({ needs }) => needs === "nothing").map(({ id }) => id));
  for (const operation of operationsOf(document)) {
    const { operationId, responses, security }: typeof operation & Secured = operation;
    const needed = open.has(operationId) ? undefined : [{ login: [] }, { bearer: [] }];
    expect([operationId, security]).toEqual([operationId, needed]);
    if (needed === undefined) continue;
    for (const status of ["401", "403", "429"]) {
      expect([operationId, status, status in responses]).toEqual([operationId, status, true]);
    }
  }
  expect(Object.keys(Object(document.components)["securitySchemes"])).toEqual(["login", "bearer"]);
});

test("a server without logins documents none", async () => {
  await using registry = await openRegistry();
  const document = await documentOf(await fetch(`${registry.url}/swagger/json`));

  const secured = operationsOf(document).filter((operation) => "security" in operation);
  expect(secured).toEqual([]);
  expect(document.components).not.toHaveProperty("securitySchemes");
});

test("a generated client knows what every part of an address may be", async () => {
  await using registry = await openRegistry();
  const document = await documentOf(await fetch(`${registry.url}/swagger/json`));

  const free = operationsOf(document).flatMap(({ operationId, parameters = [] }) =>
    parameters
      .filter((parameter) => parameter.in === "path")
      .filter(({ schema = {} }) => !/pattern|format|integer|maxLength/.test(JSON.stringify(schema)))
      .map(({ name }) => `${operationId} ${name}`),
  );
  expect(free).toEqual([]);
});
