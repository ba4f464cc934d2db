// The rules behind `breadbox bucket put`, without a server: how files are cut, what is tried again, which words errors get.
import { describe, expect, test } from "bun:test";
import { readDestination } from "../../src/client/address.ts";
import { together, workers } from "../../src/client/parallel.ts";
import {
  choosePartBytes,
  countParts,
  cutOf,
  inputPartBytes,
  rangeOf,
} from "../../src/client/plan.ts";
import { LineError, lineText, RefusedError, refusedText } from "../../src/client/problems.ts";
import { persist, waitAfter } from "../../src/client/retry.ts";
import { serverAddress, urlOfListener } from "../../src/config/server.ts";

const mebibyte = 1024 * 1024;
const limits = { maxParts: 10_000, maxPartBytes: 128 * mebibyte };

describe("the part size for a file", () => {
  test.each([
    [17 * mebibyte, null, 16 * mebibyte],
    [16 * mebibyte * 10_000, null, 16 * mebibyte],
    [16 * mebibyte * 10_000 + 1, null, 17 * mebibyte],
    [128 * mebibyte * 10_000, null, 128 * mebibyte],
    [17 * mebibyte, 5 * mebibyte, 5 * mebibyte],
  ])("of %p bytes, asked for %p, is cut into parts of %p", (size, asked, partBytes) => {
    expect(choosePartBytes(size, limits, asked)).toBe(partBytes);
    expect(countParts({ partBytes, fileBytes: size })).toBeLessThanOrEqual(limits.maxParts);
  });

  test("is refused when it gives too many parts at any size", () => {
    const chosen = choosePartBytes(128 * mebibyte * 10_000 + 1, limits, null);

    expect(chosen).toMatchObject({ objection: expect.stringContaining("maxPartBytes there") });
  });

  test("leaves the rest of the file to the last part", () => {
    const cut = { partBytes: 10, fileBytes: 25 };

    expect([1, 2, 3].map((number) => rangeOf(cut, number))).toEqual([
      { start: 0, size: 10 },
      { start: 10, size: 10 },
      { start: 20, size: 5 },
    ]);
  });
});

describe("parts that an upload already has", () => {
  const part = (part_number: number, size_bytes: number) => ({ part_number, size_bytes });

  test("determine the size of the other parts", () => {
    expect(cutOf([part(2, 7), part(4, 4)], 25, 16)).toEqual({ partBytes: 7, fileBytes: 25 });
    // One alone may be a short end: it only counts when the usual size makes it.
    expect(cutOf([part(2, 9)], 25, 16)).toEqual({ partBytes: 16, fileBytes: 25 });
    expect(cutOf([part(4, 4)], 25, 16)).toBeNull();
  });

  test.each([
    ["of different sizes", [part(1, 7), part(2, 8)]],
    ["behind the end", [part(5, 7)]],
    ["shorter than the last one", [part(1, 7), part(4, 3)]],
  ])("%s belong to another file", (_, parts) => {
    expect(cutOf(parts, 25, 16)).toBeNull();
  });

  test("of standard input grow, so that 10,000 of them hold 280 GB", () => {
    let bytes = 0;
    for (let parts = 0; parts < 10_000; parts += 1) bytes += inputPartBytes(parts);

    expect(bytes).toBe((1000 * 8 + 1000 * 16 + 8000 * 32) * mebibyte);
  });
});

describe("the destination of a put", () => {
  test.each([
    ["box", "box/file"],
    ["box/", "box/file"],
    ["box/deep/", "box/deep/file"],
    ["box/deep/name", "box/deep/name"],
  ])("%s is %s", (text, expected) => {
    const { bucket, object } = readDestination(text, "file");

    expect(`${bucket}/${object}`).toBe(expected);
  });
});

const refused = (status: number, code = "", retryAfterMs: number | null = null): RefusedError =>
  new RefusedError("message", { status, code, retryAfterMs });
const broken = (code: string): LineError => new LineError(code, "message");

