// What manifests are accepted as, and what they are refused for.
import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { maxDescriptors, parseManifest } from "../../src/registry/manifest.ts";
import {
  bytes,
  configType,
  descriptor,
  digestFor,
  dockerImage,
  dockerList,
  image,
  index,
  nested,
  ociImage,
  ociIndex,
} from "./builders.ts";

/** The message of the MANIFEST_INVALID error that parsing ends with. */
function refusal(document: unknown, contentType: string | null): string {
  const body = document instanceof Uint8Array ? document : bytes(document);
  try {
    parseManifest(body, contentType);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    expect(error.situation).toBe("MANIFEST_INVALID");
    return error.message;
  }
  throw new Error("the manifest was accepted");
}

describe("an image manifest", () => {
  test("refers to its config and layers, which have to be present", () => {
    const parsed = parseManifest(bytes(image()), ociImage);

    const size = (text: string) => text.length;
    expect(parsed.references).toEqual([
      { digest: digestFor("config"), size: size("config"), kind: "blob", required: true },
      { digest: digestFor("layer one"), size: size("layer one"), kind: "blob", required: true },
      { digest: digestFor("layer two"), size: size("layer two"), kind: "blob", required: true },
    ]);
    expect(parsed.contentSize).toBe(6 + 9 + 9);
  });

  test("has its config's media type as artifact type, unless it states one", () => {
    expect(parseManifest(bytes(image()), ociImage).artifactType).toBe(configType);
    expect(parseManifest(bytes(image({ artifactType: "" })), ociImage).artifactType).toBe(
      configType,
    );
    expect(parseManifest(bytes(image({ artifactType: "a/b" })), ociImage).artifactType).toBe("a/b");
  });

  test("names a subject without referring to it", () => {
    const subject = descriptor("subject", { mediaType: ociImage });

    const parsed = parseManifest(bytes(image({ subject })), ociImage);

    expect(parsed.subject).toBe(digestFor("subject"));
    expect(parsed.references.map(({ digest }) => digest)).not.toContain(digestFor("subject"));
    expect(parseManifest(bytes(image({ subject: null })), ociImage).subject).toBeNull();
  });

  test("may name layers that nobody pushes", () => {
    const layers = [
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ].map((mediaType) => descriptor(mediaType, { mediaType }));

    const { references } = parseManifest(bytes(image({ layers })), ociImage);

    expect(references.map(({ required }) => required)).toEqual([true, false, false, false]);
  });

  test("may repeat a layer, and use one blob as config and layer", () => {
    const empty = descriptor("{}", { mediaType: "application/vnd.oci.empty.v1+json" });

    const parsed = parseManifest(bytes(image({ config: empty, layers: [empty, empty] })), ociImage);

    expect(parsed.references).toHaveLength(1);
    expect(parsed.contentSize).toBe(2);
  });

  test.each([{ layers: [] }, { layers: null }, { layers: undefined }])("may have %p", (change) => {
    expect(parseManifest(bytes(image(change)), ociImage).references).toHaveLength(1);
  });

  test("may hold members and types that are unknown here", () => {
    const layers = [descriptor("x", { mediaType: "text/plain; charset=utf-8", custom: [1] })];
    const parsed = parseManifest(bytes(image({ layers, "com.example/x": { y: [] } })), ociImage);
    expect(parsed.references).toHaveLength(2);
  });

  test("may name content by sha512", () => {
    const digest = `sha512:${"ab".repeat(64)}`;
    const parsed = parseManifest(bytes(image({ layers: [descriptor("x", { digest })] })), ociImage);
    expect(parsed.references.at(-1)?.digest).toBe(digest as never);
  });
});

describe("an index", () => {
  test("refers to its children", () => {
    const parsed = parseManifest(bytes(index()), ociIndex);

    expect(parsed.references).toEqual([
      { digest: digestFor("amd64"), size: 5, kind: "child", required: true },
      { digest: digestFor("arm64"), size: 5, kind: "child", required: true },
    ]);
    expect(parsed).toMatchObject({ artifactType: null, subject: null, contentSize: 10 });
  });

  test("may be a BuildKit cache: layers and a cache config as entries", () => {
    const manifests = [
      descriptor("layer"),
      descriptor("cache", { mediaType: "application/vnd.buildkit.cacheconfig.v0" }),
    ];
    const { references } = parseManifest(bytes(index({ manifests })), ociIndex);
    expect(references.map(({ kind }) => kind)).toEqual(["child", "child"]);
  });

  test.each([{ manifests: [] }, { manifests: null }])("may be empty: %p", (change) => {
    expect(parseManifest(bytes(index(change)), ociIndex).references).toEqual([]);
  });

  test("states its artifact type itself", () => {
    expect(parseManifest(bytes(index({ artifactType: "a/b" })), ociIndex).artifactType).toBe("a/b");
  });
});

