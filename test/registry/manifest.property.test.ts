// Whatever arrives: a manifest is either understood or refused with MANIFEST_INVALID; nothing else is thrown.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../../src/errors.ts";
import { type ParsedManifest, parseManifest } from "../../src/registry/manifest.ts";
import { bytes, descriptor, dockerImage, image, index, ociImage, ociIndex } from "./builders.ts";

const contentType = fc.option(
  fc.oneof(
    fc.constantFrom(ociImage, ociIndex, dockerImage, "application/json", "application/x+json"),
    fc.string({ maxLength: 40 }),
  ),
);

/** The manifest, or null when it is refused as invalid. @throws whatever else parsing threw. */
function read(body: Uint8Array, type: string | null): ParsedManifest | null {
  try {
    return parseManifest(body, type);
  } catch (error) {
    if (error instanceof RegistryError && error.situation === "MANIFEST_INVALID") return null;
    throw error;
  }
}

function expectSound(parsed: ParsedManifest | null): void {
  if (parsed === null) return;
  const { references, contentSize, mediaType } = parsed;
  expect(new Set(references.map(({ digest }) => digest)).size).toBe(references.length);
  expect(references.every(({ digest }) => /^sha(256|512):[0-9a-f]+$/.test(digest))).toBe(true);
  expect(contentSize).toBe(references.reduce((sum, { size }) => sum + size, 0));
  expect(mediaType).toMatch(/^[!-~]{1,255}$/);
}

describe("parseManifest", () => {
  test("parses or refuses arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), contentType, (body, type) => {
        expectSound(read(body, type));
      }),
      { numRuns: 2000 },
    );
  });

  test("parses or refuses arbitrary text of JSON's own characters", () => {
    const text = fc.string({
      unit: fc.constantFrom(...'{}[]:,"\\u0a1e-. \n'.split(""), "layers", "config", "null"),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, contentType, (body, type) => {
        expectSound(read(bytes(body), type));
      }),
      { numRuns: 5000 },
    );
  });

  test("accepts every JSON object that repeats no name and stays within the limits", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
        const safe = Object.fromEntries(
          Object.entries(value).filter(([key]) => key !== "mediaType" && key !== "artifactType"),
        );
        const body = bytes(JSON.stringify(safe, null, indent));
        expect(read(body, "application/vnd.example+json")?.references).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("parses or refuses a manifest in which any member is any JSON value", () => {
    const member = fc.constantFrom(
      ..."schemaVersion mediaType artifactType config layers manifests subject blobs fsLayers".split(
        " ",
      ),
      "__proto__",
      "constructor",
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(descriptor("a"), [descriptor("b")], [descriptor("c"), 1], { digest: "x" }),
    );
    const document = fc.tuple(
      fc.constantFrom(image(), index(), {}),
      fc.array(fc.tuple(member, value), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(document, contentType, ([base, changes], type) => {
        const entries = [...Object.entries(base), ...changes];
        expectSound(read(bytes(Object.fromEntries(entries)), type));
      }),
      { numRuns: 5000 },
    );
  });

  test("never changes the bytes it was given, and accepts any whitespace and member order", () => {
    const members = fc.shuffledSubarray(Object.entries(image()), { minLength: 4, maxLength: 4 });
    const indent = fc.constantFrom(undefined, 1, 4, "\t", "\r\n");
    fc.assert(
      fc.property(members, indent, (entries, spaces) => {
        const text = JSON.stringify(Object.fromEntries(entries), null, spaces);
        const body = bytes(text);
        const before = body.slice();
        expect(read(body, ociImage)?.references).toHaveLength(3);
        expect(body).toEqual(before);
      }),
    );
  });
});
