// Certificates of a listener are replaced while clients come and go.
import { describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import { issue } from "../support/certificates.ts";
import { openRegistry } from "./support/registry.ts";

const pairs = [await issue(), await issue()].map(({ pair }) => ({ ...pair, clientCa: null }));
const [first = null, second = null] = pairs;
if (first === null || second === null) throw new Error("two pairs are needed");
const tls = { rejectUnauthorized: false };

/** The port was closed, or the connection was not accepted yet: no byte of the request was read. */
const unheard = new Set(["ECONNREFUSED", "ConnectionRefused", "ECONNRESET"]);

/** PEM of the certificate that a new connection gets. */
const shown = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ...tls }, () => {
      resolve(socket.getPeerX509Certificate()?.toString() ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });

describe("a listener with TLS", () => {
  test("keeps port and clients through a hundred replacements", async () => {
    await using registry = await openRegistry({ tls: first });
    const { http } = registry;
    const url = `https://127.0.0.1:${http.port}/v2/`;
    let isOver = false;
    let answered = 0;
    const failures = new Set<unknown>();
    const client = async (keepalive: boolean) => {
      while (!isOver) {
        try {
          const answer = await fetch(url, { keepalive, tls });
          expect(await answer.text()).toBe("{}");
          answered += 1;
        } catch (error) {
          failures.add(error instanceof Error && "code" in error ? error.code : error);
        }
      }
    };
    const clients = [false, false, true, true].map(client);
    for (let at = 1; at <= 100; at += 1) {
      http.replaceTls(at % 2 === 0 ? first : second);
      await Bun.sleep(10);
    }
    isOver = true;
    await Promise.all(clients);

    expect(answered).toBeGreaterThan(100);
    expect(failures.difference(unheard)).toEqual(new Set());
    http.replaceTls(second);
    expect((await shown(http.port)).trim()).toBe(second.certificate.trim());
    expect(new URL(http.url).port).toBe(String(http.port));
    expect(http.running()).toBe(0);
  }, 60_000);

  test("answers a request that began before, and stops with it", async () => {
    await using registry = await openRegistry({ tls: first });
    const { http } = registry;
    const sender = new TransformStream<Uint8Array, Uint8Array>();
    const writer = sender.writable.getWriter();
    const url = `https://127.0.0.1:${http.port}/v2/slow/blobs/uploads/`;
    const post = await fetch(url, { method: "POST", tls });
    const location = new URL(post.headers.get("location") ?? "", url);
    const patch = fetch(location, { method: "PATCH", body: sender.readable, tls });
    await writer.write(new Uint8Array(1000));
    while (http.running() === 0) await Bun.sleep(1);

    http.replaceTls(second);
    expect(http.running()).toBe(1);
    const stopping = http.drain(10_000);
    await writer.write(new Uint8Array(500));
    await writer.close();

    const answer = await patch;
    expect([answer.status, answer.headers.get("range")]).toEqual([202, "0-1499"]);
    await stopping;
    expect(http.running()).toBe(0);
  });

  test("tells clients whose connection ends with a running answer", async () => {
    await using registry = await openRegistry({ tls: first });
    const { http } = registry;
    const url = `https://127.0.0.1:${http.port}/v2/slow/blobs/uploads/`;
    const post = await fetch(url, { method: "POST", tls });
    expect(post.headers.get("connection")).not.toBe("close");
    const location = new URL(post.headers.get("location") ?? "", url);
    const sender = new TransformStream<Uint8Array, Uint8Array>();
    const writer = sender.writable.getWriter();
    const patch = fetch(location, { method: "PATCH", body: sender.readable, tls });
    await writer.write(new Uint8Array(1000));
    while (http.running() === 0) await Bun.sleep(1);

    http.replaceTls(second);
    await writer.close();

    const answer = await patch;
    expect([answer.status, answer.headers.get("connection")]).toEqual([202, "close"]);
    const next = await fetch(url, { method: "POST", tls });
    expect([next.status, next.headers.get("connection")]).not.toContain("close");
  });

  test("serves its CA, with and without a copy at the client", async () => {
    await using registry = await openRegistry({ tls: first, authority: "CA\n" });
    const url = `https://127.0.0.1:${registry.http.port}/ca.crt`;

    const answer = await fetch(url, { tls });
    expect([answer.status, await answer.text()]).toEqual([200, "CA\n"]);
    expect(answer.headers.get("content-disposition")).toContain("breadbox-ca.crt");
    const etag = answer.headers.get("etag") ?? "";
    expect((await fetch(url, { tls, headers: { "if-none-match": etag } })).status).toBe(304);
    const head = await fetch(url, { tls, method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "3"]);
  });
});
