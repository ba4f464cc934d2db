// What manifests are accepted as.
import { describe, expect, test } from "bun:test";
import { parseManifest } from "../../src/registry/manifest.ts";
import {
  bytes,
  configType,
  descriptor,
  digestFor,
  dockerImage,
  dockerList,
  image,
  index,
  ociImage,
  ociIndex,
} from "./builders.ts";
import { refusal } from "./refusal.ts";

describe("an image manifest", () => {
  test("refers to its config and layers, which must exist", () => {
    const parsed = parseManifest(bytes(image()), ociImage);

    const size = (text: string) => text.length;
    expect(parsed.references).toEqual([
      { digest: digestFor("config"), size: size("config"), kind: "blob", required: true },
      { digest: digestFor("layer one"), size: size("layer one"), kind: "blob", required: true },
      { digest: digestFor("layer two"), size: size("layer two"), kind: "blob", required: true },
    ]);
    expect(parsed.contentSize).toBe(6 + 9 + 9);
  });

  test("has its config's media type as artifact type, unless it declares one", () => {
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

  test("may name foreign layers, which need not exist", () => {
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

  test("may have unknown members and media types", () => {
    const layers = [descriptor("x", { mediaType: "text/plain; charset=utf-8", custom: [1] })];
    const parsed = parseManifest(bytes(image({ layers, "com.example/x": { y: [] } })), ociImage);
    expect(parsed.references).toHaveLength(2);
  });

  test("may refer to content by sha512", () => {
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

  test("declares its own artifact type", () => {
    expect(parseManifest(bytes(index({ artifactType: "a/b" })), ociIndex).artifactType).toBe("a/b");
  });
});

describe("manifests of other types", () => {
  const other = "application/vnd.example.thing.v1+json";

  test("and unknown shape are accepted and refer to nothing", () => {
    const document = { config: "text", layers: { a: 1 }, blobs: ["x"], subject: "y" };
    expect(parseManifest(bytes(document), other)).toEqual({
      mediaType: other,
      artifactType: null,
      subject: null,
      annotations: null,
      references: [],
      contentSize: 0,
    });
  });

  test("and known shape have its references and their subject", () => {
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

  test("must be the same in header and body", () => {
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

  test("is required in header or body", () => {
    expect(refusal({ hello: "world" }, null)).toContain("send Content-Type");
    expect(refusal(image({ mediaType: 7 }), ociImage)).toContain("mediaType is not a string");
  });

  test.each([
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
    null,
  ])("of Docker schema 1 (%p) is refused with advice", (contentType) => {
    const document = { schemaVersion: 1, name: "a", fsLayers: [{ blobSum: digestFor("x") }] };
    expect(refusal(document, contentType)).toContain("newer client");
  });
});
