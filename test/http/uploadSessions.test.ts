// Upload sessions over HTTP: status, resuming, refusals that change nothing, cancelling, repeating. Raw where a client would tidy up.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import type { RawAnswer } from "../support/rawHttp.ts";
import { noise } from "../support/store.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/nested/app";
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

type Header = [string, string];
const ask = (line: string, headers: Header[] = [], body: Uint8Array | string | null = null) =>
  registry.raw(line, headers, body);
const ranged = (value: string): Header => ["Content-Range", value];
const streamed: Header = ["Transfer-Encoding", "chunked"];
/** The body as chunked framing. */
const framed = (bytes: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n0\r\n\r\n"),
  ]);

/** A session with `bytes` in it. @returns its path and id. */
async function open(bytes: Uint8Array = new Uint8Array()): Promise<{ path: string; id: string }> {
  const started = await ask(`POST /v2/${name}/blobs/uploads/`, [["Content-Length", "0"]]);
  const path = started.headers.get("location") ?? "";
  if (bytes.length > 0) expect((await ask(`PATCH ${path}`, [], bytes)).status).toBe(202);
  return { path, id: started.headers.get("docker-upload-uuid") ?? "" };
}

/** Everything by which a client finds its way. */
const guides = ({ status, headers }: RawAnswer) => ({
  status,
  location: headers.get("location"),
  range: headers.get("range"),
  uuid: headers.get("docker-upload-uuid"),
});

async function expectOffset({ path, id }: { path: string; id: string }, range: string) {
  const status = guides(await ask(`GET ${path}`));
  expect(status).toEqual({ status: 204, location: path, range, uuid: id });
}

/** Sends what is missing and checks the blob. */
async function expectFinishes(path: string, whole: Uint8Array, sent: number): Promise<void> {
  const digest = digestOf(whole);
  const put = await ask(`PUT ${path}?digest=${digest}`, [], whole.subarray(sent));
  expect(put.status).toBe(201);
  const pulled = await ask(`GET /v2/${name}/blobs/${digest}`);
  expect(digestOf(pulled.body)).toBe(digest);
}

