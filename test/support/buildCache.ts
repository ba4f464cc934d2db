// A build cache in the form that BuildKit exports by default: an index over layer blobs and one configuration.
import { expect } from "bun:test";
import { randomBytes, sha256 } from "./bytes.ts";
import { type Content, expectStatus, pullBlob, pushBlob, pushManifest } from "./images.ts";

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  config: "application/vnd.buildkit.cacheconfig.v0",
} as const;

/** The index, and the blobs that it names as if they were manifests. */
export interface BuildCache {
  readonly index: Content;
  readonly blobs: readonly Content[];
}

/** Makes one of random layers. */
export function buildCache(seed: string, layerSizes: readonly number[]): BuildCache {
  const content = (mediaType: string, bytes: Uint8Array): Content => ({
    mediaType,
    digest: sha256(bytes),
    bytes,
  });
  const layers = layerSizes.map((size, number) =>
    content(types.layer, Bun.gzipSync(new Uint8Array(randomBytes(`${seed}/${number}`, size)))),
  );
  const records = { layers: layers.map(({ digest }) => ({ blob: digest, parent: -1 })) };
  const config = content(types.config, Buffer.from(JSON.stringify(records)));
  const blobs = [...layers, config];
  const manifests = blobs.map(({ mediaType, digest, bytes }) => ({
    mediaType,
    digest,
    size: bytes.length,
    annotations: { "buildkit/createdat": "2026-01-01T00:00:00Z" },
  }));
  const body = { schemaVersion: 2, mediaType: types.index, manifests };
  return { index: content(types.index, Buffer.from(JSON.stringify(body))), blobs };
}

/** Pushes it as BuildKit does: the blobs, then the index under a tag.
 *  @param repository `http://host/v2/<name>`. */
export async function pushCache(repository: string, tag: string, cache: BuildCache): Promise<void> {
  for (const blob of cache.blobs) await pushBlob(repository, blob);
  await pushManifest(repository, tag, cache.index);
}

/** Expects that a repository has all of it under a tag, byte for byte. */
export async function expectCache(
  repository: string,
  tag: string,
  cache: BuildCache,
): Promise<void> {
  const response = await fetch(`${repository}/manifests/${tag}`, {
    headers: { accept: types.index },
    keepalive: false,
  });
  expect(sha256(await (await expectStatus(response, 200)).bytes())).toBe(cache.index.digest);
  for (const { digest } of cache.blobs) await pullBlob(repository, digest);
}