describe("manifests of other types", () => {
  const other = "application/vnd.example.thing.v1+json";

  test("of an unknown shape are accepted and refer to nothing", () => {
    const document = { config: "text", layers: { a: 1 }, blobs: ["x"], subject: "y" };
    expect(parseManifest(bytes(document), other)).toEqual({
      mediaType: other,
      artifactType: null,
      subject: null,
      references: [],
      contentSize: 0,
    });
  });

  test("refer to what follows a known shape, and to their subject", () => {
    const document = {
      config: descriptor("config"),
      blobs: [descriptor("blob"), "something else"],
      subject: descriptor("subject"),
    };
    const parsed = parseManifest(bytes(document), other);
    expect(parsed.references.map(({ digest }) => digest)).toEqual([
      digestFor("config"),
      digestFor("blob"),
    ]);
    expect(parsed.subject).toBe(digestFor("subject"));
  });

  test("of the early artifact type refer to their blobs", () => {
    const artifact = "application/vnd.oci.artifact.manifest.v1+json";
    const document = { mediaType: artifact, artifactType: "a/b", blobs: [descriptor("sbom")] };
    const parsed = parseManifest(bytes(document), artifact);
    expect(parsed.references.map(({ digest }) => digest)).toEqual([digestFor("sbom")]);
    expect(parsed.artifactType).toBe("a/b");
    expect(refusal({ ...document, blobs: [{}] }, artifact)).toContain("blobs[0].mediaType");
  });
});

describe("the stored media type", () => {
  test.each([
    ["the header's, without parameters", image(), `${ociImage}; charset=utf-8`, ociImage],
    [
      "the header's, in its own letters",
      image({ mediaType: undefined }),
      "Application/X+JSON",
      null,
    ],
    ["the body's without a header", image(), null, ociImage],
    ["the body's with an empty header", index(), "", ociIndex],
    ["derived for an image", image({ mediaType: undefined }), null, ociImage],
    ["derived for an index", index({ mediaType: undefined }), null, ociIndex],
    ["derived although the body's is empty", image({ mediaType: "" }), null, ociImage],
    ["Docker's image type", image({ mediaType: dockerImage }), dockerImage, dockerImage],
    ["Docker's list type", index({ mediaType: dockerList }), dockerList, dockerList],
    ["plain JSON", { a: 1 }, "application/json", "application/json"],
  ] as const)("is %s", (_, document, contentType, expected) => {
    if (expected === null) {
      expect(refusal(document, contentType)).toContain("not a manifest's media type");
    } else {
      expect(parseManifest(bytes(document), contentType).mediaType).toBe(expected);
    }
  });

  test("has to be the same in header and body", () => {
    const message = refusal(image(), ociIndex);
    expect(message).toContain(ociImage);
    expect(message).toContain(ociIndex);
    expect(refusal(image({ mediaType: dockerImage }), ociImage)).toContain("mediaType says");
    expect(refusal(image(), "application/x-www-form-urlencoded")).toContain("Content-Type says");
  });

  test.each([
    "text/html",
    "application/octet-stream",
    "json",
    "/json",
    "application/",
    "a b/json",
    "application/json, application/json",
    "application/x\u0000+json",
    "application/ä+json",
    `application/${"a".repeat(300)}+json`,
    `application/${"a+".repeat(500_000)}`,
  ])("is refused when it is no JSON media type (%#)", (contentType) => {
    expect(refusal({ a: 1 }, contentType)).toContain("is not a manifest's media type");
    expect(refusal({ a: 1, mediaType: contentType }, null)).toContain(
      "not a manifest's media type",
    );
  });

  test("is refused when nothing tells it", () => {
    expect(refusal({ hello: "world" }, null)).toContain("send Content-Type");
    expect(refusal(image({ mediaType: 7 }), ociImage)).toContain("mediaType is not a string");
  });

  test.each([
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
    null,
  ])("of Docker schema 1 (%p) is refused with the way out", (contentType) => {
    const document = { schemaVersion: 1, name: "a", fsLayers: [{ blobSum: digestFor("x") }] };
    expect(refusal(document, contentType)).toContain("newer client");
  });
});

