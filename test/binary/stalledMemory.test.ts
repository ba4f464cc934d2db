// Clients that begin something and then neither send nor read: they cost connections, not memory.
import { expect } from "bun:test";
import { clientTest } from "../support/clientTest.ts";
import { waitFor } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { stall } from "../support/stalled.ts";
import { startRegistry } from "../support/startRegistry.ts";

const mebibyte = 2 ** 20;
const uploads = 2_000;
const readers = 200;
const ociManifest = "application/vnd.oci.image.manifest.v1+json";

async function start(scope: Scope) {
  const registry = await startRegistry(scope);
  return { registry, asks: await pushLargeManifest(registry.url) };
}

/** A manifest of just under 4 MiB. @returns how it can be asked for. */
async function pushLargeManifest(url: string): Promise<string[]> {
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update("{}").digest("hex")}`;
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 2 };
  const annotations = { text: "x".repeat(4 * mebibyte - 2_000) };
  const body = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: ociManifest, config, layers: [], annotations },
  });
  const uploads = `${url}/v2/team/app/blobs/uploads/`;
  await fetch(`${uploads}?digest=${digest}`, { method: "POST", body: "{}" });
  const headers = { "Content-Type": ociManifest };
  const pushed = await fetch(`${url}/v2/team/app/manifests/v1`, { method: "PUT", body, headers });
  expect(pushed.status).toBe(201);
  const blob = `/v2/team/app/blobs/${pushed.headers.get("docker-content-digest")}`;
  const ask = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`;
  return [
    ask("/v2/team/app/manifests/v1"),
    ask(blob),
    ask(blob, "Range: bytes=1-\r\n"),
    ask(blob, "Range: bytes=0-4000000\r\n"),
  ];
}

/** Addresses of upload sessions. */
async function startSessions(url: string, count: number): Promise<string[]> {
  const paths: string[] = [];
  const lane = async () => {
    while (paths.length < count) {
      const begun = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: "POST" });
      const { pathname, search } = new URL(begun.headers.get("location") ?? "", url);
      paths.push(`${pathname}${search}`);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return paths;
}

clientTest(
  `${uploads} uploads that stall and ${readers} readers that do not read a large manifest take at most 96 MiB`,
  { commands: [], timeoutMs: 240_000 },
  async (scope) => {
    const { registry, asks } = await start(scope);
    const paths = await startSessions(registry.url, uploads);
    const idle = registry.rssBytes();
    const piece = Buffer.alloc(150_000, 7);

    const stalled = await stall(scope, registry.port, uploads, (index) =>
      Buffer.concat([
        Buffer.from(
          `PATCH ${paths[index]} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000000\r\n\r\n`,
        ),
        piece,
      ]),
    );
    const stuck = await stall(
      scope,
      registry.port,
      readers,
      (index) => asks[index % asks.length] ?? "",
    );
    const limit = idle + 96 * mebibyte;
    await waitFor("memory that is given back", () => registry.rssBytes() <= limit, {
      // The runtime reads what arrives at once, a slow disk takes a while to write all of it, and an idle runtime collects every 30 s.
      timeoutMs: 150_000,
      explain: () => `${(registry.rssBytes() - idle) / mebibyte} MiB above idle`,
    });

    expect([stalled.open(), stuck.open()]).toEqual([uploads, readers]);
    const answer = await fetch(`${registry.url}/v2/team/app/manifests/v1`);
    expect((await answer.bytes()).byteLength).toBe(Number(answer.headers.get("content-length")));
  },
);
