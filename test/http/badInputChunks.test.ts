// Chunks at the wrong place or in an encoding, over a plain socket.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { bytes } from "../registry/builders.ts";
import { request } from "../support/rawHttp.ts";
import {
  ask,
  type BadInput,
  inSession,
  openSession,
  readEnvelope,
  refuses,
  repository,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const uploads = `/v2/${repository}/blobs/uploads/`;
const body = bytes("hello");
const digest = digestOf(body);

describe("Content-Range of chunks", () => {
  const malformed = [
    "",
    "bytes",
    "0",
    "0-",
    "-4",
    "4-0",
    "a-b",
    "0-4-8",
    "bytes 0-4/3",
    "bytes=0-4",
    "items 0-4/5",
    "-1-4",
    "0.0-4.0",
    "0x0-0x4",
    "1e0-4e0",
    "0-9007199254740992",
    "0-18446744073709551616",
    "0-4, 5-9",
    "\u0665-\u0666",
  ];
  refuses(
    target,
    malformed.map(
      (range): BadInput => ({
        what: `a chunk with Content-Range ${JSON.stringify(range)}`,
        send: inSession("PATCH", "", [["Content-Range", range]]),
        status: 400,
        code: "BLOB_UPLOAD_INVALID",
      }),
    ),
  );

  const elsewhere: readonly [string, string, string, string][] = [
    ["ahead", "PATCH", "", "5-9"],
    ["far ahead", "PATCH", "", "9007199254740986-9007199254740990"],
    ["ahead in the closing PUT", "PUT", `?digest=${digest}`, "5-9"],
  ];
  refuses(
    target,
    elsewhere.map(
      ([what, method, query, range]): BadInput => ({
        what: `a chunk ${what}`,
        send: inSession(method, query, [["Content-Range", range]]),
        status: 416,
        code: "BLOB_UPLOAD_INVALID",
        headers: { range: /^0-0$/, location: /^\/v2\/team\/app\/blobs\/uploads\// },
      }),
    ),
  );

  refuses(target, [
    {
      what: "a chunk that was sent before",
      send: async (at) => {
        const path = await openSession(at);
        const chunk = request(`PATCH ${path}`, [["Content-Range", "0-4"]], "hello");
        expect((await ask(at.port, chunk)).status).toBe(202);
        return chunk;
      },
      status: 416,
      code: "BLOB_UPLOAD_INVALID",
      headers: { range: /^0-4$/ },
    },
    {
      what: "a chunk longer than its Content-Range",
      send: inSession("PATCH", "", [["Content-Range", "0-3"]]),
      status: 400,
      code: "SIZE_INVALID",
    },
    {
      what: "a chunk shorter than its Content-Range",
      send: inSession("PATCH", "", [["Content-Range", "0-5"]]),
      status: 400,
      code: "SIZE_INVALID",
    },
    {
      what: "a chunked chunk longer than its Content-Range",
      send: inSession(
        "PATCH",
        "",
        [
          ["Content-Range", "0-3"],
          ["Transfer-Encoding", "chunked"],
        ],
        "5\r\nhello\r\n0\r\n\r\n",
      ),
      status: 400,
      code: "SIZE_INVALID",
    },
    {
      what: "two Content-Ranges",
      send: inSession("PATCH", "", [
        ["Content-Range", "0-4"],
        ["Content-Range", "0-4"],
      ]),
      status: 400,
      code: "BLOB_UPLOAD_INVALID",
    },
  ]);

  test.each([
    ["more", "PATCH", "", "0-4", 6],
    ["less", "PATCH", "", "0-4", 4],
    ["more in the closing PUT", "PUT", `?digest=${digest}`, "0-4", 6],
  ] as const)(
    "a chunk whose Content-Length is %s than its Content-Range says is refused before it is sent",
    async (_, method, query, range, length) => {
      const path = await openSession(target());
      const announced: [string, string][] = [
        ["Content-Range", range],
        ["Content-Length", String(length)],
      ];

      const refused = await ask(target().port, request(`${method} ${path}${query}`, announced));

      expect([refused.status, readEnvelope(refused).code]).toEqual([400, "SIZE_INVALID"]);
      const status = await ask(target().port, request(`GET ${path}`));
      expect([status.status, status.headers.get("range")]).toEqual([204, "0-0"]);
    },
  );

  test("a refused chunk leaves the session's offset unchanged, and the upload continues", async () => {
    const path = await openSession(target());
    const patch = (range: string, text: string) =>
      ask(target().port, request(`PATCH ${path}`, [["Content-Range", range]], text));
    expect((await patch("0-4", "hello")).status).toBe(202);

    expect((await patch("7-8", "xx")).status).toBe(416);
    expect((await patch("0-1", "yy")).status).toBe(416);
    expect((await patch("5-9", "zz")).status).toBe(400);
    expect((await patch("bytes", "qq")).status).toBe(400);

    const status = await ask(target().port, request(`GET ${path}`));
    expect([status.status, status.headers.get("range")]).toEqual([204, "0-4"]);
    expect((await patch("5-7", " yo")).headers.get("range")).toBe("0-7");
    const whole = digestOf(bytes("hello yo"));
    const put = request(`PUT ${path}?digest=${whole}`, [], "");
    expect((await ask(target().port, put)).status).toBe(201);
  });
});

describe("encoded uploads", () => {
  const zipped = Bun.gzipSync(Buffer.alloc(1_000_000));
  for (const encoding of ["gzip", "zstd", "br", "deflate", "gzip, gzip", "x", "identity, gzip"]) {
    refuses(target, [
      {
        what: `a single POST in ${encoding}`,
        send: request(
          `POST ${uploads}?digest=${digestOf(zipped)}`,
          [["Content-Encoding", encoding]],
          zipped,
        ),
        status: 415,
        code: "UNSUPPORTED",
      },
      {
        what: `a PATCH in ${encoding}`,
        send: inSession("PATCH", "", [["Content-Encoding", encoding]]),
        status: 415,
        code: "UNSUPPORTED",
      },
    ]);
  }
});
