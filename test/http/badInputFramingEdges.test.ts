// The edges of framing: what another parser in front may read differently, and connections that end in the middle. Nothing but the one whole
// blob is ever stored, and nothing that was smuggled behind it is answered.
import { describe, expect, test } from "bun:test";
import { digestOf } from "../../src/model/digest.ts";
import { bytes } from "../registry/builders.ts";
import { talk } from "../support/rawHttp.ts";
import { expectNoLeak, repository, stored } from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const host = "Host: localhost";
const chunked = "Transfer-Encoding: chunked";
const smuggled = `GET /v2/_catalog HTTP/1.1\r\n${host}\r\n\r\n`;
let pushes = 0;

/** An upload in one request of a text that was never uploaded before. */
function upload(): { readonly line: string; readonly text: string } {
  pushes += 1;
  // Five bytes.
  const text = `b${String(pushes).padStart(4, "0")}`;
  const digest = digestOf(bytes(text));
  return { text, line: `POST /v2/${repository}/blobs/uploads/?digest=${digest} HTTP/1.1` };
}

const raw = (lines: readonly string[], body = ""): string => `${lines.join("\r\n")}\r\n\r\n${body}`;

const inOneChunk = (text: string): string => `5\r\n${text}\r\n0\r\n\r\n`;

describe("a body that is framed in an unusual, valid way is stored whole", () => {
  test.each([
    ["a chunk extension", [chunked], (text: string) => `5;name=value\r\n${text}\r\n0\r\n\r\n`],
    ["a quoted extension", [chunked], (text: string) => `5;a="b;c"\r\n${text}\r\n0\r\n\r\n`],
    ["zeros before a chunk's length", [chunked], (text: string) => `0005\r\n${text}\r\n0\r\n\r\n`],
    ["a tab before chunked", ["Transfer-Encoding:\tchunked"], inOneChunk],
    ["CHUNKED", ["Transfer-Encoding: CHUNKED"], inOneChunk],
    ["zeros before the length", ["Content-Length: 0005"], (text: string) => text],
    ["a blank behind the length", ["Content-Length: 5 "], (text: string) => text],
  ] as const)("%s", async (_, headers, body) => {
    const { line, text } = upload();
    const { answers } = await talk(target().port, [raw([line, host, ...headers], body(text))]);
    expect(answers.map(({ status }) => status)).toEqual([201]);
  });
});

describe("what two parsers may read differently is refused, and nothing behind it is answered", () => {
  const long = "a".repeat(100_000);
  test.each([
    ["a line feed that ends a chunk extension", [chunked], "5;a\nhello\r\n0\r\n\r\n", 400],
    ["a chunk extension of 100 KB", [chunked], `5;${long}\r\nhello\r\n0\r\n\r\n`, 413],
    ["a trailer", [chunked], "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", 400],
    ["a length in a trailer", [chunked], "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", 400],
    ["a trailer of 100 KB", [chunked], `5\r\nhello\r\n0\r\nX-T: ${long}\r\n\r\n`, 400],
    ["a blank behind a chunk's length", [chunked], "5 \r\nhello\r\n0\r\n\r\n", 400],
    ["a hexadecimal prefix", [chunked], "0x5\r\nhello\r\n0\r\n\r\n", 400],
    ["a vertical tab behind chunked", ["Transfer-Encoding: chunked\x0b"], "0\r\n\r\n", 400],
    ["another coding before chunked", ["Transfer-Encoding: x, chunked"], "0\r\n\r\n", 400],
    ["a semicolon behind the length", ["Content-Length: 5;"], "hello", 400],
  ])("%s", async (_, headers, body, status) => {
    const before = await stored(target());
    const { line } = upload();

    const sent = raw([line, host, ...headers], body + smuggled);
    const { answers, closed } = await talk(target().port, [sent], { untilClose: true });

    expect(answers.map((answer) => answer.status)).toEqual([status]);
    expect(closed).toBe(true);
    for (const answer of answers) expectNoLeak(answer, target().data);
    expect(await stored(target())).toEqual(before);
  });

  test.each([
    ["an authority as target", raw(["CONNECT localhost:443 HTTP/1.1", host]), 400],
    ["an asterisk as target", raw(["GET * HTTP/1.1", host]), 400],
    ["two Hosts", raw(["GET /v2/ HTTP/1.1", host, "Host: evil"]), 400],
    ["carriage returns alone", `GET /v2/ HTTP/1.1\r${host}\r\r`, 505],
    ["line feeds before the request", `\n\n${smuggled}`, 400],
    [
      "a frame of HTTP/2 behind its preface",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
      400,
    ],
  ])("%s", async (_, sent, status) => {
    const options = { untilClose: true, endAfterMs: 2_000 };
    const { answers } = await talk(target().port, [sent], options);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
  });
});

describe("a connection whose client has stopped sending", () => {
  test("after a whole request gets its answer", async () => {
    const sent = raw(["GET /v2/ HTTP/1.1", host]);
    const { answers } = await talk(target().port, [sent], { halfClose: true });
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  test.each([
    ["in a head", "GET /v2/ HTTP/1.1\r\nHost: loc"],
    ["in a body", raw([upload().line, host, "Content-Length: 50"], "hel")],
    ["in a chunk", raw([upload().line, host, chunked], "5\r\nhel")],
    ["between two chunks", raw([upload().line, host, chunked], "5\r\nhello\r\n")],
  ])("%s is closed, and nothing is stored", async (_, sent) => {
    const before = await stored(target());

    const options = { halfClose: true, untilClose: true };
    const { answers, closed } = await talk(target().port, [sent], options);

    expect(answers.filter(({ status }) => status < 400)).toEqual([]);
    expect(closed).toBe(true);
    expect(await stored(target())).toEqual(before);
  });
});
