// Another registry over HTTP: one of our own, and one that breaks, lies and asks for a login.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { openSource } from "../../src/import/open.ts";
import { mayHaveLogin } from "../../src/import/remoteAsk.ts";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { buildImage, buildIndex, pushImage, pushManifest } from "../support/images.ts";
import { Scope } from "../support/scope.ts";
import { openStore } from "../support/store.ts";
import { digestOfTag, expectWhole, importInto, type Store } from "./room.ts";

const running = new Scope();
let registry: RunningRegistry;
let scope: Scope;
let store: Store;
const app = buildImage({ seed: "remote/app", layerSizes: [900_000, 10] });
const other = buildImage({ seed: "remote/other", layerSizes: [500] });
const multi = buildIndex({ seed: "remote/multi", layerSizes: [2000] }, ["amd64", "arm64"]);
const referrer = buildImage({ seed: "remote/referrer", layerSizes: [30] });
const signature = withSubject();

function withSubject() {
  const { mediaType, digest, bytes } = app.manifest;
  const subject = { mediaType, digest, size: bytes.length };
  const text = JSON.stringify({
    ...JSON.parse(Buffer.from(referrer.manifest.bytes).toString()),
    subject,
  });
  const body = Buffer.from(text);
  const name = `sha256:${new Bun.CryptoHasher("sha256").update(body).digest("hex")}`;
  return { ...referrer, manifest: { ...referrer.manifest, bytes: body, digest: name } };
}

beforeAll(async () => {
  registry = await startBreadbox(running);
  const at = (name: string) => `${registry.url}/v2/${name}`;
  await pushImage(at("lab/app"), "1.0", app);
  await pushImage(at("lab/app"), "1.1", other);
  await pushImage(at("lab/app"), signature.manifest.digest, signature);
  for (const image of multi.images) await pushImage(at("multi"), image.manifest.digest, image);
  await pushManifest(at("multi"), "v1", multi.manifest);
});
afterAll(() => running[Symbol.asyncDispose]());
beforeEach(async () => {
  scope = new Scope();
  store = await openStore();
  scope.defer(() => store.remove());
});
afterEach(() => scope.close());

const open = (place: string, password: string | null = null) =>
  openSource({
    ...{ place, repository: null, manifestMaxBytes: 4_194_304 },
    login: password === null ? null : { username: "me", password, tokenServer: null },
  });

/** Hands on what the registry answers, changed. */
function between(
  change: (request: Request, answer: Response) => Response | Promise<Response>,
): string {
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const { accept, range } = Object.fromEntries(request.headers);
      const headers = { ...(accept && { accept }), ...(range && { range }) };
      return change(request, await fetch(`${registry.url}${pathname}${search}`, { headers }));
    },
  });
  scope.defer(() => server.stop(true));
  return `127.0.0.1:${server.port}`;
}

/** Sends a head, and the beginning of a body; then the line is cut, unless that was all. */
async function sendPart(
  socket: Socket,
  status: number,
  bytes: Uint8Array,
  end: number,
): Promise<void> {
  const length = `content-length: ${bytes.length}`;
  socket.write(`HTTP/1.1 ${status} -\r\nconnection: close\r\n${length}\r\n\r\n`);
  for (let at = 0; at < end; await Bun.sleep(1)) at += socket.write(bytes.subarray(at, end));
  if (end === bytes.length) return;
  await Bun.sleep(300);
  socket.terminate();
}

type Line = (socket: Socket, answer: Response, range: string | null) => void;

/** Hands on each request by itself; `answer` writes what is sent back. */
function onRawLine(answer: Line): string {
  const server = Bun.listen({
    ...{ hostname: "127.0.0.1", port: 0 },
    socket: {
      data: async (socket, head) => {
        const [, path = "", range = null] =
          /^GET (\S+)(?:.*^range: (\S+)\r$)?/ims.exec(head.toString()) ?? [];
        const accept = /^accept: (.*)\r$/im.exec(head.toString())?.[1] ?? "*/*";
        const headers = { accept, ...(range !== null && { range }) };
        answer(socket, await fetch(`${registry.url}${path}`, { headers }), range);
      },
    },
  });
  scope.defer(() => server.stop(true));
  return `127.0.0.1:${server.port}`;
}

