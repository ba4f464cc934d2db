// What the pushers push: layers from one pool that all of them share, and manifests over them. Pure, and the same for a seed.
import { randomBytes, sha256 } from "../../support/bytes.ts";

/** Some bytes and what they are called. */
export interface Content {
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A manifest and the blobs that it names. */
export interface Image {
  readonly manifest: Content;
  readonly mediaType: string;
  readonly blobs: readonly Content[];
}

const types = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

const smallest = 300;
const largest = 40_000;
/** Most layers fit in one chunk of everything; one in so many does not. */
const largeEvery = 40;
const large = 700_000;

/** Gives bytes their digest. */
export function contentOf(bytes: Uint8Array): Content {
  return { digest: sha256(bytes), bytes: new Uint8Array(bytes) };
}

/** Layers of many sizes. */
export function makePool(seed: string, count: number): readonly Content[] {
  return Array.from({ length: count }, (_, number) => {
    const size =
      number % largeEvery === 0 ? large : smallest + ((number * 7919) % (largest - smallest));
    return contentOf(randomBytes(`${seed}/layer ${number}`, size));
  });
}

const descriptor = (mediaType: string, { digest, bytes }: Content) => ({
  mediaType,
  digest,
  size: bytes.length,
});

const json = (value: object): Content => contentOf(Buffer.from(JSON.stringify(value)));

/** An image of its own, by the name in its config. */
export function makeImage(name: string, layers: readonly Content[]): Image {
  const config = json({ architecture: "amd64", os: "linux", config: { Labels: { name } } });
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.image,
    config: descriptor(types.config, config),
    layers: layers.map((layer) => descriptor(types.layer, layer)),
  });
  return { manifest, mediaType: types.image, blobs: [config, ...layers] };
}

/** An index whose entries are blobs, as BuildKit writes its caches. */
export function makeCache(name: string, layers: readonly Content[]): Image {
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.index,
    manifests: layers.map((layer) => descriptor(types.layer, layer)),
    annotations: { name },
  });
  return { manifest, mediaType: types.index, blobs: layers };
}
