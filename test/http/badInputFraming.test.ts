// Requests that are not HTTP, or read differently by two parsers: refused by the runtime, which this pins for its upgrades.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { bytes, ociImage } from "../registry/builders.ts";
import { request, talk } from "../support/rawHttp.ts";
import {
  ask,
  expectNoLeak,
  manifest,
  manifestDigest,
  readEnvelope,
  repository,
  stored,
} from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const host = "Host: localhost";
const smuggled = `GET /v2/_catalog HTTP/1.1\r\n${host}\r\n\r\n`;
const hello = digestOf(bytes("hello"));
const upload = `POST /v2/${repository}/blobs/uploads/?digest=${hello} HTTP/1.1`;
const empty = `POST /v2/${repository}/blobs/uploads/?digest=${digestOf(new Uint8Array())} HTTP/1.1`;

/** Lines of a request's head, then its body. */
const raw = (lines: readonly string[], body = ""): string => `${lines.join("\r\n")}\r\n\r\n${body}`;

/** What is wrong, the bytes, and the status; null where the connection is closed without an answer. */
type Case = readonly [what: string, sent: string, status: number | null];

/** The server answers once at most, closes, stores nothing and goes on serving. */
function refusesTo(cases: readonly Case[]): void {
  test.each(cases)("%s is refused, and nothing sent after it is read", async (_, sent, status) => {
    const before = await stored(target());

    const { answers, closed } = await talk(target().port, [sent], { untilClose: true });

    expect(answers.map((answer) => answer.status)).toEqual(status === null ? [] : [status]);
    expect(closed).toBe(true);
    for (const answer of answers) expectNoLeak(answer, target().data);
    expect(await stored(target())).toEqual(before);
  });
}

