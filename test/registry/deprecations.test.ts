import { describe, expect, test } from "bun:test";
import { findDeprecations, type PushedManifest } from "../../src/registry/deprecations.ts";
import { dockerImage, dockerList, ociImage, ociIndex } from "./builders.ts";
import { tag } from "./world.ts";

const hex = "0123456789abcdef".repeat(4);
const plain: PushedManifest = { mediaType: ociImage, tags: [tag("v1")], hasForeignLayers: false };
const artifactManifest = "application/vnd.oci.artifact.manifest.v1+json";
const found = (change: Partial<PushedManifest>) => findDeprecations({ ...plain, ...change });

describe("findDeprecations", () => {
  test.each([
    ["an image", {}],
    ["a Docker image", { mediaType: dockerImage }],
    ["an index", { mediaType: ociIndex }],
    ["a manifest without tags", { tags: [] }],
    ["an image under a referrers tag", { tags: [tag(`sha256-${hex}`)] }],
    ["an index under a longer tag", { mediaType: ociIndex, tags: [tag(`sha256-${hex}.sig`)] }],
    [
      "an index under a shorter tag",
      { mediaType: ociIndex, tags: [tag(`sha256-${hex.slice(1)}`)] },
    ],
  ])("finds nothing in %s", (_, change) => {
    expect(found(change)).toEqual([]);
  });

  test.each([
    ["an artifact manifest", { mediaType: artifactManifest }, "OCI artifact manifests"],
    ["foreign layers", { hasForeignLayers: true }, "Non-distributable layers"],
    ...[ociIndex, dockerList].flatMap((mediaType) =>
      [`sha256-${hex}`, `sha512-${hex}`].map(
        (name) =>
          [
            `${mediaType} under ${name.slice(0, 6)}-…`,
            { mediaType, tags: [tag("v1"), tag(name)] },
            name,
          ] as const,
      ),
    ),
  ])("reports %s", (_, change, word) => {
    const [sentence, ...others] = found(change);
    expect(sentence).toContain(word);
    expect(others).toEqual([]);
  });

  test("returns short texts that need no escaping in a quoted string", () => {
    const tags = Array.from({ length: 100 }, () => tag(`sha512-${hex}`));
    const all = [
      ...found({ mediaType: artifactManifest, hasForeignLayers: true }),
      ...found({ mediaType: ociIndex, hasForeignLayers: true, tags }),
    ].join(" ");
    expect(all).toMatch(/^[\x20-\x7e]+$/);
    expect(all).not.toMatch(/["\\]/);
    expect(all.length).toBeLessThan(4000);
  });
});
