// HEAD is GET without a body: same status, same headers, nothing behind them. Asked over a socket, for every address of the table.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { digestOf } from "../../src/model/digest.ts";
import { type RawAnswer, request } from "../support/rawHttp.ts";
import { fill, methodsAt, operationAt, paths } from "./support/addresses.ts";
import { badHost, cases, type Headers, name, sha512 } from "./support/headCases.ts";
import { type PushedImage, pushImage } from "./support/image.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

let registry: TestRegistry;
let image: PushedImage;
/** Values of an address that are known only when the server runs. */
let values: Readonly<Record<string, string>>;
beforeAll(async () => {
  registry = await openRegistry();
  image = await pushImage(registry.url, { name, tag: "1.0", size: 70_000 });
  for (const tag of ["2.0", "3.0"]) await pushImage(registry.url, { name, tag, size: 10 });
  await pushImage(registry.url, { name: "another", tag: "1.0" });
  const uploads = `/v2/${name}/blobs/uploads/`;
  await registry.raw(`POST ${uploads}?digest=${sha512}`, [], "sha512");
  await registry.raw(`POST ${uploads}?digest=${digestOf(new Uint8Array())}`, [], "");
  const fresh = await registry.raw(`POST ${uploads}`, [], "");
  const begun = (await registry.raw(`POST ${uploads}`, [], "")).headers.get("location") ?? "";
  await registry.raw(`PATCH ${begun}`, [], "12345");
  await registry.raw("POST /v1/buckets", [], '{"name":"backups"}');
  await registry.raw("POST /v1/buckets", [], '{"name":"other"}');
  await registry.raw("PUT /v1/buckets/backups/objects/path/to/file", [], "content");
  await registry.raw("PUT /v1/buckets/backups/objects/empty", [], "");
  const multipart = "/v1/buckets/backups/multipart-uploads";
  const initiated = await registry.raw(`POST ${multipart}`, [], '{"object":"a"}');
  const upload = initiated.headers.get("location") ?? "";
  for (const part of [1, 2]) await registry.raw(`PUT ${upload}/parts/${part}`, [], "part");
  values = {
    upload,
    manifest: image.digest,
    layer: image.layerDigest,
    begun,
    fresh: fresh.headers.get("location") ?? "",
  };
});
afterAll(() => registry[Symbol.asyncDispose]());

/** Their bodies grow with every request. */
const restless = ["/metrics"];
const readable = paths.filter((path) => operationAt(path, "GET") !== null);
const plain = (template: string): string => fill(template, { ":name": name, ":reference": "1.0" });
const unreadable = paths.filter((path) => operationAt(path, "GET") === null);

/** One answer to its last byte, on a connection that ends with it: whatever stands behind its head is its body. */
function ask(method: string, path: string, headers: Headers = {}): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const socket = connect({ host: "127.0.0.1", port: registry.http.port });
  const chunks: Buffer[] = [];
  const all = Object.entries({ Connection: "close", ...headers });
  socket.on("connect", () => socket.write(request(`${method} ${path}`, all)));
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", reject);
  socket.on("end", () => {
    socket.destroy();
    resolve(readAnswer(Buffer.concat(chunks)));
  });
  return promise;
}

function readAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(" ")[1]), headers, body: bytes.subarray(end + 4) };
}

/** Everything but what differs from one answer to the next. */
function stable({ headers }: RawAnswer): Headers {
  const { date: _date, "x-request-id": _id, ...rest } = Object.fromEntries(headers);
  return rest;
}

/** @param expected null for whatever GET answers. */
async function expectSame(
  expected: number | null,
  path: string,
  headers: Headers = {},
): Promise<void> {
  const target = path.replaceAll(/<(\w+)>/g, (_, key: string) => values[key] ?? "");
  const get = await ask("GET", target, headers);
  const head = await ask("HEAD", target, headers);

  const status = expected ?? get.status;
  expect([get.status, head.status]).toEqual([status, status]);
  expect(head.body.length).toBe(0);
  expect(head.headers.has("x-request-id")).toBe(true);
  expect(get.headers.has("transfer-encoding")).toBe(false);
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? undefined : String(get.body.length);
  expect(get.headers.get("content-length")).toBe(length);
  if (!restless.includes(target)) expect(stable(head)).toEqual(stable(get));
  else expect(Object.keys(stable(head))).toEqual(Object.keys(stable(get)));
}

describe("HEAD", () => {
  test("is supported wherever GET is, and nowhere else", () => {
    for (const path of paths) {
      const [get, head] = [operationAt(path, "GET"), operationAt(path, "HEAD")];
      expect([path, head?.action]).toEqual([path, get?.action]);
    }
  });

  test("has cases only for paths that support it", () => {
    expect(readable).toEqual(expect.arrayContaining(Object.keys(cases)));
  });

  test.each(readable)("%s answers like GET", (template) => expectSame(null, plain(template)));

  const asked = Object.values(cases).flat();
  test.each(asked.map(([path, status, headers]) => [path, headers ?? {}, status] as const))(
    "%s with %p answers %p like GET",
    (path, headers, status) => expectSame(status, path, headers),
  );

  test.each(readable)("%s answers a malformed Host like GET", (template) =>
    expectSame(400, plain(template), badHost),
  );

  test.each(unreadable)("%s supports neither", async (template) => {
    const path = fill(template);
    await expectSame(405, path);
    const { headers } = await ask("HEAD", path);
    expect(headers.get("allow")).toBe(methodsAt(template).join(", "));
  });

  test.each([
    "/",
    "/v2/x",
    "/v2/team//app/tags/list",
    "/v2/team/app/",
    "/v3/",
    "/v2/%2e/tags/list",
  ])("%s, an unknown path, answers like GET", async (path) => {
    const { status } = await ask("GET", path);
    expect([400, 404]).toContain(status);
    await expectSame(status, path);
  });

  test("of a blob ignores ranges", async () => {
    const path = `/v2/${name}/blobs/${image.layerDigest}`;
    const whole = stable(await ask("HEAD", path));
    for (const range of ["bytes=0-9", "bytes=0-9,20-29", "bytes=99999-", "x"]) {
      const head = await ask("HEAD", path, { Range: range });
      expect([head.status, stable(head), head.body.length]).toEqual([200, whole, 0]);
    }
  });

  test("of a read-only store answers like GET", async () => {
    await using broken = await openRegistry();
    broken.store.rooms.latch.trip("a sync failed", new Error("EIO"));
    const [get, head] = [await broken.raw("GET /readyz"), await broken.raw("HEAD /readyz")];
    expect([get.status, head.status]).toEqual([503, 503]);
    expect(stable(head)).toEqual(stable(get));
  });
});