describe("the status of a session", () => {
  test("is 204 with location, range and id; 0-0 while it is empty", async () => {
    const session = await open();
    expect(session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(session.path).toBe(`/v2/${name}/blobs/uploads/${session.id}`);
    await expectOffset(session, "0-0");

    await ask(`PATCH ${session.path}`, [], noise(1000));
    await expectOffset(session, "0-999");
    expect((await ask(`GET ${session.path}`)).body.length).toBe(0);
  });

  test("is 404 once it was cancelled, and cancelling it again is 404", async () => {
    const { path, id } = await open(noise(10));
    const cancelled = await ask(`DELETE ${path}`);
    expect([cancelled.status, cancelled.headers.get("docker-upload-uuid")]).toEqual([204, id]);

    for (const line of [`GET ${path}`, `DELETE ${path}`]) {
      const gone = await ask(line);
      expect([gone.status, errorOf(gone)["code"]]).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    }
  });

  test.each(["GET", "PATCH", "PUT", "DELETE"])(
    "under another repository's name is 404, as if there were none: %s",
    async (method) => {
      const session = await open(noise(10));
      const elsewhere = session.path.replace(name, "team/other");
      const query = method === "PUT" ? `?digest=${digestOf(noise(1))}` : "";
      const strange = session.path.replace(/[^/]+$/, "0190a0a0-0000-7000-8000-000000000000");

      const foreign = await ask(`${method} ${elsewhere}${query}`, [], "x");
      const unknown = await ask(`${method} ${strange}${query}`, [], "x");

      expect(foreign.status).toBe(404);
      expect(errorOf(foreign)).toEqual(errorOf(unknown));
      await expectOffset(session, "0-9");
    },
  );
});

describe("a chunk with Content-Range", () => {
  test.each([
    ["as the specification writes it", (first: number, last: number) => `${first}-${last}`],
    ["as HTTP writes it", (first: number, last: number) => `bytes ${first}-${last}/*`],
    ["with a total", (first: number, last: number) => `bytes ${first}-${last}/${last + 1}`],
  ])("%s continues from the status", async (_, print) => {
    const whole = noise(900);
    const { path } = await open(whole.subarray(0, 300));

    const next = await ask(`PATCH ${path}`, [ranged(print(300, 599))], whole.subarray(300, 600));
    expect([next.status, next.headers.get("range")]).toEqual([202, "0-599"]);
    const last = [ranged(print(600, 899)), streamed];
    const end = await ask(`PATCH ${path}`, last, framed(whole.subarray(600)));
    expect([end.status, end.headers.get("range")]).toEqual([202, "0-899"]);

    await expectFinishes(path, whole, 900);
  });

  const misplaced: [string, string][] = [
    ["a gap", "101-200"],
    ["an overlap", "99-198"],
    ["a repeat", "0-99"],
    ["far ahead", "9007199254740890-9007199254740989"],
  ];
  for (const method of ["PATCH", "PUT"]) {
    test.each(misplaced)(
      `%s in a ${method} is 416 with the current offset, and changes nothing`,
      async (_, range) => {
        const whole = noise(200);
        const session = await open(whole.subarray(0, 100));
        const query = method === "PUT" ? `?digest=${digestOf(whole)}` : "";

        for (const print of [range, `bytes ${range}/*`]) {
          const refused = await ask(
            `${method} ${session.path}${query}`,
            [ranged(print)],
            whole.subarray(100),
          );
          expect(guides(refused)).toEqual({
            status: 416,
            location: session.path,
            range: "0-99",
            uuid: session.id,
          });
          expect(errorOf(refused)["code"]).toBe("BLOB_UPLOAD_INVALID");
        }

        await expectOffset(session, "0-99");
        await expectFinishes(session.path, whole, 100);
      },
    );
  }

  const announced: [string, Header[], number][] = [
    ["fewer bytes than announced", [ranged("100-250")], 100],
    ["more bytes than announced", [ranged("100-149")], 100],
    ["fewer streamed bytes than announced", [ranged("100-250"), streamed], 100],
    ["more streamed bytes than announced", [ranged("100-149"), streamed], 100],
    ["a streamed body of nothing", [ranged("100-149"), streamed], 0],
    ["a range that ends before it starts", [ranged("100-99")], 100],
    ["a negative start", [ranged("-1-99")], 100],
    ["an end beyond 2^53", [ranged("100-9007199254740992")], 100],
    ["no numbers", [ranged("a-b")], 100],
  ];
  for (const method of ["PATCH", "PUT"]) {
    test.each(announced)(
      `%s in a ${method} is 400 and appends nothing`,
      async (_, headers, size) => {
        const whole = noise(200);
        const session = await open(whole.subarray(0, 100));
        const sent = whole.subarray(100, 100 + size);
        const body = headers.includes(streamed)
          ? size === 0
            ? Buffer.from("0\r\n\r\n")
            : framed(sent)
          : sent;
        const query = method === "PUT" ? `?digest=${digestOf(whole)}` : "";

        const refused = await ask(`${method} ${session.path}${query}`, headers, body);

        expect(refused.status).toBe(400);
        await expectOffset(session, "0-99");
        await expectFinishes(session.path, whole, 100);
      },
    );
  }
});

describe("a chunk without bytes", () => {
  test("changes nothing, and an empty session can be closed", async () => {
    const session = await open();
    for (const [headers, body] of [
      [[], ""],
      [[streamed], "0\r\n\r\n"],
    ] as [Header[], string][]) {
      const answer = await ask(`PATCH ${session.path}`, headers, body);
      expect([answer.status, answer.headers.get("range")]).toEqual([202, "0-0"]);
    }

    await expectFinishes(session.path, new Uint8Array(), 0);
  });

  test("may come between others", async () => {
    const whole = noise(500);
    const { path } = await open();
    for (const part of ["", whole.subarray(0, 300), "", whole.subarray(300)]) {
      expect((await ask(`PATCH ${path}`, [], part)).status).toBe(202);
    }

    await expectFinishes(path, whole, 500);
  });
});

describe("a closing request", () => {
  test("that is repeated is answered again with the same headers", async () => {
    const whole = noise(500);
    const digest = digestOf(whole);
    const { path } = await open(whole.subarray(0, 300));
    const line = `PUT ${path}?digest=${digest}`;

    const first = await ask(line, [ranged("300-499")], whole.subarray(300));
    const answers = [
      await ask(line, [ranged("300-499")], whole.subarray(300)),
      await ask(line, [], whole.subarray(300)),
      await ask(line, [["Content-Length", "0"]]),
    ];

    expect(first.status).toBe(201);
    expect(first.headers.get("location")).toBe(`/v2/${name}/blobs/${digest}`);
    for (const again of answers) {
      expect(again.status).toBe(201);
      for (const header of ["location", "docker-content-digest"]) {
        expect(again.headers.get(header)).toBe(first.headers.get(header) ?? "");
      }
    }
    registry.store.clock.advance(15 * 60_000);
    expect((await ask(line, [["Content-Length", "0"]])).status).toBe(404);
  });

  test("whose bytes do not match the digest is 400, stores nothing and ends the session", async () => {
    const whole = noise(500);
    const { path } = await open(whole.subarray(0, 300));

    const refused = await ask(`PUT ${path}?digest=${digestOf(whole)}`, [], whole.subarray(301));

    expect([refused.status, errorOf(refused)["code"]]).toEqual([400, "DIGEST_INVALID"]);
    expect((await ask(`GET ${path}`)).status).toBe(404);
    expect((await ask(`HEAD /v2/${name}/blobs/${digestOf(whole)}`)).status).toBe(404);
  });

  test("without a digest, or with a malformed one, is 400 and keeps the session", async () => {
    const whole = noise(100);
    const session = await open(whole);

    for (const query of ["", "?digest=", "?digest=sha256:abc", "?digest=md5:abc"]) {
      const refused = await ask(`PUT ${session.path}${query}`, [["Content-Length", "0"]]);
      expect([refused.status, errorOf(refused)["code"]]).toEqual([400, "DIGEST_INVALID"]);
    }

    await expectOffset(session, "0-99");
    await expectFinishes(session.path, whole, 100);
  });
});
