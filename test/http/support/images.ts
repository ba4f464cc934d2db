// Images of several kinds, pushed with plain requests, and what the API says of them.
import { digestOf } from "../../../src/model/digest.ts";
import { pushBlob } from "./image.ts";
import type { TestRegistry } from "./registry.ts";

export const ociImage = "application/vnd.oci.image.manifest.v1+json";
export const ociIndex = "application/vnd.oci.image.index.v1+json";
const configType = "application/vnd.oci.image.config.v1+json";
export const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
/** Names of rows. */
export const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name);

/** An image to push. Layers are as long as their names. */
interface Image {
  readonly architecture: string;
  readonly layers: readonly string[];
  readonly env?: string;
}

/** Requests to one registry. */
export function imagesOf(registry: TestRegistry) {
  async function get(path: string) {
    const { status, body } = await registry.raw(`GET ${path}`);
    return { status, body: JSON.parse(body.toString()) };
  }

  async function remove(targets: readonly string[], plan?: string) {
    const sent = JSON.stringify({ targets, plan });
    const { status, body } = await registry.raw("POST /v1/deletions", [], sent);
    return { status, body: JSON.parse(body.toString()) };
  }

  /** @returns the descriptor. */
  async function put(name: string, reference: string | null, mediaType: string, document: object) {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, ...document });
    const digest = digestOf(new TextEncoder().encode(body));
    const answer = await fetch(`${registry.url}/v2/${name}/manifests/${reference ?? digest}`, {
      ...{ method: "PUT", headers: { "content-type": mediaType }, body },
    });
    if (answer.status !== 201) throw new Error(await answer.text());
    return { mediaType, digest, size: body.length };
  }

  async function blob(name: string, mediaType: string, bytes: Uint8Array<ArrayBuffer>) {
    return { mediaType, digest: await pushBlob(registry.url, name, bytes), size: bytes.length };
  }

  async function image(
    name: string,
    tag: string | null,
    { architecture, layers, env = "A=1" }: Image,
  ) {
    const config = encode({
      ...{ os: "linux", architecture, created: "2026-01-01T00:00:00Z" },
      config: {
        Env: [env],
        Entrypoint: ["/app"],
        Labels: { team: "lab" },
        ExposedPorts: { "80/tcp": {} },
      },
      history: [
        ...layers.map((layer) => ({ created_by: `COPY ${layer}` })),
        { created_by: "ENV A=1", empty_layer: true },
      ],
    });
    const parts = layers.map((layer) =>
      blob(name, "application/vnd.oci.image.layer.v1.tar+gzip", new TextEncoder().encode(layer)),
    );
    const document = {
      config: await blob(name, configType, config),
      layers: await Promise.all(parts),
    };
    return { ...(await put(name, tag, ociImage, document)), configSize: config.length };
  }

  async function manifestOf(name: string, reference: string): Promise<string> {
    const { body } = await registry.raw(`GET /v2/${name}/manifests/${reference}`);
    return body.toString();
  }

  return { get, remove, put, blob, image, manifestOf };
}