describe("ambiguous documents", () => {
  test.each([
    ["an image with manifests", image({ manifests: [] }), ociImage],
    ["an index with layers", index({ layers: [] }), ociIndex],
    ["an index with a config", index({ config: descriptor("c") }), ociIndex],
    ["both under another type", { layers: [], manifests: [] }, "application/x+json"],
    ["both without a type", { ...image(), ...index(), mediaType: undefined }, null],
    ["an image with schema 1 layers", image({ fsLayers: [] }), ociImage],
  ])("%s is refused", (_, document, contentType) => {
    expect(refusal(document, contentType)).toMatch(/belong/);
  });

  test.each(["Layers", "MANIFESTS", "mediatype", "layer\u017f", "Config", "subJect"])(
    "a member that Go reads as another one (%p) is refused",
    (name) => {
      expect(refusal(image({ [name]: [] }), ociImage)).toContain("has to be spelled");
    },
  );

  test("a descriptor's member that Go reads as another one is refused", () => {
    const layers = [descriptor("x", { Digest: digestFor("y") })];
    expect(refusal(image({ layers }), ociImage)).toContain("layers[0].Digest");
  });

  test("annotations that differ by case only are two annotations", () => {
    const document = image({ annotations: { a: "1", A: "2", layers: "3", Layers: "4" } });
    expect(parseManifest(bytes(document), ociImage).references).toHaveLength(3);
  });

  test.each([
    ['"layers":[]', "layers"],
    ['"lay\\u0065rs":[]', "layers"],
    ['"mediaType":"x"', "mediaType"],
    ['"schemaVersion":2', "schemaVersion"],
    ['"annotations":{"a":"1","a":"2"}', "a"],
    ['"subject":{"digest":1,"size":0,"digest":2}', "digest"],
  ])("a repeated name is refused: %s", (member, name) => {
    const text = JSON.stringify(image()).replace(/}$/, `,${member}}`);
    expect(refusal(text, ociImage)).toContain(`repeats the name "${name}"`);
  });

  test("equal names in different objects, and in values, are no repetition", () => {
    const annotations = { size: "size", a: '"a":1,"a":2', "b\\": "{}", 'c"': "}" };
    const document = image({ annotations, x: [{ a: 1 }, { a: 1 }], y: { a: { a: { a: 1 } } } });
    expect(parseManifest(bytes(document), ociImage).references).toHaveLength(3);
  });
});

describe("broken documents", () => {
  test.each([
    ["nothing", ""],
    ["a space", " "],
    ["a BOM alone", "\ufeff"],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["null", "null"],
    ["a number", "7"],
    ["an open object", '{"a":1'],
    ["an open text", '{"a":"'],
    ["a text that ends in a backslash", '{"a":"\\'],
    ["a bad escape in a name", '{"\\q":1}'],
    ["a trailing comma", '{"a":1,}'],
    ["two documents", "{}{}"],
    ["a comment", "{}//"],
    ["single quotes", "{'a':1}"],
    ["brackets that do not match", "{]}"],
    ["closing brackets only", "]]]]}}}}"],
    ["NUL bytes", "\0\0\0"],
    ["HTML", "<html></html>"],
  ])("%s is refused", (_, text) => {
    expect(refusal(text, "application/json")).toMatch(/manifest is not (valid JSON|a JSON object)/);
  });

  test("bytes that are not UTF-8 are refused", () => {
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const body = Uint8Array.from([...bytes('{"a":"'), ...bad, ...bytes('"}')]);
      expect(refusal(body, "application/json")).toBe("manifest is not valid UTF-8");
    }
    const utf16 = Uint8Array.from([0xff, 0xfe, 0x7b, 0, 0x7d, 0]);
    expect(refusal(utf16, "application/json")).toBe("manifest is not valid UTF-8");
  });

  test.each([
    ["no config", { config: undefined }, "config is missing"],
    ["config null", { config: null }, "config is missing"],
    ["config a list", { config: [] }, "config is not an object"],
    ["layers an object", { layers: {} }, "layers is not a list"],
    ["a layer null", { layers: [descriptor("a"), null] }, "layers[1] is missing"],
    ["a layer a text", { layers: ["x"] }, "layers[0] is not an object"],
    ["subject a text", { subject: "x" }, "subject is not an object"],
    ["subject a list", { subject: [] }, "subject is not an object"],
    ["artifactType a number", { artifactType: 1 }, "artifactType is not a string"],
    ["artifactType with a line end", { artifactType: "a\n" }, "artifactType is not a text"],
    ["artifactType too long", { artifactType: "a".repeat(256) }, "artifactType is not a text"],
    ["schemaVersion 1", { schemaVersion: 1 }, "schemaVersion is not 2"],
    ["schemaVersion a text", { schemaVersion: "2" }, "schemaVersion is not 2"],
  ])("%s is named", (_, change, message) => {
    expect(refusal(image(change), ociImage)).toContain(message);
  });

  test.each([
    ["mediaType", undefined],
    ["mediaType", ""],
    ["mediaType", 7],
    ["mediaType", "a\r\nb"],
    ["mediaType", "a".repeat(256)],
    ["digest", undefined],
    ["digest", "sha256:"],
    ["digest", `sha256:${"A".repeat(64)}`],
    ["digest", `sha1:${"a".repeat(40)}`],
    ["digest", `sha256:${"a".repeat(63)}/`],
    ["digest", [digestFor("x")]],
    ["size", undefined],
    ["size", -1],
    ["size", 1.5],
    ["size", "9"],
    ["size", 2 ** 53],
    ["size", null],
  ])("a descriptor's %s may not be %p", (member, value) => {
    const broken = descriptor("x", { [member]: value });
    expect(refusal(image({ config: broken }), ociImage)).toContain(`config.${member} is not`);
    expect(refusal(image({ layers: [broken] }), ociImage)).toContain(`layers[0].${member} is not`);
    expect(refusal(image({ subject: broken }), ociImage)).toContain(`subject.${member} is not`);
    const manifests = [descriptor("a"), broken];
    expect(refusal(index({ manifests }), ociIndex)).toContain(`manifests[1].${member} is not`);
  });

  test("a digest declared with two sizes is refused", () => {
    const layers = [descriptor("x"), descriptor("x", { size: 2 })];
    expect(refusal(image({ layers }), ociImage)).toContain("declared with two sizes");
  });

  test("sizes that add up to more than can be counted are refused", () => {
    const layers = ["a", "b"].map((text) => descriptor(text, { size: Number.MAX_SAFE_INTEGER }));
    expect(refusal(image({ layers }), ociImage)).toContain("add up");
  });

  test("an index without manifests is refused", () => {
    expect(refusal({ schemaVersion: 2 }, ociIndex)).toContain("manifests is missing");
  });
});

