// What the conformance program asks of blobs, in tests of our own that run where it cannot be had: every way to push, either
// algorithm, then found under its location, in parts, deleted, gone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningRegistry, startBreadbox } from "../support/binary.ts";
import { digestWith, randomBytes } from "../support/bytes.ts";
import { Scope } from "../support/scope.ts";

const scope = new Scope();
let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startBreadbox(scope);
});
afterAll(() => scope.close());

const algorithms = ["sha256", "sha512"] as const;
type Bytes = Uint8Array<ArrayBuffer>;

/** One request. @throws Error with the answer when it has another status. */
async function ask(status: number, address: string | URL, init: RequestInit = {}) {
  const response = await fetch(new URL(address, registry.url), init);
  const body = await response.bytes();
  if (response.status !== status) {
    throw new Error(`${init.method} ${address}: ${response.status}\n${Buffer.from(body)}`);
  }
  return { headers: response.headers, body };
}

const repository = (name: string): string => `/v2/life/${name}`;
const start = async (name: string, query = ""): Promise<string> =>
  placeOf(await ask(202, `${repository(name)}/blobs/uploads/${query}`, { method: "POST" }));

const placeOf = ({ headers }: { readonly headers: Headers }): string =>
  headers.get("location") ?? "";

const closing = (place: string, digest: string): URL => {
  const url = new URL(place, registry.url);
  url.searchParams.set("digest", digest);
  return url;
};

const chunk = (place: string, bytes: Bytes, from: number, to: number) =>
  ask(202, place, {
    method: "PATCH",
    headers: { "content-range": `${from}-${to - 1}`, "content-type": "application/octet-stream" },
    body: bytes.subarray(from, to),
  });

type Push = (name: string, bytes: Bytes, digest: string) => Promise<{ headers: Headers }>;

const inOnePost: Push = (name, bytes, digest) =>
  ask(201, `${repository(name)}/blobs/uploads/?digest=${digest}`, { method: "POST", body: bytes });

const withPut: Push = async (name, bytes, digest) =>
  ask(201, closing(await start(name), digest), { method: "PUT", body: bytes });

const inOneChunk: Push = async (name, bytes, digest) => {
  const sent = await chunk(await start(name), bytes, 0, bytes.length);
  expect(sent.headers.get("range")).toBe(`0-${bytes.length - 1}`);
  return ask(201, closing(placeOf(sent), digest), { method: "PUT" });
};

const streamed: Push = async (name, bytes, digest) => {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 1000) {
        controller.enqueue(bytes.subarray(at, at + 1000));
      }
      controller.close();
    },
  });
  const sent = await ask(202, await start(name), { method: "PATCH", body });
  return ask(201, closing(placeOf(sent), digest), { method: "PUT" });
};

/** Two chunks and the rest with the closing PUT; before each of them a chunk that does not belong there. */
const inChunks: Push = async (name, bytes, digest) => {
  let place = await start(name);
  for (const [from, to] of [
    [0, 1000],
    [1000, 2500],
  ] as const) {
    const ahead = { "content-range": `${to}-${to + 9}` };
    const body = bytes.subarray(to, to + 10);
    await ask(416, place, { method: "PATCH", headers: ahead, body });
    const status = await ask(204, place);
    expect(status.headers.get("range")).toBe(`0-${Math.max(0, from - 1)}`);
    place = placeOf(await chunk(placeOf(status), bytes, from, to));
  }
  const again = { "content-range": "0-999" };
  const early = closing(place, digest);
  await ask(416, early, { method: "PUT", headers: again, body: bytes.subarray(0, 1000) });
  const rest = { "content-range": `2500-${bytes.length - 1}` };
  return ask(201, early, { method: "PUT", headers: rest, body: bytes.subarray(2500) });
};

const mounted =
  (from: string): Push =>
  async (name, bytes, digest) => {
    await inOnePost("source", bytes, digest);
    const query = `?mount=${digest}${from}`;
    return ask(201, `${repository(name)}/blobs/uploads/${query}`, { method: "POST" });
  };

