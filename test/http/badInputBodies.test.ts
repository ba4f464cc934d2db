// Bodies that are cut short or that nobody reads, over a plain socket.
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { digestOf } from "../../src/model/digest.ts";
import { bytes } from "../registry/builders.ts";
import { waitFor } from "../support/processes.ts";
import { request, talk } from "../support/rawHttp.ts";
import { ask, expectNoLeak, openSession, readEnvelope, repository, stored } from "./badInput.ts";
import { seededTarget } from "./target.ts";

const target = seededTarget();

const uploads = `/v2/${repository}/blobs/uploads/`;

describe("bodies that are cut short", () => {
  const part = "a".repeat(600 * 1024);
  const full = 1024 * 1024;
  const length: [string, string] = ["Content-Length", `${full}`];
  const chunked: [string, string] = ["Transfer-Encoding", "chunked"];
  const piece = `${part.length.toString(16)}\r\n${part}\r\n`;

  const cuts: readonly [string, [string, string], string][] = [
    ["ends before its Content-Length", length, part],
    ["has no last chunk", chunked, piece],
    ["breaks off inside a chunk", chunked, piece.slice(0, -1000)],
    ["breaks off inside a chunk's length", chunked, `${piece}10`],
  ];

  test.each(cuts)(
    "a PATCH that %s is not acknowledged, and the upload continues from the bytes that arrived",
    async (_, header, text) => {
      const path = await openSession(target());
      const before = await stored(target());

      const { answers } = await talk(target().port, [request(`PATCH ${path}`, [header]), text], {
        halfClose: true,
        untilClose: true,
      });

      for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await stored(target())).toEqual(before);
      const offset = await settledOffset(path);
      expect(offset).toBeLessThanOrEqual(part.length);
      const rest = part.slice(offset);
      const whole = digestOf(bytes(part));
      const put = request(`PUT ${path}?digest=${whole}`, [], rest);
      expect((await ask(target().port, put)).status).toBe(201);
      const blob = await ask(target().port, request(`GET /v2/${repository}/blobs/${whole}`));
      expect(digestOf(blob.body)).toBe(whole);
    },
  );

  /** The session's offset once nobody writes to it. */
  async function settledOffset(path: string): Promise<number> {
    let offset = -1;
    await waitFor("the session to be free", async () => {
      const empty = await ask(target().port, request(`PATCH ${path}`, [], ""));
      if (empty.status === 429) return false;
      expect(empty.status).toBe(202);
      const last = Number(empty.headers.get("range")?.slice(2));
      offset = last === 0 ? 0 : last + 1;
      return true;
    });
    return offset;
  }

  test.each(cuts)("a single POST that %s stores nothing", async (_, header, text) => {
    const before = await stored(target());
    const whole = digestOf(bytes(`single ${text}`));

    const { answers } = await talk(
      target().port,
      [request(`POST ${uploads}?digest=${whole}`, [header]), text],
      { halfClose: true, untilClose: true },
    );

    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expectNoLeak(answer, target().data);
    }
    const head = request(`HEAD /v2/${repository}/blobs/${whole}`);
    expect((await ask(target().port, head, { head: true })).status).toBe(404);
    expect(await stored(target())).toEqual(before);
  });

  test("a manifest that ends before its Content-Length is not stored", async () => {
    const before = await stored(target());
    const put = request(
      `PUT /v2/${repository}/manifests/cut`,
      [
        ["Content-Type", "application/json"],
        ["Content-Length", "100"],
      ],
      '{"a":1}',
    );

    const { answers } = await talk(target().port, [put], { halfClose: true, untilClose: true });

    for (const answer of answers) expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await stored(target())).toEqual(before);
  });
});

describe("refusals before the body was read", () => {
  const mebibyte = 1024 * 1024;
  const early: readonly [string, string, number, string][] = [
    ["an invalid name", "POST /v2/Team/blobs/uploads/", 400, "NAME_INVALID"],
    [
      "an unknown session",
      `PATCH ${uploads}0190a0a0-0000-7000-8000-000000000000`,
      404,
      "BLOB_UPLOAD_UNKNOWN",
    ],
    ["a malformed digest", `POST ${uploads}?digest=x`, 400, "DIGEST_INVALID"],
    ["a method that is not taken", `PUT /v2/${repository}/tags/list`, 405, "UNSUPPORTED"],
    ["a manifest that is too large", `PUT /v2/${repository}/manifests/big`, 413, "SIZE_INVALID"],
  ];
  test.each(early)(
    "%s is answered while the client is still sending",
    async (_, line, status, code) => {
      const block = Buffer.alloc(mebibyte, "GET /v2/_catalog HTTP/1.1\r\nHost: a\r\n\r\n");
      const blocks = Array.from({ length: 24 }, () => block);

      const { answers } = await talk(
        target().port,
        [request(line, [["Content-Length", `${1024 * mebibyte}`]]), ...blocks],
        { untilClose: true },
      );

      const [first, ...others] = answers;
      if (first === undefined) throw new Error("no answer reached the client");
      expect(first.status).toBe(status);
      expect(readEnvelope(first).code).toBe(code);
      // What was left of the body is no request.
      expect(others).toEqual([]);
    },
  );

  test.each(early)(
    "%s leaves the connection usable after a body of 4 KiB",
    async (_, line, status) => {
      const first = request(line, [], status === 413 ? "x" : "y".repeat(4096));
      const next = request("GET /v2/");

      const { answers, closed } = await talk(target().port, [first, next], { answers: 2 });

      expect(answers[0]?.status).toBeGreaterThanOrEqual(400);
      // Either the next request is answered as itself, or the connection is over.
      if (!closed) expect(answers[1]?.status).toBe(200);
      else expect(answers.length).toBeLessThanOrEqual(2);
    },
  );

  test("clients that disconnect while they are being refused cause no server error", async () => {
    const refused = request("POST /v2/Team/blobs/uploads/", [["Content-Length", "1000000000"]]);
    const before = await stored(target());

    for (let client = 0; client < 50; client += 1) await sendAndLeave(target().port, refused);
    // The server ends its refusals after a moment, this one last.
    const { answers } = await talk(target().port, [refused], { untilClose: true });

    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(await stored(target())).toEqual(before);
  });
});

/** Resets the connection as soon as an answer begins. */
function sendAndLeave(port: number, sent: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(sent));
    socket.on("data", () => socket.resetAndDestroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve());
  });
}
