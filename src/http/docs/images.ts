// Documentation of repositories, tags and images.
import { sometimes } from "./answers.ts";
import * as examples from "./examples.ts";
import { text } from "./gc.ts";
import { array, boolean, integer, object, type Schema, string } from "./schemas.ts";
import type { Headers, Parameter } from "./types.ts";

const nullable = (description: string) => string({ nullable: true, description });
const count = (description: string) => integer({ description });
const bytes = (description: string) => integer({ format: "int64", description });
const bytesOrNull = (description: string) =>
  integer({ format: "int64", nullable: true, description });
const time = string({ format: "date-time" });
const timeOrNull = (description: string) =>
  string({ format: "date-time", nullable: true, description });
const texts = (description: string) => array(string(), { description });
const pairs = (description: string) => ({
  type: "object" as const,
  additionalProperties: string(),
  description,
});
const orNull = (properties: Record<string, Schema>, description: string) =>
  object(properties, { nullable: true, description });

export const repositorySchema = object({
  name: string(),
  tags: count("number of tags"),
  untagged: count("manifests that no tag, no index and no subject names"),
  blobs: count("blobs that it links to"),
  size_bytes: bytes("their size"),
  unique_bytes: bytesOrNull(
    "of blobs that no other repository and no object holds; null for callers who may not `pull` on `server:gc`",
  ),
  pushed_at: timeOrNull("when its latest tag was set; null without tags"),
  pulled_at: timeOrNull(
    "when a client last got a manifest from it, a minute late at most; null for never",
  ),
});

const kind = string({
  enum: ["image", "index", "helm", "signature", "sbom", "attestation", "model", "artifact"],
});

const manifest = {
  digest: string(),
  kind,
  media_type: string(),
  artifact_type: nullable("as the list of referrers shows it"),
  platforms: texts("such as `linux/amd64`; none for what runs nowhere"),
  size_bytes: bytes("of everything that it names; of an index, of all its platforms"),
  pushed_at: time,
  pushed_by: nullable("`user:ann`, `token:ci`; null without a login, and to callers without one"),
  pulled_at: timeOrNull(
    "when a client last got the manifest, by tag or by digest, a minute late at most; null for never",
  ),
};
const origin = orNull(
  {
    issuer: string(),
    repository: nullable("of the source"),
    ref: nullable("branch or tag"),
    commit: nullable("its full hash"),
    run: nullable("id of the run or pipeline"),
    actor: nullable("who started it"),
  },
  "claims of the ID token of the job that pushed; null for everybody else",
);

export const tagSchema = object({ name: string(), ...manifest, origin });
export const untaggedSchema = object({
  ...manifest,
  subject: nullable("the manifest it is about, which is not stored"),
});

const layer = {
  digest: string(),
  media_type: string(),
  size_bytes: bytes("as declared"),
  command: nullable("the step of the build that made it"),
  title: nullable("the file's name, as oras writes it"),
  repositories: texts("some that hold it and that the caller may pull from"),
  other_repositories: integer({
    nullable: true,
    description: "further ones; null for callers who may not `pull` on `server:gc`",
  }),
  buckets: texts("with an object of it, for the same callers"),
};

export const imageSchema = object({
  name: string(),
  ...manifest,
  tags: texts("tags of the manifest, 1000 at most"),
  subject: nullable("the manifest it is about"),
  manifest_bytes: bytes("of the manifest itself"),
  annotations: pairs("of the manifest"),
  origin,
  entries: array(
    object({
      digest: string(),
      platform: nullable("null for an entry about another one"),
      kind: { ...kind, nullable: true, description: "null when it is not stored" },
      size_bytes: bytesOrNull("null when it is not stored"),
    }),
    { description: "of an index" },
  ),
  layers: array(object(layer), { description: "of an image; files of an artifact" }),
  config: orNull(
    { digest: string(), media_type: string(), size_bytes: bytes("as declared") },
    "the blob",
  ),
  image: orNull(
    {
      platform: nullable("such as `linux/arm64/v8`"),
      created: nullable("as the builder wrote it"),
      env: texts("`NAME=value`"),
      entrypoint: texts("words"),
      command: texts("words"),
      labels: pairs("of the image"),
      ports: texts("such as `8080/tcp`"),
      volumes: texts("paths in the container"),
      user: nullable("of the process"),
      workdir: nullable("of the process"),
      history: array(
        object({
          command: string(),
          created: nullable("as the builder wrote it"),
          empty: boolean({ description: "made no layer" }),
        }),
      ),
    },
    "what the config of an image says",
  ),
  chart: orNull(
    {
      name: nullable("of the chart"),
      version: nullable("of the chart"),
      app_version: nullable("of what it installs"),
      description: nullable("one sentence"),
      type: nullable("`application` or `library`"),
      home: nullable("URL"),
      keywords: texts("of the chart"),
      sources: texts("URLs"),
      maintainers: texts("`NAME EMAIL`"),
      dependencies: texts("`NAME VERSION`"),
    },
    "Chart.yaml of a Helm chart",
  ),
  referrers: array(
    object({
      ...manifest,
      tag: nullable("of one that is found by its tag, as cosign writes it"),
      annotations: pairs("of the manifest"),
    }),
    { description: "manifests about this one; 100 at most" },
  ),
});