/** Asked to mount what the other repository does not have: it opens a session. */
const notMounted: Push = async (name, bytes, digest) => {
  const place = await start(name, `?mount=${digest}&from=life/elsewhere`);
  return ask(201, closing(place, digest), { method: "PUT", body: bytes });
};

const pushes: readonly (readonly [string, Push])[] = [
  ["in one POST", inOnePost],
  ["with POST and PUT", withPut],
  ["in one chunk", inOneChunk],
  ["as a stream", streamed],
  ["in chunks, some of them misplaced", inChunks],
  ["by a mount", mounted("&from=life/source")],
  ["by a mount from anywhere", mounted("")],
  ["after a mount that is not possible", notMounted],
];

async function expectHeld(place: string, bytes: Bytes, digest: string): Promise<void> {
  const expected = { "docker-content-digest": digest, "content-length": String(bytes.length) };
  for (const method of ["GET", "HEAD"]) {
    const { headers, body } = await ask(200, place, { method });
    expect(headers.toJSON()).toMatchObject(expected);
    if (method === "GET") expect(Buffer.compare(body, bytes)).toBe(0);
  }
  for (const [range, from, to] of [
    ["bytes=500-1499", 500, 1500],
    ["bytes=500-", 500, bytes.length],
    ["bytes=-500", bytes.length - 500, bytes.length],
    [`bytes=500-${bytes.length + 9}`, 500, bytes.length],
  ] as const) {
    const part = await ask(206, place, { headers: { range } });
    expect(part.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${bytes.length}`);
    expect(Buffer.compare(part.body, bytes.subarray(from, to))).toBe(0);
  }
  await ask(416, place, { headers: { range: `bytes=${bytes.length}-` } });
}

describe.each(algorithms)("a blob named by %s", (algorithm) => {
  test.each(pushes)("pushed %s is served, and is gone once deleted", async (how, push) => {
    const bytes = new Uint8Array(randomBytes(`${algorithm}/${how}`, 5000));
    const digest = digestWith(algorithm, bytes);
    const place = `${repository("blobs")}/blobs/${digest}`;
    await ask(404, place);

    const pushed = await push("blobs", bytes, digest);

    expect(placeOf(pushed)).toBe(place);
    await expectHeld(placeOf(pushed), bytes, digest);
    await ask(202, place, { method: "DELETE" });
    await ask(404, place, { method: "HEAD" });
    await ask(404, place, { method: "DELETE" });
  });

  test.each(["", "{}"])("%p is a blob like others", async (text) => {
    const bytes = new TextEncoder().encode(text);
    const digest = digestWith(algorithm, bytes);
    const place = `${repository("small")}/blobs/${digest}`;
    for (const push of [inOnePost, withPut]) {
      await ask(404, place);
      await push("small", bytes, digest);
      expect(Buffer.from((await ask(200, place)).body).toString()).toBe(text);
      await ask(202, place, { method: "DELETE" });
    }
  });

  test("is refused when the bytes differ from the digest, in every way of pushing", async () => {
    const bytes = new Uint8Array(randomBytes(`${algorithm}/other`, 3000));
    const digest = digestWith(algorithm, randomBytes("expected", 10));
    const put = { method: "PUT", body: bytes };
    await ask(400, closing(await start("bad"), digest), put);
    await ask(400, closing(await start("bad"), `${algorithm}:baddigeststring`), put);
    const sent = await chunk(await start("bad"), bytes, 0, bytes.length);
    await ask(400, closing(placeOf(sent), digest), { method: "PUT" });
    await ask(400, `${repository("bad")}/blobs/uploads/?digest=${digest}`, {
      method: "POST",
      body: bytes,
    });
    await ask(404, `${repository("bad")}/blobs/${digest}`);
  });
});

test("a cancelled upload answers 404", async () => {
  const place = await start("cancelled");
  await ask(204, place, { method: "DELETE" });
  await ask(404, place);
});
