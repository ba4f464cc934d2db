// Sparse manifests: what may be absent under which setting, over the real ports.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/errors.ts";
import { putManifest } from "../../src/registry/manifests.ts";
import type { Sparse } from "../../src/registry/sparse.ts";
import { Scope } from "../support/scope.ts";
import { bytes, image, index, layerType } from "./builders.ts";
import { openWorld, ref, repo, type World } from "./world.ts";

const app = repo("team/app");
let scope: Scope;
let world: World;
beforeEach(async () => {
  scope = new Scope();
  world = await openWorld(scope);
});
afterEach(() => scope.close());

/** What a push of `manifest` comes to. */
async function push(sparse: Sparse, manifest: unknown): Promise<string> {
  const upload = {
    repository: app,
    reference: ref("v1"),
    mediaType: null,
    tags: [],
    by: null,
    origin: null,
  };
  const outcome = await putManifest(
    { ...world, sparse },
    { ...upload, body: bytes(manifest) },
  ).then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome === null) return "stored";
  if (outcome instanceof RegistryError) return outcome.situation;
  throw outcome;
}

describe("a manifest with references that its repository lacks", () => {
  const cacheConfig = "application/vnd.buildkit.cacheconfig.v0";
  const cache = index({
    manifests: [
      { mediaType: layerType, digest: `sha256:${"1".repeat(64)}`, size: 5 },
      { mediaType: cacheConfig, digest: `sha256:${"2".repeat(64)}`, size: 6 },
    ],
  });

  test.each([
    ["off", "an image", image(), "MANIFEST_BLOB_UNKNOWN"],
    ["off", "an index", index(), "MANIFEST_BLOB_UNKNOWN"],
    ["off", "an index of blobs", cache, "MANIFEST_BLOB_UNKNOWN"],
    ["indexes", "an image", image(), "MANIFEST_BLOB_UNKNOWN"],
    ["indexes", "an index", index(), "stored"],
    ["indexes", "an index of blobs", cache, "stored"],
    ["all", "an image", image(), "stored"],
    ["all", "an index", index(), "stored"],
    ["all", "an index of blobs", cache, "stored"],
  ] as const)("under %s: %s", async (sparse, _, manifest, outcome) => {
    expect(await push(sparse, manifest)).toBe(outcome);
  });

  test("is refused under every setting when present content has another size", async () => {
    await world.push(app, bytes("config"));
    await world.put(app, "child", bytes("{}"), "application/json");
    const child = { mediaType: "application/json", digest: digestOfBraces, size: 3 };
    const config = { mediaType: "a/b", digest: digestOfConfig, size: 7 };

    for (const sparse of ["indexes", "all"] as const) {
      expect(await push(sparse, index({ manifests: [child] }))).toBe("DESCRIPTOR_SIZE_INVALID");
    }
    expect(await push("all", image({ config }))).toBe("DESCRIPTOR_SIZE_INVALID");
  });

  test("can be pushed again after the setting changed only when it is complete", async () => {
    const manifest = image();
    expect(await push("all", manifest)).toBe("stored");
    expect(await push("off", manifest)).toBe("MANIFEST_BLOB_UNKNOWN");

    for (const text of ["config", "layer one", "layer two"]) await world.push(app, bytes(text));
    expect(await push("off", manifest)).toBe("stored");
  });
});

const digestOfBraces = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const digestOfConfig = image().config.digest;