export const comparisonSchema = object({
  from: object({ name: string(), ...manifest }),
  to: object({ name: string(), ...manifest }),
  layers: array(object({ ...layer, in: string({ enum: ["both", "from", "to"] }) })),
  config: array(
    object({
      name: string({ description: "`env PATH`, `label NAME`, `entrypoint`" }),
      from: nullable("null where it is absent"),
      to: nullable("null where it is absent"),
    }),
  ),
  shared_bytes: bytes("layers of both"),
  removed_bytes: bytes("layers of `from` alone"),
  added_bytes: bytes("layers of `to` alone"),
});

export const { repository, tag, manifestDigest } = examples;

export const repositoryExample = {
  name: repository,
  tags: 1,
  untagged: 0,
  blobs: 2,
  size_bytes: 2_812_948,
  unique_bytes: 2_812_948,
  pushed_at: "2026-01-01T03:00:00.000Z",
  pulled_at: "2026-01-01T04:00:00.000Z",
};
const manifestExample = {
  digest: manifestDigest,
  kind: "image",
  media_type: "application/vnd.oci.image.manifest.v1+json",
  artifact_type: "application/vnd.oci.image.config.v1+json",
  platforms: ["linux/amd64"],
  size_bytes: 2_812_948,
  pushed_at: "2026-01-01T03:00:00.000Z",
  pushed_by: "user:ann",
  pulled_at: "2026-01-01T04:00:00.000Z",
};
export const tagExample = { name: tag, ...manifestExample, origin: null };
export const untaggedExample = { ...manifestExample, subject: null };
const layerExample = {
  digest: examples.layerDigest,
  media_type: "application/vnd.oci.image.layer.v1.tar+gzip",
  size_bytes: examples.layerSize,
  command: "COPY app /usr/bin/app",
  title: null,
  repositories: [repository],
  other_repositories: 0,
  buckets: [],
};
export const imageExample = {
  name: repository,
  ...manifestExample,
  tags: [tag],
  subject: null,
  manifest_bytes: examples.manifestSize,
  annotations: {},
  origin: null,
  entries: [],
  layers: [layerExample],
  config: {
    digest: examples.configDigest,
    media_type: "application/vnd.oci.image.config.v1+json",
    size_bytes: 1470,
  },
  image: {
    platform: "linux/amd64",
    created: "2026-01-01T02:59:00Z",
    env: ["PATH=/usr/bin"],
    entrypoint: ["/usr/bin/app"],
    command: [],
    labels: {},
    ports: ["8080/tcp"],
    volumes: [],
    user: "nobody",
    workdir: "/",
    history: [{ command: "COPY app /usr/bin/app", created: "2026-01-01T02:59:00Z", empty: false }],
  },
  chart: null,
  referrers: [],
};
export const comparisonExample = {
  from: { name: repository, ...manifestExample },
  to: { name: repository, ...manifestExample },
  layers: [{ ...layerExample, in: "both" }],
  config: [{ name: "env VERSION", from: "1.0", to: "1.1" }],
  shared_bytes: examples.layerSize,
  removed_bytes: 0,
  added_bytes: 0,
};

const query = (name: string, description: string, schema: Parameter["schema"] = text) => ({
  ...({ in: "query", required: false } as const),
  ...{ name, description, schema },
});

/** `?limit=` and `?after=` of these lists. */
export const imagesPage: readonly Parameter[] = [
  query("limit", "Largest number of entries on a page; 200 is the maximum.", {
    ...{ type: "integer", minimum: 1, default: 50 },
  }),
  query("after", "`next` of the page before, with the same `sort`, `order` and `search`."),
];

/** Those and what a list is searched and sorted by. */
export const listParameters = (sorts: readonly string[]): readonly Parameter[] => [
  query("search", "A part of the name, or a pattern with `*` and `?` for all of it."),
  query("sort", "What the list is sorted by.", { ...text, enum: [...sorts], default: "name" }),
  query(
    "order",
    "Default: `asc` by name, otherwise `desc`: the largest and the latest are first.",
    { ...text, enum: ["asc", "desc"] },
  ),
  ...imagesPage,
];

export const compareWith: readonly Parameter[] = [
  query("with", "The other tag or digest of this repository."),
  query(
    "platform",
    "Of indexes, the platform that is compared: `linux/arm64/v8`. Default: the first of both.",
  ),
];

/** Where the next page is. */
export const nextLink = (path: string): Headers => ({
  Link: sometimes(
    "The next page, when there is one (RFC 8288).",
    `<${path}?sort=name&order=asc&limit=1&after=${encodeURIComponent(repository)}>; rel="next"`,
  ),
});
