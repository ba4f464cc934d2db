import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Backend } from "../../src/http/services.ts";
import type { Content } from "../../src/storage/content.ts";
import { imageType, type PushedImage, pushImage } from "./support/image.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";
let registry: TestRegistry;
let image: PushedImage;
beforeAll(async () => {
  registry = await openRegistry();
  image = await pushImage(registry.url, { name, tag: "1.0", size: 70_000 });
});
afterAll(() => registry[Symbol.asyncDispose]());

const paths = (): readonly string[] => [
  "/v2/",
  `/v2/${name}/manifests/1.0`,
  `/v2/${name}/manifests/${image.digest}`,
  `/v2/${name}/blobs/${image.layerDigest}`,
  `/v2/${name}/blobs/${image.digest}`,
];

/** Everything but what differs from one answer to the next. */
function stable(headers: ReadonlyMap<string, string>): Record<string, string> {
  const { date: _date, "x-request-id": _id, ...rest } = Object.fromEntries(headers);
  return rest;
}

describe("HEAD", () => {
  test("has the headers of GET and no body", async () => {
    for (const path of paths()) {
      const get = await registry.raw(`GET ${path}`);
      const head = await registry.raw(`HEAD ${path}`);

      expect([path, head.status]).toEqual([path, 200]);
      expect(stable(head.headers)).toEqual(stable(get.headers));
      expect(head.headers.get("content-length")).toBe(`${get.body.length}`);
    }
  });

  test.each([
    ["/v2/team/app/manifests/none", 404],
    ["/v2/Team/manifests/none", 400],
    ["/v2/nobody/tags/list", 404],
    ["/v2/team/app/blobs/uploads/", 405],
    ["/nowhere", 404],
  ])("%s fails like GET, without a body", async (path, status) => {
    const head = await registry.raw(`HEAD ${path}`);

    expect(head.status).toBe(status);
    expect(head.headers.get("content-type")).toBe("application/json");
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(50);
  });

  test("of a blob reads none of its bytes", async () => {
    await using bytesless = await openRegistry({ change: withoutBytes });
    const pushed = await pushImage(bytesless.url, { name, tag: "1.0", size: 70_000 });
    const path = `/v2/${name}/blobs/${pushed.layerDigest}`;

    const head = await bytesless.raw(`HEAD ${path}`);
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe("70000");
    const get = await bytesless.raw(`GET ${path}`);
    expect([get.status, errorOf(get)["code"]]).toEqual([404, "BLOB_UNKNOWN"]);
  });
});