describe("retries", () => {
  test.each([
    ["a connection that was refused", 4_000, broken("ECONNREFUSED")],
    ["a reset", 4_000, broken("ECONNRESET")],
    ["503 without a word", 4_000, refused(503)],
    ["503 with Retry-After", 7_000, refused(503, "UNAVAILABLE", 7_000)],
    ["429 with Retry-After", 1_000, refused(429, "TOOMANYREQUESTS", 1_000)],
    ["408", 4_000, refused(408)],
    ["an upload that is being completed", 1_000, refused(409, "CONFLICT", 1_000)],
    ["another 409", null, refused(409, "CONFLICT")],
    ["404", null, refused(404)],
    ["413", null, refused(413)],
    ["413 of a body that is too large", null, refused(413, "SIZE_INVALID")],
    ["413 of a full disk", 30_000, refused(413, "UNAVAILABLE", 30_000)],
    ["501", null, refused(501)],
    ["a certificate", null, broken("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
    ["a bug", null, new Error("bug")],
  ])("%s waits %p", (_, wait, error) => {
    expect(waitAfter(error, 2)).toBe(wait);
  });

  test("wait twice as long each time, up to half a minute", () => {
    const waits = [0, 1, 2, 3, 4, 5, 60].map((count) => waitAfter(broken("ECONNRESET"), count));

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  test("report one line, and give up when no time is left", async () => {
    const said: string[] = [];
    const { signal: stop } = new AbortController();
    const patience = {
      outage: { isTold: false },
      stop,
      forMs: 500,
      url: "http://box",
      say: (text: string) => said.push(text),
    };
    let attempts = 0;
    const attempt = async (): Promise<never> => {
      attempts += 1;
      throw refused(503, "UNAVAILABLE", attempts < 3 ? 0 : 1_000);
    };

    const error = await persist(patience, attempt).catch((it: unknown) => it);

    expect(error).toMatchObject({ status: 503 });
    expect(attempts).toBe(3);
    expect(said).toEqual(["Message. Trying again for up to 0s."]);
  });
});

describe("concurrent tasks", () => {
  test("all end when one of them fails, and its error is thrown", async () => {
    const done: number[] = [];
    const { signal } = new AbortController();
    const tasks = workers(2, [1, 2, 3, 4, 5, 6], async (item, stop) => {
      if (item === 2) throw new Error("two");
      await Promise.resolve();
      stop.throwIfAborted();
      done.push(item);
    });

    const error = await together(signal, tasks).catch((it: unknown) => it);

    expect(error).toEqual(new Error("two"));
    expect(done.length).toBeLessThan(3);
  });
});

describe("words", () => {
  const url = "https://box";

  test.each([
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "NODE_EXTRA_CA_CERTS=ca.pem or SSL_CERT_FILE=ca.pem"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "NODE_EXTRA_CA_CERTS=ca.pem"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "is for another name"],
    ["CERT_HAS_EXPIRED", "has expired"],
    ["EPROTO", "Perhaps the server speaks plain HTTP: --server http://…?"],
    ["Malformed_HTTP_Response", "does not speak HTTP"],
    ["ENOTFOUND", "No Breadbox answers at https://box."],
    ["ECONNRESET", "The connection to https://box broke: message"],
  ])("of %s", (code, words) => {
    expect(lineText(broken(code), url)).toContain(words);
  });

  test.each([
    [413, "", "A proxy in front of https://box limits how large a request may be (413)."],
    [413, "SIZE_INVALID", "Message. Smaller parts may pass: --part-size 8MiB"],
    [401, "", "--server https://USER:PASSWORD@HOST"],
    [502, "", "https://box answered 502 (message). The answer is not one of Breadbox"],
    [409, "CONFLICT", "Message."],
  ])("of status %p with code %p", (status, code, words) => {
    expect(refusedText(refused(status, code), url)).toContain(words);
  });
});

describe("the address of a server", () => {
  test.each([
    ["localhost:5000", "http://localhost:5000", null],
    ["https://boxes.example/", "https://boxes.example", null],
    ["https://boxes.example/box/", "https://boxes.example/box", null],
    ["https://me:p%40ss@boxes.example", "https://boxes.example", "Basic bWU6cEBzcw=="],
    ["https://me:50%@boxes.example", "https://boxes.example", "Basic bWU6NTAl"],
  ])("%s is %s", (text, url, authorization) => {
    expect(serverAddress.parse(text)).toEqual({ url, authorization });
  });

  test.each([
    [{ host: "127.0.0.1", port: 5000 }, "http://localhost:5000"],
    [{ host: "", port: 5000 }, "http://localhost:5000"],
    [{ host: "::1", port: 5000 }, "http://[::1]:5000"],
    [{ host: "10.0.0.7", port: 80 }, "http://10.0.0.7:80"],
    [{ host: "", port: 0 }, null],
  ])("of a server that listens on %p is %p", (listen, url) => {
    expect(urlOfListener(listen, "http")).toBe(url);
    expect(urlOfListener(listen, "https")).toBe(url?.replace("http", "https") ?? null);
  });
});
