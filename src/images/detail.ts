// One manifest with all that people ask of it: `breadbox show`, `GET /v1/repositories/NAME/images/REFERENCE`, the page of a tag.
import type { StoredPush } from "../metadata/history.ts";
import type { Digest } from "../model/digest.ts";
import { hexOf } from "../model/digest.ts";
import { type Reference, type RepositoryName, readTag, type Tag } from "../model/names.ts";
import { getManifest, unknownManifest } from "../registry/manifests.ts";
import type { ImagesDeps, Viewer } from "./deps.ts";
import {
  type ChartFacts,
  type ImageConfig,
  isAboutAnother,
  type ManifestDocument,
  type Part,
  readChart,
  readConfig,
  readManifest,
} from "./documents.ts";
import { readSmallBlob } from "./facts.ts";
import type { ImageKind } from "./kinds.ts";
import { findSharing, type Sharing } from "./sharing.ts";
import { describeManifests, type ManifestEntry } from "./tags.ts";

/** A manifest may have a hundred thousand. */
export const mostTags = 1_000;

/** A layer, or a file of an artifact. */
export interface LayerDetail {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes, as declared. */
  readonly size: number;
  /** The step of the build that made it; null where the config does not say. */
  readonly command: string | null;
  /** The file's name, as oras writes it (`org.opencontainers.image.title`); null for none. */
  readonly title: string | null;
  readonly sharing: Sharing;
}

/** An entry of an index. */
export interface PlatformDetail {
  readonly digest: Digest;
  /** `linux/amd64`; null for an entry that names none, and for one about another entry. */
  readonly platform: string | null;
  /** null for an entry that is not stored. */
  readonly kind: ImageKind | null;
  /** Bytes of everything that it names; null for an entry that is not stored. */
  readonly bytes: number | null;
}

