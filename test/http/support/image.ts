// One small image, pushed with plain requests.
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { noise } from "../../support/store.ts";

export const imageType = "application/vnd.oci.image.manifest.v1+json";

/** What was pushed. */
export interface PushedImage {
  readonly manifest: string;
  readonly digest: Digest;
  readonly layer: Uint8Array;
  readonly layerDigest: Digest;
}

/** Pushes a blob in a single request. @throws Error with the answer when it is refused. */
export async function pushBlob(
  url: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
) {
  const digest = digestOf(bytes);
  const answer = await fetch(`${url}/v2/${name}/blobs/uploads/?digest=${digest}`, {
    method: "POST",
    headers,
    body: bytes,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return digest;
}

/** An image, and what the requests for it have besides. */
interface ImageToPush {
  readonly name: string;
  readonly tag: string;
  readonly size?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Pushes an image with one layer of `size` random bytes under `name`:`tag`. */
export async function pushImage(
  url: string,
  { name, tag, size = 1000, headers = {} }: ImageToPush,
): Promise<PushedImage> {
  const layer = noise(size);
  const layerDigest = await pushBlob(url, name, layer, headers);
  const config = new TextEncoder().encode("{}");
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: imageType,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: await pushBlob(url, name, config, headers),
      size: config.length,
    },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: layerDigest,
        size: layer.length,
      },
    ],
  });
  const answer = await fetch(`${url}/v2/${name}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "content-type": imageType },
    body: manifest,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return { manifest, digest: digestOf(Buffer.from(manifest)), layer, layerDigest };
}