describe("another registry", () => {
  test("arrives whole: repositories, tags, indexes, and what refers to its images", async () => {
    const report = await importInto(store, open(registry.host));

    expect(report).toMatchObject({
      ...{ repositories: 2, problems: [] },
      tags: { imported: 3 },
      manifests: { imported: 6 },
    });
    await expectWhole(store, "lab/app", app);
    await expectWhole(store, "lab/app", signature);
    for (const image of multi.images) await expectWhole(store, "multi", image);
    expect(await digestOfTag(store, "multi", "v1")).toBe(multi.manifest.digest);
    const again = await importInto(store, open(registry.host));
    expect(again).toMatchObject({
      tags: { imported: 0, here: 3 },
      blobs: { download: { blobs: 0 } },
    });
  });

  test("is imported in one repository where one is named, and counted by a dry run", async () => {
    const dry = await importInto(store, open(`${registry.host}/lab/app`), { dryRun: true });
    expect(dry).toMatchObject({
      repositories: 1,
      tags: { imported: 2 },
      manifests: { imported: 3 },
    });
    expect(dry.blobs.download.blobs).toBe(
      app.blobs.length + other.blobs.length + referrer.blobs.length,
    );
    expect(await digestOfTag(store, "lab/app", "1.0")).toBeNull();

    expect(await importInto(store, open(`${registry.host}/lab/app`))).toMatchObject({
      repositories: 1,
    });
    expect(await digestOfTag(store, "multi", "v1")).toBeNull();
  });

  test("whose line breaks is asked again from where it broke", async () => {
    const ranges: (string | null)[] = [];
    const host = onRawLine(async (socket, answer, range) => {
      const bytes = await answer.bytes();
      const isLarge = bytes.length > 500_000;
      if (isLarge) ranges.push(range);
      const isFirst = isLarge && ranges.length === 1;
      await sendPart(socket, answer.status, bytes, isFirst ? 40_000 : bytes.length);
    });

    const { problems } = await importInto(store, open(`${host}/lab/app`));

    expect(problems).toEqual([]);
    expect(ranges).toEqual([null, "bytes=40000-"]);
    await expectWhole(store, "lab/app", app);
  });

  test("that sends other bytes, or too few, loses that image only", async () => {
    const host = between(async (request, answer) => {
      const bytes = await answer.bytes();
      if (!request.url.includes("/blobs/") || bytes.length < 500_000)
        return new Response(bytes, answer);
      return new Response(new Uint8Array(bytes.length));
    });

    const { problems, tags } = await importInto(store, open(`${host}/lab/app`));

    expect(problems).toMatchObject([{ repository: "lab/app", reference: "1.0" }]);
    expect(problems[0]?.reason).toContain("the bytes are damaged");
    expect(tags.imported).toBe(1);
    await expectWhole(store, "lab/app", other);
  });

  test("that asks for a login by token gets it, for each repository", async () => {
    const scopes: (string | null)[] = [];
    const host = between((request, answer) => {
      const { pathname, searchParams, origin } = new URL(request.url);
      const authorization = request.headers.get("authorization") ?? "";
      if (pathname === "/token") {
        scopes.push(searchParams.get("scope"));
        const isKnown = authorization === `Basic ${btoa("me:secret")}`;
        return isKnown ? Response.json({ token: "t" }) : new Response(null, { status: 401 });
      }
      const challenge = `Bearer realm="${origin}/token",service="old"`;
      if (authorization === "Bearer t") return answer;
      return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
    });

    expect(await importInto(store, open(host, "secret"))).toMatchObject({
      problems: [],
      repositories: 2,
    });
    expect(scopes).toEqual([
      "registry:catalog:*",
      "repository:lab/app:pull",
      "repository:multi:pull",
    ]);
    await expect(importInto(store, open(host, "wrong"))).rejects.toThrow("is the login right?");
  });

  test("is not a web site", async () => {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("hello"),
    });
    scope.defer(() => server.stop(true));
    const found = importInto(store, open(`127.0.0.1:${server.port}`));
    await expect(found).rejects.toThrow("is no JSON: is this a registry?");
  });
});

test("a login is sent to the registry and its own token server only, and never over a worse line (CVE-2026-33540)", () => {
  const may = (base: string, realm: string, named: string | null = null) =>
    mayHaveLogin(new URL(base), new URL(realm), named);
  expect(may("https://registry.example.com", "https://registry.example.com/token")).toBe(true);
  expect(may("https://registry-1.docker.io", "https://auth.docker.io/token")).toBe(true);
  const auth = "https://auth.example.com/token";
  expect(may("https://registry.example.com", auth)).toBe(false);
  expect(may("https://registry.example.com", auth, "auth.example.com")).toBe(true);
  expect(may("https://registry.example.com", auth, "example.com")).toBe(false);
  // Domains below which anybody can have a name.
  expect(may("https://home.duckdns.org", "https://evil.duckdns.org/token")).toBe(false);
  expect(may("https://me.github.io", "https://evil.github.io/token")).toBe(false);
  expect(may("https://registry.shop.co.uk", "https://evil.co.uk/token")).toBe(false);
  const plain = "http://auth.example.com/token";
  expect(may("https://registry.example.com", plain, "auth.example.com")).toBe(false);
  expect(may("https://registry.example.com", "http://registry.example.com/token")).toBe(false);
  expect(may("https://registry.example.com", "https://evil.com/token")).toBe(false);
  expect(may("https://registry.example.com", "https://notexample.com/token")).toBe(false);
  expect(may("https://example.com", "https://evil.com/token")).toBe(false);
});
