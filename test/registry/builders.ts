// Manifests for the registry's tests, built as values and printed to bytes. Apart because several files need them.
import { type Digest, digestOf } from "../../src/model/digest.ts";

export const ociImage = "application/vnd.oci.image.manifest.v1+json";
export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const dockerImage = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
export const configType = "application/vnd.oci.image.config.v1+json";
export const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** A digest that belongs to `text`. */
export function digestFor(text: string): Digest {
  return digestOf(new TextEncoder().encode(text));
}

/** A descriptor of the content `text`, with members replaced or added. */
export function descriptor(text: string, change: Record<string, unknown> = {}) {
  return {
    mediaType: layerType,
    digest: digestFor(text),
    size: new TextEncoder().encode(text).byteLength,
    ...change,
  };
}

/** An OCI image manifest of one config and two layers; `undefined` members are left out when printed. */
export function image(change: Record<string, unknown> = {}) {
  return {
    schemaVersion: 2,
    mediaType: ociImage,
    config: descriptor("config", { mediaType: configType }),
    layers: [descriptor("layer one"), descriptor("layer two")],
    ...change,
  };
}

/** An OCI index of two image manifests. */
export function index(change: Record<string, unknown> = {}) {
  return {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: [
      descriptor("amd64", {
        mediaType: ociImage,
        platform: { architecture: "amd64", os: "linux" },
      }),
      descriptor("arm64", {
        mediaType: ociImage,
        platform: { architecture: "arm64", os: "linux" },
      }),
    ],
    ...change,
  };
}

/** UTF-8 bytes of a text, or of a value printed as JSON. */
export function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** `depth` brackets around `core`. */
export function nested(depth: number, core = "1"): string {
  return `${"[".repeat(depth)}${core}${"]".repeat(depth)}`;
}
