// Builds OCI images from seeded bytes, pushes them over plain HTTP as the spec says, reads them back and checks every
// digest. Client tests use it to look at what a client left in the registry.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomBytes, sha256 } from "./bytes.ts";
import { tar } from "./tar.ts";

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** Some bytes with the type and digest that a descriptor gives them. */
export interface Content {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** An image: a manifest, and the blobs it names, config first. */
export interface Image {
  readonly manifest: Content;
  readonly blobs: readonly Content[];
  /** The files that its layers hold. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Several images under one digest. */
export interface ImageIndex {
  readonly manifest: Content;
  readonly images: readonly Image[];
}

/** What to build an image from. */
export interface ImageOptions {
  readonly seed: string;
  /** Size of the one file in each layer, bytes. */
  readonly layerSizes: readonly number[];
  readonly architecture?: string;
}

const content = (mediaType: string, bytes: Uint8Array): Content => ({
  mediaType,
  digest: sha256(bytes),
  bytes,
});

const json = (mediaType: string, value: object): Content =>
  content(mediaType, Buffer.from(JSON.stringify(value)));

const descriptor = ({ mediaType, digest, bytes }: Content) => ({
  mediaType,
  digest,
  size: bytes.length,
});

/** Builds an image whose layers hold one file of random bytes each, `/layer-0`, `/layer-1`, … */
export function buildImage({ seed, layerSizes, architecture = "amd64" }: ImageOptions): Image {
  const files = new Map<string, Uint8Array>();
  const archives = layerSizes.map((size, number) => {
    const name = `layer-${number}`;
    const bytes = randomBytes(`${seed}/${name}`, size);
    files.set(name, bytes);
    return tar([[name, bytes]]);
  });
  const config = json(types.config, {
    architecture,
    os: "linux",
    config: { Labels: { seed } },
    rootfs: { type: "layers", diff_ids: archives.map(sha256) },
  });
  const layers = archives.map((archive) =>
    content(types.layer, Bun.gzipSync(new Uint8Array(archive), { level: 1 })),
  );
  const manifest = json(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
  return { manifest, blobs: [config, ...layers], files };
}

/** Builds an index over one image for each architecture. */
export function buildIndex(options: ImageOptions, architectures: readonly string[]): ImageIndex {
  const images = architectures.map((architecture) =>
    buildImage({ ...options, seed: `${options.seed}/${architecture}`, architecture }),
  );
  const manifests = images.map(({ manifest }, number) => ({
    ...descriptor(manifest),
    platform: { os: "linux", architecture: architectures[number] },
  }));
  const body = { schemaVersion: 2, mediaType: types.index, manifests };
  return { manifest: json(types.index, body), images };
}

/** Writes an OCI image layout (image-spec, "OCI Image Layout") that holds one image or index under a name. */
export function writeLayout(
  folder: string,
  name: string,
  { manifest, ...rest }: Image | ImageIndex,
): void {
  const images = "images" in rest ? rest.images : [{ manifest, ...rest }];
  const all = [manifest, ...images.flatMap((image) => [image.manifest, ...image.blobs])];
  mkdirSync(join(folder, "blobs", "sha256"), { recursive: true });
  for (const { digest, bytes } of all) {
    writeFileSync(join(folder, "blobs", ...digest.split(":")), bytes);
  }
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { "org.opencontainers.image.ref.name": name };
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor(manifest), annotations }] }),
  );
}

/** A connection for each request: one that is kept alive may lead to a server that has been killed since. */
const ask = (url: string | URL, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...init, keepalive: false });

/** @throws Error with the body when the status is not the expected one. */
export async function expectStatus(response: Response, status: number): Promise<Response> {
  if (response.status === status) return response;
  throw new Error(`${response.url}: ${response.status}, not ${status}\n${await response.text()}`);
}

/** Pushes one blob: POST, one PATCH, closing PUT. */
export async function pushBlob(repository: string, { digest, bytes }: Content): Promise<void> {
  const session = await ask(`${repository}/blobs/uploads/`, { method: "POST" });
  const place = location(await expectStatus(session, 202));
  const chunk = await ask(place, { method: "PATCH", body: bytes });
  const end = location(await expectStatus(chunk, 202));
  end.searchParams.append("digest", digest);
  await expectStatus(await ask(end, { method: "PUT" }), 201);
}

const location = (response: Response): URL =>
  new URL(response.headers.get("location") ?? "", response.url);

/** Stores a manifest under a tag or its digest. */
export async function pushManifest(
  repository: string,
  reference: string,
  { mediaType, bytes }: Content,
): Promise<void> {
  const response = await ask(`${repository}/manifests/${reference}`, {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: bytes,
  });
  await expectStatus(response, 201);
}

/** Pushes an image under a tag.
 *  @param repository `http://host/v2/<name>`. */
export async function pushImage(repository: string, tag: string, image: Image): Promise<void> {
  for (const blob of image.blobs) await pushBlob(repository, blob);
  await pushManifest(repository, tag, image.manifest);
}

/** Gets content and checks it against its digest. @returns its bytes. */
export async function pullBlob(repository: string, digest: string): Promise<Uint8Array> {
  const response = await expectStatus(await ask(`${repository}/blobs/${digest}`), 200);
  return checked(digest, await response.bytes());
}

function checked(digest: string, bytes: Uint8Array): Uint8Array {
  if (sha256(bytes) !== digest) throw new Error(`${digest}: the bytes have ${sha256(bytes)}`);
  return bytes;
}

/** What a registry holds under a reference. */
export interface Pulled {
  readonly digest: string;
  readonly mediaType: string;
  /** Digests of config and layers of all images, in the manifests' order. */
  readonly blobs: readonly string[];
}

interface ManifestBody {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

const anyManifest = [
  types.index,
  types.manifest,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Pulls everything under a reference: each manifest and blob has the digest it goes by, or this throws. */
export async function pullAll(repository: string, reference: string): Promise<Pulled> {
  const response = await ask(`${repository}/manifests/${reference}`, {
    headers: { accept: anyManifest },
  });
  await expectStatus(response, 200);
  const digest = response.headers.get("docker-content-digest") ?? "";
  const bytes = checked(digest, await response.bytes());
  const body: ManifestBody = JSON.parse(new TextDecoder().decode(bytes));
  const own = [...(body.config ? [body.config] : []), ...(body.layers ?? [])];
  const blobs = own.map((each) => each.digest);
  for (const each of blobs) await pullBlob(repository, each);
  for (const child of body.manifests ?? []) {
    blobs.push(...(await pullAll(repository, child.digest)).blobs);
  }
  return { digest, mediaType: response.headers.get("content-type") ?? "", blobs };
}
