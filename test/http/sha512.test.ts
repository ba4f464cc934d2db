// sha512 over HTTP: sessions that announce it, blobs and manifests that are named by it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import { readUploadId } from "../../src/model/uploadId.ts";
import { bytes, configType, layerType, ociImage } from "../registry/builders.ts";
import { noise } from "../support/store.ts";
import { errorOf, openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "team/app";
const uploads = `/v2/${name}/blobs/uploads/`;
let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const sha512 = (content: Uint8Array): Digest => digestOf(content, "sha512");

/** Opens a session. @returns its address and what its bytes are hashed with. */
async function start(query: string) {
  const answer = await registry.raw(`POST ${uploads}${query}`, [], "");
  expect(answer.status).toBe(202);
  const location = answer.headers.get("location") ?? "";
  const id = readUploadId(location.split("/").at(-1) ?? "");
  if (id === null) throw new Error(`no id in ${location}`);
  const [session] = await registry.store.rooms.metadata.uploadSweep
    .listUploads({
      after: null,
      limit: 1000,
    })
    .then((all) => all.filter((it) => it.id === id));
  return { location, algorithm: session?.algorithm };
}

describe("a new session", () => {
  test.each([
    ["", "sha256"],
    ["?digest-algorithm=sha256", "sha256"],
    ["?digest-algorithm=sha512", "sha512"],
    [`?mount=${sha512(bytes("nobody has this"))}&from=another`, "sha512"],
    [`?mount=${digestOf(bytes("nobody has this"))}`, "sha256"],
  ] as const)("of %p hashes with %p", async (query, algorithm) => {
    expect((await start(query)).algorithm).toBe(algorithm);
  });

  test.each([
    "?digest-algorithm=",
    "?digest-algorithm=md5",
    "?digest-algorithm=SHA512",
    "?digest-algorithm=sha512&digest-algorithm=sha512",
    `?digest-algorithm=blake3&digest=${digestOf(new Uint8Array())}`,
  ])("%p is refused", async (query) => {
    const answer = await registry.raw(`POST ${uploads}${query}`, [], "");
    expect([answer.status, errorOf(answer)["code"]]).toEqual([400, "DIGEST_INVALID"]);
  });

  test("started with sha512 can be closed with it, or with sha256", async () => {
    for (const digest of [sha512, digestOf]) {
      const content = noise(600_000);
      const { location } = await start("?digest-algorithm=sha512");
      const half = content.length / 2;
      await registry.raw(`PATCH ${location}`, [], content.subarray(0, half));
      const answer = await registry.raw(
        `PUT ${location}?digest=${digest(content)}`,
        [],
        content.subarray(half),
      );
      expect(answer.status).toBe(201);
      await expectContent("blobs", digest(content), content);
    }
  });
});

async function expectContent(kind: string, digest: Digest, content: Uint8Array): Promise<void> {
  for (const method of ["GET", "HEAD"]) {
    const answer = await registry.raw(`${method} /v2/${name}/${kind}/${digest}`);
    expect([method, answer.status]).toEqual([method, 200]);
    expect(answer.headers.get("docker-content-digest")).toBe(digest);
    expect(answer.headers.get("content-length")).toBe(String(content.length));
    if (method === "GET") expect(answer.body.equals(Buffer.from(content))).toBe(true);
  }
}

describe("sha512", () => {
  test("can name a blob that is pushed in one request", async () => {
    const content = noise(400_000);
    const answer = await registry.raw(`POST ${uploads}?digest=${sha512(content)}`, [], content);

    expect(answer.status).toBe(201);
    expect(answer.headers.get("docker-content-digest")).toBe(sha512(content));
    expect(answer.headers.get("location")).toBe(`/v2/${name}/blobs/${sha512(content)}`);
    await expectContent("blobs", sha512(content), content);
  });

  test("can name a manifest with its blobs, and tags pushed with it lead to that digest", async () => {
    const [config, layer] = [bytes("{}"), noise(100)];
    for (const blob of [config, layer]) {
      await registry.raw(`POST ${uploads}?digest=${sha512(blob)}`, [], blob);
    }
    const manifest = bytes({
      schemaVersion: 2,
      mediaType: ociImage,
      config: { mediaType: configType, digest: sha512(config), size: config.length },
      layers: [{ mediaType: layerType, digest: sha512(layer), size: layer.length }],
    });
    const digest = sha512(manifest);

    const put = await registry.raw(
      `PUT /v2/${name}/manifests/${digest}?tag=one&tag=two`,
      [["Content-Type", ociImage]],
      manifest,
    );

    expect(put.status).toBe(201);
    expect(put.headers.get("docker-content-digest")).toBe(digest);
    expect(put.headers.get("oci-tag")).toBe("one, two");
    await expectContent("manifests", digest, manifest);
    const tagged = await registry.raw(`GET /v2/${name}/manifests/two`);
    expect(tagged.headers.get("docker-content-digest")).toBe(digest);
  });

  test("is in answers without a body and in partial ones", async () => {
    const content = noise(1000);
    await registry.raw(`POST ${uploads}?digest=${sha512(content)}`, [], content);
    const path = `/v2/${name}/blobs/${sha512(content)}`;
    for (const [header, value, status] of [
      ["If-None-Match", "*", 304],
      ["Range", "bytes=0-9", 206],
      ["Range", "bytes=0-9,20-29", 206],
    ] as const) {
      const answer = await registry.raw(`GET ${path}`, [[header, value]]);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("docker-content-digest")).toBe(sha512(content));
    }
  });
});

describe("the minimum chunk size", () => {
  test("is not sent by default", async () => {
    const answer = await registry.raw(`POST ${uploads}`, [], "");
    expect(answer.headers.has("oci-chunk-min-length")).toBe(false);
  });

  test("is sent when configured, and shorter chunks are accepted", async () => {
    await using asking = await openRegistry({ chunkMinBytes: 1000 });
    const opened = await asking.raw(`POST ${uploads}`, [], "");
    expect([opened.status, opened.headers.get("oci-chunk-min-length")]).toEqual([202, "1000"]);

    const location = opened.headers.get("location") ?? "";
    for (const part of ["ab", "cd"]) {
      expect((await asking.raw(`PATCH ${location}`, [], part)).status).toBe(202);
    }
    const digest = digestOf(bytes("abcd"));
    expect((await asking.raw(`PUT ${location}?digest=${digest}`, [], "")).status).toBe(201);
  });
});