describe("bodies of ambiguous length", () => {
  const chunked = "Transfer-Encoding: chunked";
  const length = (text: string) => raw([upload, host, `Content-Length: ${text}`], "hello");
  refusesTo([
    [
      "Content-Length before Transfer-Encoding",
      raw([empty, host, "Content-Length: 5", chunked], `0\r\n\r\n${smuggled}`),
      400,
    ],
    [
      "Content-Length after Transfer-Encoding",
      raw([empty, host, chunked, "Content-Length: 5"], `0\r\n\r\n${smuggled}`),
      400,
    ],
    [
      "two Content-Lengths that differ",
      raw([upload, host, "Content-Length: 5", "Content-Length: 4"], `hello${smuggled}`),
      400,
    ],
    ["two Content-Lengths in one header", length("5, 5"), 400],
    ["a negative Content-Length", length("-1"), 400],
    ["a Content-Length with a plus", length("+5"), 400],
    ["a Content-Length with a letter behind it", length("5x"), 400],
    ["a hexadecimal Content-Length", length("0x5"), 400],
    ["a Content-Length with an exponent", length("1e1"), 400],
    ["an empty Content-Length", length(""), 400],
    ["a Content-Length of 2^63", length("9223372036854775808"), 400],
    ["a Content-Length of 20 digits", length("99999999999999999999"), 400],
    ["a Content-Length of 2^53", length("9007199254740993"), 413],
    [
      "gzip before chunked",
      raw([empty, host, "Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
      400,
    ],
    [
      "gzip after chunked",
      raw([empty, host, "Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"),
      400,
    ],
    [
      "a Transfer-Encoding nobody knows",
      raw([empty, host, "Transfer-Encoding: xchunked"], "0\r\n\r\n"),
      400,
    ],
    [
      "the identity Transfer-Encoding",
      raw([empty, host, "Transfer-Encoding: identity"], "0\r\n\r\n"),
      400,
    ],
    ["two Transfer-Encodings", raw([empty, host, chunked, chunked], "0\r\n\r\n"), 400],
    [
      "Transfer-Encoding in HTTP/1.0",
      raw([empty.replace("1.1", "1.0"), host, chunked], "0\r\n\r\n"),
      400,
    ],
    [
      "a space before the colon",
      raw([empty, host, "Transfer-Encoding : chunked"], "0\r\n\r\n"),
      400,
    ],
    ["a chunk's length of letters", raw([upload, host, chunked], "zz\r\nhello\r\n0\r\n\r\n"), 400],
    ["a negative chunk's length", raw([upload, host, chunked], "-5\r\nhello\r\n0\r\n\r\n"), 400],
    [
      "a chunk's length of 18 digits",
      raw([upload, host, chunked], `${"f".repeat(18)}\r\nhello\r\n0\r\n\r\n`),
      400,
    ],
    [
      "a chunk longer than its length",
      raw([upload, host, chunked], "3\r\nhello\r\n0\r\n\r\n"),
      400,
    ],
    ["chunks that end in line feeds only", raw([upload, host, chunked], "5\nhello\n0\n\n"), 400],
  ]);

  test("the same Content-Length twice is accepted", async () => {
    const lines = [upload, host, "Content-Length: 5", "Content-Length: 5"];
    const { answers } = await talk(target().port, [raw(lines, "hello")]);
    expect(answers.map(({ status }) => status)).toEqual([201]);
  });
});

describe("requests that are not HTTP/1.1", () => {
  const get = "GET /v2/ HTTP/1.1";
  refusesTo([
    ["a method nobody knows", raw(["FOO /v2/ HTTP/1.1", host]), null],
    ["a method in lower case", raw(["get /v2/ HTTP/1.1", host]), null],
    ["OPTIONS *", raw(["OPTIONS * HTTP/1.1", host]), 400],
    ["a path without a slash", raw(["GET v2/ HTTP/1.1", host]), 400],
    ["two spaces behind the method", raw(["GET  /v2/ HTTP/1.1", host]), 400],
    ["HTTP/0.9", "GET /v2/\r\n\r\n", 505],
    ["HTTP/1.2", raw(["GET /v2/ HTTP/1.2", host]), 505],
    ["HTTP/2 without an upgrade", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["TLS", `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${"\x07".repeat(60)}`, 400],
    ["line feeds only", `${get}\n${host}\n\n`, 505],
    ["a header without a colon", raw([get, host, "Nonsense"]), 400],
    ["a folded header", raw([get, host, "X: a", " b"]), 400],
    ["a NUL in a header", raw([get, host, "X: a\0b"]), 400],
    ["a bare carriage return in a header", raw([get, host, "X: a\rY: b"]), 400],
    ["a header of 40 KB", raw([get, host, `X: ${"a".repeat(40_000)}`]), 431],
    [
      "1,000 headers",
      raw([get, host, ...Array.from({ length: 1000 }, (_, i) => `X-${i}: y`)]),
      431,
    ],
    ["a path of 64 KB", raw([`GET /v2/${"a".repeat(65_536)}/tags/list HTTP/1.1`, host]), 431],
  ]);

  test.each([
    ["websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"],
    ["h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"],
  ])("an upgrade to %s is ignored", async (protocol, header) => {
    const lines = [get, host, "Connection: Upgrade", `Upgrade: ${protocol}`, header];
    const { answers, interim } = await talk(target().port, [raw(lines)]);
    expect([answers[0]?.status, interim.length]).toEqual([200, 0]);
  });
});

describe("several requests on one connection", () => {
  const good = request(`GET /v2/${repository}/manifests/good`);
  const bad: readonly [string, Buffer, number][] = [
    ["an invalid name", request("GET /v2/Team/tags/list"), 400],
    ["an unknown manifest", request(`GET /v2/${repository}/manifests/none`), 404],
    ["a method that is not taken", request("PATCH /v2/", [], "x"), 405],
    ["a Host with a path", request("GET /v2/", [["Host", "a/b"]]), 400],
    [
      "a manifest that is no JSON",
      request(`PUT /v2/${repository}/manifests/bad`, [["Content-Type", ociImage]], "{"),
      400,
    ],
    ["a GET whose body looks like a request", request("GET /v2/Team/tags/list", [], smuggled), 400],
  ];
  test.each(bad)("after %s the next requests get their own answers", async (_, sent, status) => {
    const before = await stored(target());

    const { answers } = await talk(target().port, [Buffer.concat([good, sent, good])], {
      answers: 3,
    });

    expect(answers.map((answer) => answer.status)).toEqual([200, status, 200]);
    const [first, second, third] = answers;
    expect(first?.body.equals(manifest)).toBe(true);
    if (second !== undefined) readEnvelope(second);
    expect(third?.body.equals(manifest)).toBe(true);
    expect(third?.headers.get("docker-content-digest")).toBe(manifestDigest);
    expect(await stored(target())).toEqual(before);
  });

  test("a request sent before the answer to an upload is not answered first", async () => {
    // Bun 1.4.4 closes a connection that goes on while an answer is still being made; no client of a registry does.
    const before = await stored(target());
    const path = `/v2/${repository}/blobs/uploads/?digest=${hello}`;
    const sent = Buffer.concat([good, request(`POST ${path}`, [], smuggled), good]);

    const { answers } = await talk(target().port, [sent], { answers: 3 });

    const expected = [200, 400, 200];
    expect(answers.map(({ status }) => status)).toEqual(expected.slice(0, answers.length));
    expect(await stored(target())).toEqual(before);
  });

  test("a failing HEAD has no body, and the next request gets its own answer", async () => {
    const head = request(`HEAD /v2/${repository}/manifests/none`);
    const after = request("HEAD /v2/");
    const { answers } = await talk(target().port, [head, after], { answers: 2, head: true });
    expect(answers.map(({ status }) => status)).toEqual([404, 200]);
  });

  test("300 requests in one piece get 300 answers in order", async () => {
    const paths = Array.from({ length: 300 }, (_, i) =>
      request(`GET /v2/${i % 2 === 0 ? repository : "none"}/manifests/good`),
    );
    const { answers } = await talk(target().port, [Buffer.concat(paths)], { answers: 300 });
    expect(answers.map(({ status }) => status)).toEqual(
      paths.map((_, i) => (i % 2 === 0 ? 200 : 404)),
    );
  });
});

describe("Expect: 100-continue", () => {
  const expectation: [string, string] = ["Expect", "100-continue"];
  const path = `PUT /v2/${repository}/manifests`;

  test("a manifest that is too large is refused without its body", async () => {
    const length: [string, string] = ["Content-Length", `${2 ** 30}`];
    const { answers } = await talk(target().port, [request(`${path}/big`, [expectation, length])]);
    expect(answers.map(({ status }) => status)).toEqual([413]);
  });

  test("an acceptable manifest is stored after 100 Continue", async () => {
    const headers: [string, string][] = [
      expectation,
      ["Content-Type", ociImage],
      ["Content-Length", `${manifest.byteLength}`],
    ];
    const sent = [request(`${path}/${manifestDigest}`, headers), manifest];
    const { answers, interim } = await talk(target().port, sent);
    expect([interim[0]?.status, answers[0]?.status]).toEqual([100, 201]);
  });

  test("an invalid manifest with an unknown expectation is not stored", async () => {
    const answer = await ask(target().port, request(`${path}/bad`, [["Expect", "200-ok"]], "{}"));
    expect(answer.status).toBe(400);
  });
});