describe("large documents", () => {
  const mebibyte = 1024 * 1024;

  test("3.9 MB of annotations are accepted", () => {
    const entries = Array.from({ length: 390 }, (_, i) => [`key${i}`, "v".repeat(10_000)]);
    const body = bytes(image({ annotations: Object.fromEntries(entries) }));
    expect(body.byteLength).toBeGreaterThan(3_900_000);
    expect(parseManifest(body, ociImage).references).toHaveLength(3);
  });

  test("as many descriptors as the limit are accepted, one more is not", () => {
    const layers = Array.from({ length: maxDescriptors }, (_, i) => descriptor(`layer ${i}`));
    const parsed = parseManifest(bytes(image({ layers })), ociImage);
    expect(parsed.references).toHaveLength(maxDescriptors + 1);

    layers.push(descriptor("one more"));
    expect(refusal(image({ layers }), ociImage)).toContain("layers has more than 4096 entries");
    const other = "application/vnd.example+json";
    expect(refusal({ layers }, other)).toContain("layers has more than 4096 entries");
  });

  test("32 levels are accepted, 33 are not", () => {
    const deep = (levels: number) => `{"a":${nested(levels - 1)}}`;
    expect(parseManifest(bytes(deep(32)), "application/json").references).toEqual([]);
    expect(refusal(deep(33), "application/json")).toContain("nested deeper than 32 levels");
  });

  test.each([
    ["lists", "[".repeat(4 * mebibyte)],
    ["objects", '{"a":'.repeat((4 * mebibyte) / 5)],
    ["both", '[{"a":'.repeat((4 * mebibyte) / 6)],
  ])("4 MiB of open %s are refused without recursion", (_, text) => {
    expect(refusal(text, "application/json")).toContain("nested deeper");
  });

  test.each([
    ["empty lists", "[],"],
    ["empty objects", "{},"],
    ["numbers", "1,"],
  ])("4 MiB of %s are refused before they are built", (_, unit) => {
    const text = `{"a":[${unit.repeat((4 * mebibyte) / unit.length)}1]}`;
    expect(refusal(text, "application/json")).toContain("more than 200000 values");
  });

  test("4 MiB of different names are refused before they are built", () => {
    const members = Array.from({ length: 300_000 }, (_, i) => `"${i}":1`);
    expect(refusal(`{${members.join()}}`, "application/json")).toContain("more than 200000 values");
  });

  test.each([
    ["backslashes", "\\\\"],
    ["escaped quotes", '\\"'],
    ["both", '\\\\\\"'],
  ])("4 MiB of %s in one text are read once", (_, unit) => {
    const text = `{"a":"${unit.repeat((4 * mebibyte) / unit.length)}"}`;
    expect(parseManifest(bytes(text), "application/json").references).toEqual([]);
  });
});