/** Content keeps its rows and its size, but whoever reads a byte of it fails. */
function withoutBytes(backend: Backend): Backend {
  const { storage } = backend.registry;
  const open: Content["open"] = async (row) => {
    const file = await storage.content.open(row);
    return file && { kind: "file", body: Bun.file(join(import.meta.dir, "absent")) };
  };
  const content = new Proxy(storage.content, {
    get: (target, key) => {
      const value: unknown = key === "open" ? open : Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...backend, registry: { ...backend.registry, storage: { ...storage, content } } };
}

describe("content", () => {
  test("of a manifest is served byte for byte with the media type it was pushed with", async () => {
    const answer = await registry.raw(`GET /v2/${name}/manifests/1.0`);

    expect(answer.body.toString()).toBe(image.manifest);
    expect(answer.headers.get("content-type")).toBe(imageType);
    expect(answer.headers.get("docker-content-digest")).toBe(image.digest);
    expect(answer.headers.get("etag")).toBe(`"${image.digest}"`);
    expect(answer.headers.get("cache-control")).toBe("no-cache");
  });

  test("of a blob cannot be run or sniffed by a browser", async () => {
    const { headers } = await registry.raw(`GET /v2/${name}/blobs/${image.layerDigest}`);

    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("accept-ranges")).toBe("bytes");
  });

  test("is never compressed, whatever Accept-Encoding says", async () => {
    for (const path of paths()) {
      const answer = await registry.raw(`GET ${path}`, [["Accept-Encoding", "gzip, zstd, br"]]);
      expect(answer.headers.has("content-encoding")).toBe(false);
      expect(answer.headers.has("transfer-encoding")).toBe(false);
    }
  });

  test("with a matching If-None-Match is 304", async () => {
    for (const method of ["GET", "HEAD"]) {
      for (const path of paths().slice(1)) {
        const known = await registry.raw(`HEAD ${path}`);
        const etag = known.headers.get("etag") ?? "";
        const answer = await registry.raw(`${method} ${path}`, [
          ["If-None-Match", `"x", W/${etag}`],
        ]);

        expect([path, answer.status, answer.body.length]).toEqual([path, 304, 0]);
        expect(answer.headers.get("etag")).toBe(etag);
      }
    }
  });

  test("by range has each header once, and exactly its bytes", async () => {
    const answer = await registry.raw(`GET /v2/${name}/blobs/${image.layerDigest}`, [
      ["Range", "bytes=10-69"],
    ]);

    expect(answer.status).toBe(206);
    expect(answer.headers.get("accept-ranges")).toBe("bytes");
    expect(answer.headers.get("content-range")).toBe("bytes 10-69/70000");
    expect(answer.headers.get("content-disposition")).toBe("attachment");
    expect(answer.body.equals(Buffer.from(image.layer.slice(10, 70)))).toBe(true);
  });

  test("by range may end far beyond the end", async () => {
    const beyond = "9".repeat(20);
    for (const [range, start] of [
      [`10-${beyond}`, 10],
      [`0-${2 ** 53}`, 0],
      [`-${beyond}`, 0],
    ] as const) {
      for (const [digest, whole] of [
        [image.layerDigest, Buffer.from(image.layer)],
        [image.digest, Buffer.from(image.manifest)],
      ] as const) {
        const answer = await registry.raw(`GET /v2/${name}/blobs/${digest}`, [
          ["Range", `bytes=${range}`],
        ]);
        const { length } = whole;

        expect([range, answer.status]).toEqual([range, 206]);
        expect(answer.headers.get("content-range")).toBe(`bytes ${start}-${length - 1}/${length}`);
        expect(answer.headers.get("content-length")).toBe(String(length - start));
        expect(answer.headers.get("etag")).toBe(`"${digest}"`);
        expect(answer.headers.get("content-type")).not.toContain("charset");
        expect(answer.body.equals(whole.subarray(start))).toBe(true);
      }
    }
  });

  test("of a manifest by digest supports ranges", async () => {
    const path = `/v2/${name}/blobs/${image.digest}`;
    const size = image.manifest.length;

    const part = await registry.raw(`GET ${path}`, [["Range", "bytes=-5"]]);
    expect([part.status, part.body.toString()]).toEqual([206, image.manifest.slice(-5)]);
    expect(part.headers.get("content-range")).toBe(`bytes ${size - 5}-${size - 1}/${size}`);

    const beyond = await registry.raw(`GET ${path}`, [["Range", `bytes=${size}-`]]);
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
  });

  test("by range with a matching If-Range is 206", async () => {
    for (const digest of [image.layerDigest, image.digest]) {
      const answer = await registry.raw(`GET /v2/${name}/blobs/${digest}`, [
        ["Range", "bytes=10-69"],
        ["If-Range", `"${digest}"`],
      ]);
      expect([answer.status, answer.headers.get("accept-ranges")]).toEqual([206, "bytes"]);
    }
  });

  test("by range with another If-Range is the whole content", async () => {
    const answer = await registry.raw(`GET /v2/${name}/blobs/${image.layerDigest}`, [
      ["Range", "bytes=10-69"],
      ["If-Range", '"another"'],
    ]);

    expect([answer.status, answer.body.length]).toEqual([200, 70_000]);
  });

  test("is found by a digest whose colon is escaped", async () => {
    const escaped = image.digest.replace(":", "%3A");
    for (const path of [`manifests/${escaped}`, `blobs/${escaped.replace("%3A", "%3a")}`]) {
      expect((await registry.raw(`GET /v2/${name}/${path}`)).status).toBe(200);
    }
  });
});

describe("lists", () => {
  test("have pages linked to one another", async () => {
    for (const tag of ["2.0", "latest"]) await pushImage(registry.url, { name, tag });
    const seen: string[] = [];
    let next: string | null = `/v2/${name}/tags/list?n=2`;
    while (next !== null) {
      const answer: Response = await fetch(registry.url + next);
      const page: unknown = await answer.json();
      expect(page).toEqual({ name, tags: expect.any(Array) });
      expect(answer.headers.get("content-type")).toBe("application/json");
      seen.push(...tagsOf(page));
      next = /^<(\/v2\/[^>]*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1] ?? null;
    }

    expect(seen).toEqual(["1.0", "2.0", "latest"]);
  });

  test("with n=0 are empty and have no next page", async () => {
    const answer = await registry.raw(`GET /v2/${name}/tags/list?n=0`);

    expect(JSON.parse(answer.body.toString())).toEqual({ name, tags: [] });
    expect(answer.headers.has("link")).toBe(false);
  });

  test("of the catalog have the repository", async () => {
    const answer = await fetch(`${registry.url}/v2/_catalog`);
    expect(await answer.json()).toEqual({ repositories: [name] });
  });
});

function tagsOf(page: unknown): string[] {
  const tags = typeof page === "object" && page !== null && "tags" in page ? page.tags : null;
  return Array.isArray(tags) ? tags.map(String) : [];
}
