// One small image, as all examples of the documentation show it.

/** Where it is. */
export const repository = "team/app";
/** Its tag. */
export const tag = "1.0";
/** Its only layer. */
export const layerDigest =
  "sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f";
export const layerSize = 2_811_478;
export const configDigest =
  "sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7";
const configSize = 1470;
/** Of its manifest. */
export const manifestDigest =
  "sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";
export const manifestSize = 428;
/** Of an SBOM of that image. */
export const referrerDigest =
  "sha256:2d6e1c5f0f2b3a1b9a2e6a2c0f4a1d5c7e8b9f0a1b2c3d4e5f60718293a4b5c6";
export const referrerSize = 612;
/** An upload session. */
export const uploadId = "01a1f7e5-93cb-728c-8028-5a61b9c8f780";
/** A run of the garbage collection. */
export const runId = "01a1f7e6-0b1c-7f3a-9d24-6a0c3b1e7f55";

/** A check of the store. */
export const checkId = "01a1f7e6-5c2d-7a41-8e35-7b1d4c2f8a66";

const imageDescriptors = (config: string, layer: string) => ({
  config: { mediaType: config, digest: configDigest, size: configSize },
  layers: [{ mediaType: layer, digest: layerDigest, size: layerSize }],
});

const indexEntries = (mediaType: string) => ({
  manifests: [
    {
      mediaType,
      digest: manifestDigest,
      size: manifestSize,
      platform: { architecture: "amd64", os: "linux" },
    },
  ],
});

const ociImage = "application/vnd.oci.image.manifest.v1+json";
const ociIndex = "application/vnd.oci.image.index.v1+json";
const dockerImage = "application/vnd.docker.distribution.manifest.v2+json";
const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

/** A manifest of each of the usual media types. */
export const manifests: Readonly<Record<string, object>> = {
  [ociImage]: {
    schemaVersion: 2,
    mediaType: ociImage,
    ...imageDescriptors(
      "application/vnd.oci.image.config.v1+json",
      "application/vnd.oci.image.layer.v1.tar+gzip",
    ),
  },
  [ociIndex]: { schemaVersion: 2, mediaType: ociIndex, ...indexEntries(ociImage) },
  [dockerImage]: {
    schemaVersion: 2,
    mediaType: dockerImage,
    ...imageDescriptors(
      "application/vnd.docker.container.image.v1+json",
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
  },
  [dockerList]: { schemaVersion: 2, mediaType: dockerList, ...indexEntries(dockerImage) },
};
