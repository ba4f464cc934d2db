// Pushes what real builders push: images with configs and histories, indexes, charts, artifacts, and manifests about others.
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { pushBlob } from "../../http/support/image.ts";

/** Where and as whom is pushed. */
export interface Pusher {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A step of a build; one without bytes made no layer. */
export interface Step {
  readonly command: string;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** What a manifest names. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const oci = "application/vnd.oci.image";
const utf8 = (text: string) => new TextEncoder().encode(text);

async function put(
  pusher: Pusher,
  name: string,
  {
    bytes,
    mediaType,
    title,
  }: { bytes: Uint8Array<ArrayBuffer>; mediaType: string; title?: string },
): Promise<Descriptor> {
  const digest = await pushBlob(pusher.url, name, bytes, pusher.headers);
  const annotations = title && { "org.opencontainers.image.title": title };
  return { mediaType, digest, size: bytes.length, ...(annotations && { annotations }) };
}

/** Puts a manifest under a tag, or under its digest. @throws Error with the answer when it is refused. */
export async function putManifest(
  { url, headers }: Pusher,
  name: string,
  { tag, document }: { readonly tag: string | null; readonly document: Record<string, unknown> },
): Promise<Descriptor> {
  const body = JSON.stringify({ schemaVersion: 2, ...document });
  const digest = digestOf(utf8(body));
  const mediaType = String(document["mediaType"]);
  const answer = await fetch(`${url}/v2/${name}/manifests/${tag ?? digest}`, {
    method: "PUT",
    headers: { ...headers, "content-type": mediaType },
    body,
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return { mediaType, digest, size: body.length };
}

/** An image for one platform. */
export async function pushBuilt(
  pusher: Pusher,
  name: string,
  image: {
    readonly tag: string | null;
    readonly steps: readonly Step[];
    readonly architecture?: string;
    readonly config?: Readonly<Record<string, unknown>>;
    readonly annotations?: Readonly<Record<string, string>>;
  },
): Promise<Descriptor> {
  const platform = { os: "linux", architecture: image.architecture ?? "amd64" };
  const layers: Descriptor[] = [];
  for (const { bytes } of image.steps) {
    if (bytes)
      layers.push(await put(pusher, name, { bytes, mediaType: `${oci}.layer.v1.tar+gzip` }));
  }
  const config = {
    ...platform,
    created: "2026-01-02T09:30:00Z",
    config: image.config ?? {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: image.steps.map(({ command, bytes }) => ({
      created: "2026-01-02T09:30:00Z",
      created_by: command,
      ...(bytes ? {} : { empty_layer: true }),
    })),
  };
  const document = {
    mediaType: `${oci}.manifest.v1+json`,
    config: await put(pusher, name, {
      bytes: utf8(JSON.stringify(config)),
      mediaType: `${oci}.config.v1+json`,
    }),
    layers,
    ...(image.annotations && { annotations: image.annotations }),
  };
  return { ...(await putManifest(pusher, name, { tag: image.tag, document })), platform };
}

/** An index of images. */
export function pushIndex(
  pusher: Pusher,
  name: string,
  { tag, manifests }: { readonly tag: string; readonly manifests: readonly Descriptor[] },
): Promise<Descriptor> {
  return putManifest(pusher, name, {
    tag,
    document: { mediaType: `${oci}.index.v1+json`, manifests },
  });
}

/** Anything else: files with an artifact type, about another manifest or not. */
export async function pushArtifact(
  pusher: Pusher,
  name: string,
  artifact: {
    readonly tag: string | null;
    readonly artifactType: string;
    readonly files: readonly {
      readonly title?: string;
      readonly mediaType: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }[];
    readonly subject?: Descriptor;
    readonly config?: { readonly mediaType: string; readonly text: string };
  },
): Promise<Descriptor> {
  const { tag, artifactType, subject, config } = artifact;
  const layers: Descriptor[] = [];
  for (const file of artifact.files) layers.push(await put(pusher, name, file));
  const { mediaType = `application/vnd.oci.empty.v1+json`, text = "{}" } = config ?? {};
  const document = {
    mediaType: `${oci}.manifest.v1+json`,
    ...(config ? {} : { artifactType }),
    config: await put(pusher, name, { bytes: utf8(text), mediaType }),
    layers,
    ...(subject && { subject: { ...subject, platform: undefined } }),
  };
  return putManifest(pusher, name, { tag, document });
}