/** A manifest about this one. */
export interface ReferrerDetail extends ManifestEntry {
  /** Its tag, for one that is found by its tag (`sha256-<hex>.sig`); null for one that names its subject. */
  readonly tag: Tag | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** All of it. */
export interface ImageDetail extends ManifestEntry {
  readonly repository: RepositoryName;
  /** Tags of the manifest, by name: `mostTags` of them at most. */
  readonly tags: readonly Tag[];
  readonly subject: Digest | null;
  /** Bytes of the manifest itself. */
  readonly manifestBytes: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** Entries of an index; none for others. */
  readonly entries: readonly PlatformDetail[];
  readonly layers: readonly LayerDetail[];
  /** Digest, type and size of the config; null without one. */
  readonly configPart: Part | null;
  /** Of an image whose config can be read. */
  readonly config: ImageConfig | null;
  /** Of a Helm chart. */
  readonly chart: ChartFacts | null;
  readonly referrers: readonly ReferrerDetail[];
  /** The latest push of the manifest, with the commit of the job; null for what was pushed before pushes were kept. */
  readonly push: StoredPush | null;
}

/** Referrers that are described. */
const mostReferrers = 100;

/** @throws RegistryError MANIFEST_UNKNOWN */
export async function describeImage(
  deps: ImagesDeps,
  viewer: Viewer,
  repository: RepositoryName,
  reference: Reference,
): Promise<ImageDetail> {
  const stored = await getManifest(deps.registry, repository, reference);
  const { digest } = stored;
  const { images, history } = deps.rows;
  const rows = await images.findManifestRows(repository, [digest]);
  const [entry] = await describeManifests(deps, repository, rows);
  const [row] = rows;
  if (entry === undefined || row === undefined) throw unknownManifest(repository, reference);
  const document = readManifest(stored.body, row);
  const { config, chart } = await readDetails(deps, repository, document);
  const tags = await images.listTagsOfAll(repository, [digest], mostTags);
  const pushes =
    "tag" in reference
      ? await history.listTagPushes(repository, reference.tag, 1)
      : await history.listDigestPushes(repository, digest, 1);
  const push = pushes[0] ?? null;
  return {
    ...entry,
    ...{ repository, config, chart },
    tags: tags.map(({ name }) => name).sort(),
    subject: row.subject,
    manifestBytes: row.size,
    annotations: document.annotations,
    configPart: document.config,
    entries: await describeEntries(deps, repository, document),
    layers: await describeLayers(deps, viewer, { document, config }),
    referrers: await describeReferrers(deps, repository, digest),
    push: push?.digest === digest ? push : null,
  };
}

async function readDetails(
  { registry }: ImagesDeps,
  repository: RepositoryName,
  { kind, config }: ManifestDocument,
): Promise<Pick<ImageDetail, "config" | "chart">> {
  const isRead = config !== null && (kind === "image" || kind === "helm");
  const bytes = isRead ? await readSmallBlob(registry, repository, config.digest) : null;
  if (bytes === null) return { config: null, chart: null };
  return kind === "helm"
    ? { config: null, chart: readChart(bytes) }
    : { config: readConfig(bytes), chart: null };
}

async function describeEntries(
  deps: ImagesDeps,
  repository: RepositoryName,
  { children }: ManifestDocument,
): Promise<readonly PlatformDetail[]> {
  if (children.length === 0) return [];
  const digests = [...new Set(children.map(({ digest }) => digest))];
  const rows = await deps.rows.images.findManifestRows(repository, digests);
  const entries = await describeManifests(deps, repository, rows);
  const entryOf = new Map(entries.map((entry) => [entry.digest, entry]));
  return children.map((child) => {
    const entry = entryOf.get(child.digest);
    const platform = isAboutAnother(child) ? null : child.platform;
    return {
      digest: child.digest,
      platform: platform ?? entry?.platforms[0] ?? null,
      kind: entry?.kind ?? null,
      bytes: entry?.bytes ?? null,
    };
  });
}

/** Steps that made a layer, in their order, are the commands of the layers. */
async function describeLayers(
  deps: ImagesDeps,
  viewer: Viewer,
  {
    document: { layers },
    config,
  }: { readonly document: ManifestDocument; readonly config: ImageConfig | null },
): Promise<readonly LayerDetail[]> {
  const steps = config?.history.filter(({ isEmpty }) => !isEmpty) ?? [];
  const isWhole = steps.length === layers.length;
  const digests = layers.map(({ digest }) => digest);
  const sharing = await findSharing(deps, viewer, digests);
  return layers.map(({ digest, mediaType, size, annotations }, at) => ({
    ...{ digest, mediaType, size },
    command: isWhole ? (steps[at]?.command ?? null) : null,
    title: annotations["org.opencontainers.image.title"] ?? null,
    sharing: sharing.get(digest) ?? { repositories: [], others: null, buckets: [] },
  }));
}

/** Those that name it as their subject, and those that cosign finds by their tags. */
async function describeReferrers(
  deps: ImagesDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<readonly ReferrerDetail[]> {
  const { registry, images } = deps.rows;
  const { referrers } = await registry.listReferrers(repository, digest, {
    ...{ artifactType: null, after: null, limit: mostReferrers },
    annotationBytes: 1024 * 1024,
  });
  const tagged = await findTaggedReferrers(deps, repository, digest);
  const digests = [...referrers.map((each) => each.digest), ...tagged.keys()];
  const rows = await images.findManifestRows(repository, [...new Set(digests)]);
  const entries = await describeManifests(deps, repository, rows);
  return Promise.all(
    entries.map(async (entry) => {
      const stored = await registry.findManifest(repository, { digest: entry.digest });
      const annotations = stored === null ? {} : readManifest(stored.body, entry).annotations;
      return { ...entry, tag: tagged.get(entry.digest) ?? null, annotations };
    }),
  );
}

const suffixes = ["", ".sig", ".att", ".sbom"];

async function findTaggedReferrers(
  { rows: { registry } }: ImagesDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<ReadonlyMap<Digest, Tag>> {
  const base = `${digest.slice(0, digest.indexOf(":"))}-${hexOf(digest)}`;
  const found = new Map<Digest, Tag>();
  for (const suffix of suffixes) {
    const tag = readTag(base + suffix);
    if (tag === null) continue;
    const summary = await registry.findManifestSummary(repository, { tag });
    if (summary !== null) found.set(summary.digest, tag);
  }
  return found;
}
