// Several ranges of a blob in one request, over a socket: parts, framing, memory that does not grow, clients that leave.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { readerOf } from "../../src/content/intact.ts";
import { spanBody } from "../../src/http/byteRanges.ts";
import { mostRanges } from "../../src/http/ranges.ts";
import { digestOf } from "../../src/model/digest.ts";
import { type RawAnswer, request } from "../support/rawHttp.ts";
import { noise } from "../support/store.ts";
import { imageType, type PushedImage, pushImage } from "./support/image.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";
const large = noise(20 * 1_048_576);
const largePath = `/v2/${name}/blobs/${digestOf(large)}`;
let registry: TestRegistry;
let image: PushedImage;
beforeAll(async () => {
  registry = await openRegistry();
  image = await pushImage(registry.url, { name, tag: "1.0", size: 70_000 });
  const address = `${registry.url}/v2/${name}/blobs/uploads/?digest=${digestOf(large)}`;
  expect((await fetch(address, { method: "POST", body: large })).status).toBe(201);
});
afterAll(() => registry[Symbol.asyncDispose]());

const layerPath = () => `/v2/${name}/blobs/${image.layerDigest}`;
const get = (path: string, range: string, more: [string, string][] = []) =>
  registry.raw(`GET ${path}`, [["Range", range], ...more]);

interface Part {
  readonly type: string;
  readonly range: string;
  readonly bytes: Buffer;
}

/** The parts of a multipart answer, by the letter of RFC 2046. */
function partsOf({ status, headers, body }: RawAnswer): Part[] {
  expect(status).toBe(206);
  const type = headers.get("content-type") ?? "";
  const [, boundary] = /^multipart\/byteranges; boundary=([A-Za-z0-9-]{20,70})$/.exec(type) ?? [];
  const text = body.toString("latin1");
  expect(text).toStartWith(`--${boundary}\r\n`);
  expect(text).toEndWith(`\r\n--${boundary}--\r\n`);
  const inner = text.slice(boundary?.length ?? 0, text.lastIndexOf(`\r\n--${boundary}--`)).slice(4);
  return inner.split(`\r\n--${boundary}\r\n`).map((part) => {
    const end = part.indexOf("\r\n\r\n");
    const { type = "", range = "" } =
      /^Content-Type: (?<type>.+)\r\nContent-Range: (?<range>.+)$/.exec(part.slice(0, end))
        ?.groups ?? {};
    return { type, range, bytes: Buffer.from(part.slice(end + 4), "latin1") };
  });
}

describe("a request for several ranges", () => {
  test("is answered with parts in the order asked for, each with its type and position", async () => {
    const answer = await get(layerPath(), "bytes=100-199,-5,0-0");

    const parts = partsOf(answer);
    const octets = "application/octet-stream";
    expect(parts.map(({ type, range }) => [type, range])).toEqual([
      [octets, "bytes 100-199/70000"],
      [octets, "bytes 69995-69999/70000"],
      [octets, "bytes 0-0/70000"],
    ]);
    const { layer } = image;
    expect(parts.map(({ bytes }) => bytes.toString("hex"))).toEqual(
      [layer.slice(100, 200), layer.slice(-5), layer.slice(0, 1)].map((bytes) =>
        Buffer.from(bytes).toString("hex"),
      ),
    );
  });

  test("keeps the headers of content, and has a length when it is short", async () => {
    const answer = await get(layerPath(), "bytes=0-9,20-29");

    const { headers } = answer;
    expect(headers.get("content-length")).toBe(String(answer.body.length));
    expect(headers.get("docker-content-digest")).toBe(image.layerDigest);
    expect(headers.get("etag")).toBe(`"${image.layerDigest}"`);
    expect(headers.get("accept-ranges")).toBe("bytes");
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.has("content-range")).toBe(false);
  });

  test("gets adjacent ranges as separate parts", async () => {
    const parts = partsOf(await get(layerPath(), "bytes=0-9,10-19"));
    expect(parts.map(({ range }) => range)).toEqual(["bytes 0-9/70000", "bytes 10-19/70000"]);
  });

  test("with only one satisfiable range is answered as one range", async () => {
    for (const range of ["bytes=10-50,40-69", "bytes=10-69,70000-", "bytes=, 10-69"]) {
      const answer = await get(layerPath(), range);
      expect([range, answer.status]).toEqual([range, 206]);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-range")).toBe("bytes 10-69/70000");
      expect(answer.headers.get("content-length")).toBe("60");
      expect(answer.body.equals(Buffer.from(image.layer.slice(10, 70)))).toBe(true);
    }
  });

  test("without a satisfiable range is 416", async () => {
    const answer = await get(layerPath(), "bytes=70000-,-0,99999-99999999999999999999");
    expect([answer.status, answer.headers.get("content-range")]).toEqual([416, "bytes */70000"]);
  });

  test("with If-Range of another version is answered with the whole content", async () => {
    const range = "bytes=0-9,20-29";
    const other = await get(layerPath(), range, [["If-Range", '"another"']]);
    expect([other.status, other.body.length]).toEqual([200, 70_000]);
    const same = await get(layerPath(), range, [["If-Range", `"${image.layerDigest}"`]]);
    expect(partsOf(same)).toHaveLength(2);
  });

  test("with a malformed Range is answered with the whole content", async () => {
    for (const range of ["bytes=0-9;20-29", "bytes=0-9,x", "items=0-9,20-29"]) {
      const answer = await get(layerPath(), range);
      expect([range, answer.status, answer.body.length]).toEqual([range, 200, 70_000]);
    }
  });

  test("is ignored for HEAD", async () => {
    const head = await registry.raw(`HEAD ${layerPath()}`, [["Range", "bytes=0-9,20-29"]]);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "70000"]);
  });

  test("of a manifest has its media type", async () => {
    const parts = partsOf(await get(`/v2/${name}/blobs/${image.digest}`, "bytes=0-4,-3"));
    expect(parts.map(({ type }) => type)).toEqual([imageType, imageType]);
    const bytes = parts.map((part) => part.bytes.toString());
    expect(bytes).toEqual([image.manifest.slice(0, 5), image.manifest.slice(-3)]);
  });

  test("of an empty blob is 416", async () => {
    const none = digestOf(new Uint8Array());
    const address = `/v2/${name}/blobs/uploads/?digest=${none}`;
    expect((await registry.raw(`POST ${address}`, [], "")).status).toBe(201);
    for (const range of ["bytes=0-", "bytes=-1", "bytes=0-0,2-2"]) {
      const answer = await get(`/v2/${name}/blobs/${none}`, range);
      expect([range, answer.status, answer.headers.get("content-length")]).toEqual([
        range,
        200,
        "0",
      ]);
    }
  });

  test("is counted as the bytes of the blob that were sent", async () => {
    const before = await sent();
    await get(layerPath(), "bytes=0-9,5-19,100-109");
    expect((await sent()) - before).toBe(30);
  });
});

