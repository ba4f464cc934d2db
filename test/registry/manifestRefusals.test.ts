// What manifests are refused for, and how large they may be.
import { describe, expect, test } from "bun:test";
import { maxDescriptors, maxNames, parseManifest } from "../../src/registry/manifest.ts";
import {
  bytes,
  descriptor,
  digestFor,
  image,
  index,
  nested,
  ociImage,
  ociIndex,
} from "./builders.ts";
import { refusal } from "./refusal.ts";

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

  test("a member that Go would read as another member of a descriptor is refused", () => {
    const layers = [descriptor("x", { Digest: digestFor("y") })];
    expect(refusal(image({ layers }), ociImage)).toContain("layers[0].Digest");
  });

  test("annotations that differ by case only are accepted", () => {
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

  test("equal names in different objects, or in values, are accepted", () => {
    const annotations = { size: "size", a: '"a":1,"a":2', "b\\": "{}", 'c"': "}" };
    const document = image({ annotations, x: [{ a: 1 }, { a: 1 }], y: { a: { a: { a: 1 } } } });
    expect(parseManifest(bytes(document), ociImage).references).toHaveLength(3);
  });
});

describe("broken documents", () => {
  test.each([
    ["nothing", ""],
    ["a space", " "],
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

  test("sizes whose sum exceeds the safe integers are refused", () => {
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
    expect(refusal(`{${members.join()}}`, "application/json")).toContain(
      "more than 10000 different names",
    );
  });

  test("as many different names as the limit are accepted, one more is not", () => {
    const named = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, {}])));
    expect(parseManifest(bytes(named(maxNames)), "application/json").references).toEqual([]);
    expect(refusal(named(maxNames + 1), "application/json")).toContain("different names");
    const repeated = `{"a":[${Array.from({ length: 9 }, () => named(9_000)).join()}]}`;
    expect(parseManifest(bytes(repeated), "application/json").references).toEqual([]);
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
