import { describe, expect, test } from "bun:test";
import { NotFoundError, ParseError } from "elysia";
import { RegistryError } from "../../src/errors.ts";
import { AnswerError, errorResponse } from "../../src/http/errors.ts";
import { RequestContext } from "../../src/http/requestContext.ts";

const connection = { timeout: () => {}, requestIP: () => null };
const makeContext = () =>
  new RequestContext(new Request("http://breadbox/v2/"), connection, "id-1", 0);

describe("errorResponse", () => {
  test("has the code, its detail and Retry-After", async () => {
    const context = makeContext();
    context.foreign = false;
    const error = new RegistryError("UPLOAD_BUSY", { detail: { offset: 5 }, retryAfter: 7 });

    const answer = errorResponse(error, context);

    expect(answer.status).toBe(429);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(await answer.json()).toEqual({
      errors: [{ code: "TOOMANYREQUESTS", message: error.message, detail: { offset: 5 } }],
    });
    expect(context.failure).toBeNull();
  });

  test("has the headers that the failure carries", () => {
    const error = new AnswerError(new RegistryError("METHOD_UNSUPPORTED"), { allow: "GET, HEAD" });
    const answer = errorResponse(error, makeContext());
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    ["an error of ours", new TypeError("x is not a function at /secret")],
    ["a text", "secret"],
    ["nothing", undefined],
    ["an error of the system", Object.assign(new Error("EIO: secret"), { code: "EIO" })],
  ])("shows nothing of %s but the request's id", async (_, thrown) => {
    const context = makeContext();
    const answer = errorResponse(thrown, context);

    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).not.toContain("secret");
    expect(JSON.parse(text).errors[0]).toMatchObject({
      code: "UNKNOWN",
      detail: { request_id: "id-1" },
    });
    expect(context.failure).toBe(thrown);
  });

  test.each([
    [new NotFoundError(), 404, "NOT_FOUND"],
    [new ParseError(), 400, "BAD_REQUEST"],
  ])("has the status of the framework's own errors", async (thrown, status, code) => {
    const context = makeContext();
    const answer = errorResponse(thrown, context);

    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ errors: [{ code }], request_id: "id-1" });
    expect(context.failure).toBeNull();
  });

  test("is logged when only the operator can fix the cause", () => {
    const context = makeContext();
    const error = new RegistryError("READ_ONLY", { cause: new Error("EIO") });
    errorResponse(error, context);
    expect(context.failure).toBe(error);
  });
});