async function sent(): Promise<number> {
  const text = await (await fetch(`${registry.url}/metrics`)).text();
  return Number(/^breadbox_blob_sent_bytes_total (\d+)$/m.exec(text)?.[1]);
}

describe("many ranges", () => {
  const spread = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) => {
      const start = at * Math.floor(large.length / count);
      return { start, end: start + length };
    });
  const header = (spans: readonly { start: number; end: number }[], prefix = "bytes=") =>
    prefix + spans.map(({ start, end }) => `${start}-${end - 1}`).join(",");

  test("as many as podman requests at once are answered part by part", async () => {
    const spans = spread(mostRanges, 3000);
    const parts = partsOf(await get(largePath, header(spans)));

    expect(parts).toHaveLength(mostRanges);
    for (const [index, { start, end }] of spans.entries()) {
      expect(parts[index]?.range).toBe(`bytes ${start}-${end - 1}/${large.length}`);
      expect(parts[index]?.bytes.equals(Buffer.from(large.subarray(start, end)))).toBe(true);
    }
  });

  test("more than that are answered with the whole content", async () => {
    const answer = await get(largePath, header(spread(mostRanges + 1, 10)));
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, `${large.length}`]);
    expect(digestOf(answer.body)).toBe(digestOf(large));
  });

  test("far apart, with positions of twelve digits, fit into a request", async () => {
    const far = Array.from({ length: mostRanges - 2 }, (_, at) => ({
      start: 100_000_000_000 + at * 10,
      end: 100_000_000_005 + at * 10,
    }));
    const parts = partsOf(await get(largePath, header(far, "bytes=0-1,4-5,")));
    expect(parts.map(({ bytes }) => bytes.length)).toEqual([2, 2]);
  });

  test("are not read further after the client has disconnected", async () => {
    const { port } = registry.http;
    const socket = connect({ host: "127.0.0.1", port });
    const half = large.length / 2;
    socket.write(request(`GET ${largePath}`, [["Range", `bytes=${half}-,0-${half - 2}`]]));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();

    while (registry.http.running() > 0) await Bun.sleep(5);
    const parts = partsOf(await get(largePath, "bytes=0-0,2-2"));
    expect(parts).toHaveLength(2);
    expect(registry.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

test("ranges of a blob that is deleted while they are sent arrive complete", async () => {
  const { storage, metadata } = registry.store.rooms;
  const content = noise(20 * 1_048_576);
  const digest = digestOf(content);
  const address = `${registry.url}/v2/${name}/blobs/uploads/?digest=${digest}`;
  await fetch(address, { method: "POST", body: content });
  const row = await metadata.contents.findContent(digest);
  if (row === null) throw new Error("not stored");
  const last = content.length - 1;

  const answer = await fetch(`${registry.url}/v2/${name}/blobs/${digest}`, {
    headers: { Range: `bytes=10-${last},0-8` },
  });
  const chunks = answer.body?.getReader();
  const parts = [(await chunks?.read())?.value ?? new Uint8Array()];
  await storage.content.delete(row.locator);
  for (let next = await chunks?.read(); next?.value; next = await chunks?.read()) {
    parts.push(next.value);
  }

  const body = Buffer.concat(parts);
  const start = body.indexOf("\r\n\r\n") + 4;
  expect(digestOf(body.subarray(start, start + content.length - 10))).toBe(
    digestOf(content.subarray(10)),
  );
});

test("long content is read in few pieces, each of bounded size", async () => {
  const lengths: number[] = [];
  const read = async (start: number, end: number) => {
    lengths.push(end - start);
    return new Uint8Array(end - start);
  };
  const reader = { ...readerOf(new Uint8Array()), read };

  const sent = await new Response(
    spanBody(async () => reader, { start: 5, end: large.length }),
  ).bytes();

  expect(sent).toHaveLength(large.length - 5);
  // A piece costs a turn of a worker and one of the connection: pieces of 128 KiB took three times as long.
  expect(lengths.length).toBeLessThanOrEqual(large.length / (512 * 1024));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(1_048_576);
});
