// Manifests of every shape that clients push: each is served as it came, under the type it came with.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Algorithm, type Digest, digestOf } from "../../src/model/digest.ts";
import { pushBlob } from "./support/image.ts";
import { openRegistry, type TestRegistry } from "./support/registry.ts";

const name = "shapes/of/all";
const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const emptyType = "application/vnd.oci.empty.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar";
const limit = 4 * 1024 * 1024;

const bytes = (text: string) => new TextEncoder().encode(text);
const [nothing, braces, layer] = [bytes(""), bytes("{}"), bytes("a layer")];
const entry = (mediaType: string, content: Uint8Array, more: object = {}) => ({
  mediaType,
  digest: digestOf(content),
  size: content.byteLength,
  ...more,
});

const config = entry(emptyType, braces);
const image = (more: object = {}) => ({ schemaVersion: 2, config, layers: [], ...more });
const index = (manifests: readonly object[], more: object = {}) => ({
  schemaVersion: 2,
  mediaType: indexType,
  manifests,
  ...more,
});

let registry: TestRegistry;
beforeAll(async () => {
  registry = await openRegistry({
    change: (rooms) => ({ ...rooms, registry: { ...rooms.registry, manifestMaxBytes: limit } }),
  });
  for (const content of [nothing, braces, layer]) await pushBlob(registry.url, name, content);
  const sha512 = digestOf(layer, "sha512");
  const address = `${registry.url}/v2/${name}/blobs/uploads/?digest=${sha512}`;
  await fetch(address, { method: "POST", body: layer });
});
afterAll(() => registry[Symbol.asyncDispose]());

const at = (reference: string): string => `${registry.url}/v2/${name}/manifests/${reference}`;
const put = (reference: string, body: string, type: string): Promise<Response> =>
  fetch(at(reference), { method: "PUT", headers: { "content-type": type }, body });

/** Pushes by digest, and expects it back as it was. */
async function roundTrip(body: string, type: string, algorithm: Algorithm = "sha256") {
  const digest: Digest = digestOf(bytes(body), algorithm);
  const answer = await put(digest, body, type);
  expect([answer.status, await answer.text()]).toEqual([201, ""]);
  const pulled = await fetch(at(digest));
  expect(pulled.headers.get("content-type")).toBe(type);
  expect(pulled.headers.get("docker-content-digest")).toBe(digest);
  expect((await pulled.text()) === body).toBe(true);
  return { mediaType: type, digest, size: bytes(body).byteLength };
}

const data = Buffer.from(layer).toString("base64");
const foreign = {
  mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  digest: `sha256:${"1".repeat(64)}`,
  size: 123,
  urls: ["https://layers.example/1"],
};

describe("a manifest is stored as it is", () => {
  const typed = { mediaType: imageType };
  test.each([
    ["without mediaType", imageType, image()],
    ["without layers", imageType, image(typed)],
    ["with layers of null", imageType, image({ ...typed, layers: null })],
    [
      "with data fields",
      imageType,
      image({ ...typed, layers: [entry(layerType, layer, { data })] }),
    ],
    ["with non-distributable layers", imageType, image({ ...typed, layers: [foreign] })],
    [
      "with custom fields",
      imageType,
      image({ ...typed, "org.example": { a: [1, null] }, x: 1e21 }),
    ],
    ["with an empty blob", imageType, image({ ...typed, layers: [entry("a/b", nothing)] })],
    ["with {} as config and layer", imageType, image({ ...typed, layers: [config] })],
    [
      "with sha512 references",
      imageType,
      image({ layers: [{ ...entry(layerType, layer), digest: digestOf(layer, "sha512") }] }),
    ],
    ["that is an artifact", imageType, image({ ...typed, artifactType: "a/b", layers: [config] })],
    ["that is an empty index", indexType, index([])],
    [
      "that is a BuildKit cache",
      indexType,
      index([
        entry("application/vnd.oci.image.layer.v1.tar+gzip", layer, { annotations: { a: "b" } }),
        entry("application/vnd.buildkit.cacheconfig.v0", braces),
      ]),
    ],
    ["of an unknown type", "application/vnd.example.thing.v3+json", { anything: ["goes"] }],
  ])("%s", async (_, type, document) => {
    for (const text of [JSON.stringify(document), JSON.stringify(document, null, "\t\n")]) {
      for (const algorithm of ["sha256", "sha512"] as const) await roundTrip(text, type, algorithm);
    }
  });

  test("that is an index of indexes, under either digest algorithm", async () => {
    let child = await roundTrip(JSON.stringify(image()), imageType);
    for (const algorithm of ["sha256", "sha512", "sha256"] as const) {
      const document = index([child, { ...child, platform: { os: "unknown" } }]);
      child = await roundTrip(JSON.stringify(document), indexType, algorithm);
    }
  });

  test("of exactly the limit, and not of one byte more", async () => {
    const of = (size: number): string => {
      const frame = JSON.stringify(image({ annotations: { text: "" } }));
      const filling = "x".repeat(size - frame.length);
      return frame.replace('"text":""', () => `"text":"${filling}"`);
    };
    expect(bytes(of(limit))).toHaveLength(limit);
    await roundTrip(of(limit), imageType);
    expect((await put("large", of(limit + 1), imageType)).status).toBe(413);
  });
});
