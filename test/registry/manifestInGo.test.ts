// Manifests that encoding/json refuses, or reads as something else: docker, containerd and podman could never pull them.
import { describe, expect, test } from "bun:test";
import { parseManifest, readStoredManifest } from "../../src/registry/manifest.ts";
import { bytes, descriptor, image, index, ociImage, ociIndex } from "./builders.ts";
import { refusal } from "./refusal.ts";

describe("a manifest, as Go decodes it,", () => {
  test("a byte order mark is refused, as Go refuses it", () => {
    for (const text of ["\ufeff", `\ufeff${JSON.stringify(image())}`]) {
      for (const type of [ociImage, "application/json"]) {
        expect(refusal(text, type)).toContain("begins with a byte order mark");
      }
    }
  });

  const written = (document: object, literal: string) =>
    JSON.stringify(document).replace("73217", literal);
  const whole = ["2.0", "2e0", "2E+0", "0.2e1", "20e-1", "1.5", "2.", "2e", "02"];

  test.each(whole)("a size and a schemaVersion may not be written %s", (literal) => {
    const odd = descriptor("x", { size: 73217 });
    const places = [
      ["config.size", image({ config: odd }), ociImage],
      ["layers[0].size", image({ layers: [odd] }), ociImage],
      ["subject.size", image({ subject: odd }), ociImage],
      ["manifests[0].size", index({ manifests: [odd] }), ociIndex],
      ["schemaVersion", image({ schemaVersion: 73217 }), ociImage],
      ["schemaVersion", index({ schemaVersion: 73217 }), ociIndex],
    ] as const;
    for (const [field, document, type] of places) {
      const message = refusal(written(document, literal), type);
      expect(message).toMatch(/whole number|not valid JSON/);
      if (!message.includes("not valid JSON")) expect(message).toContain(`${field} is not`);
    }
    const escaped = written(image({ config: odd }), literal).replace('"size"', '"si\\u007ae"');
    expect(refusal(escaped, ociImage)).toMatch(/config.size is not|not valid JSON/);
  });

  test("may have any number in members that nobody reads, also in one called size", () => {
    const text = JSON.stringify(image({ x: { size: 73217, y: [73217, true, false] } }));
    for (const literal of ["2.0", "-1.5e-7", "1e400", "0.0"]) {
      const body = bytes(text.replaceAll("73217", literal));
      expect(parseManifest(body, ociImage).references).toHaveLength(3);
    }
    expect(refusal(text.replace("73217", "1.2.3"), ociImage)).toContain("not valid JSON");
  });

  const lone = "\ud800";
  const inDocument = (name: string, value: unknown) => image({ [name]: value });
  test.each([
    ["annotations", ["a"], "annotations is not an object of texts"],
    ["annotations", "a", "annotations is not an object of texts"],
    ["annotations", 7, "annotations is not an object of texts"],
    ["annotations", { a: "b", n: 1 }, 'annotations["n"] is not a text'],
    ["annotations", { o: { a: "b" } }, 'annotations["o"] is not a text'],
    ["annotations", { a: lone }, 'annotations["a"] is not valid Unicode'],
    ["Annotations", {}, "Annotations has to be spelled annotations"],
  ])("an image, an index and an artifact with %s %j are refused", (name, value, says) => {
    expect(refusal(inDocument(name, value), ociImage)).toContain(says);
    expect(refusal(index({ [name]: value }), ociIndex)).toContain(says);
    const artifact = "application/vnd.oci.artifact.manifest.v1+json";
    expect(refusal({ mediaType: artifact, blobs: [], [name]: value }, artifact)).toContain(says);
  });

  test.each([
    ["annotations", [], "annotations is not an object of texts"],
    ["annotations", { a: true }, 'annotations["a"] is not a text'],
    ["urls", "https://layers.example", "urls is not a list of texts"],
    ["urls", ["a", 1], "urls[1] is not a text"],
    ["data", "YWJ", "data is not a text in base64"],
    ["data", "-_-_", "data is not a text in base64"],
    ["data", [1], "data is not a text in base64"],
    ["artifactType", 1, "artifactType is not a text"],
    ["platform", "linux", "platform is not an object"],
    ["platform", { os: 1 }, "platform.os is not a text"],
    ["platform", { "os.version": 10 }, "platform.os.version is not a text"],
    ["platform", { "os.features": "win32k" }, "platform.os.features is not a list of texts"],
    ["platform", { features: [1] }, "platform.features[0] is not a text"],
    ["platform", { Variant: "v8" }, "platform.Variant has to be spelled variant"],
    ["Platform", {}, "Platform has to be spelled platform"],
    ["URLs", [], "URLs has to be spelled urls"],
  ])("a descriptor with %s %j is refused", (name, value, says) => {
    const odd = descriptor("x", { [name]: value });
    expect(refusal(image({ config: odd }), ociImage)).toContain(`config.${says}`);
    expect(refusal(image({ layers: [odd] }), ociImage)).toContain(`layers[0].${says}`);
    expect(refusal(image({ subject: odd }), ociImage)).toContain(`subject.${says}`);
    expect(refusal(index({ manifests: [odd] }), ociIndex)).toContain(`manifests[0].${says}`);
  });

  test("is read leniently when an earlier version has stored it", () => {
    const odd = descriptor("layer one", { annotations: [], platform: "linux", Size: 1 });
    const old = image({ layers: [odd, descriptor("layer two")], annotations: { n: 1, a: "b" } });
    const text = `\ufeff${JSON.stringify(old).replace('"schemaVersion":2', '"schemaVersion":2.0')}`;
    expect(refusal(text, ociImage)).toContain("byte order mark");
    expect(readStoredManifest(bytes(text), ociImage)).toEqual(
      parseManifest(bytes(image()), ociImage),
    );
  });

  test("may have null anywhere, line ends in base64, and unknown members", () => {
    const nulls = { urls: null, data: null, annotations: null, artifactType: null };
    const odd = descriptor("x", { ...nulls, platform: { os: null, "os.features": null } });
    const plain = descriptor("y", {
      ...{ urls: [null, "a"], data: "YW\r\nJj", annotations: { a: null, b: "" } },
      ...{ platform: {}, size2: 1.5, "io.example/Size": {} },
    });
    const document = image({ layers: [odd, plain], annotations: null, artifactType: null });
    expect(parseManifest(bytes(document), ociImage).references).toHaveLength(3);
  });
});
