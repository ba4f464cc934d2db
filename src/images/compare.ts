// Two images side by side: `breadbox show A B`, `GET /v1/repositories/NAME/comparison/REFERENCE`, the page that compares two tags.
import { RegistryError } from "../errors.ts";
import type { Reference, RepositoryName } from "../model/names.ts";
import type { ImagesDeps, Viewer } from "./deps.ts";
import { describeImage, type ImageDetail, type LayerDetail } from "./detail.ts";
import type { ImageConfig } from "./documents.ts";

/** A reference in its repository. */
export interface ImageKey {
  readonly repository: RepositoryName;
  readonly reference: Reference;
}

/** A layer of either image. */
export interface ComparedLayer extends LayerDetail {
  readonly in: "both" | "from" | "to";
}

/** A member of the config that differs. Lists are joined by spaces; null where it is absent. */
export interface ComparedValue {
  /** `env PATH`, `label org.opencontainers.image.version`, `entrypoint`. */
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What differs. */
export interface Comparison {
  /** Of an index: the image of the platform that is compared. */
  readonly from: ImageDetail;
  readonly to: ImageDetail;
  /** In the order of the layers: those that are only in one follow each other. */
  readonly layers: readonly ComparedLayer[];
  readonly config: readonly ComparedValue[];
  /** Bytes of layers. */
  readonly sharedBytes: number;
  readonly removedBytes: number;
  readonly addedBytes: number;
}

/**
 * Compares images. Of an index, the image of `platform`; null: of a platform that both have, else the first one.
 * @throws RegistryError MANIFEST_UNKNOWN, also for a platform that an index does not have.
 */
export async function compareImages(
  deps: ImagesDeps,
  viewer: Viewer,
  {
    from,
    to,
    platform,
  }: { readonly from: ImageKey; readonly to: ImageKey; readonly platform: string | null },
): Promise<Comparison> {
  const [first, second] = [await describe(deps, viewer, from), await describe(deps, viewer, to)];
  const common = platform ?? commonPlatform(first, second);
  const one = await imageOf(deps, viewer, first, common);
  const other = await imageOf(deps, viewer, second, common);
  const layers = compareLayers(one.layers, other.layers);
  const sum = (which: ComparedLayer["in"]): number =>
    layers.reduce((bytes, layer) => bytes + (layer.in === which ? layer.size : 0), 0);
  return {
    ...{ from: one, to: other, layers },
    config: compareValues(valuesOf(one), valuesOf(other)),
    ...{ sharedBytes: sum("both"), removedBytes: sum("from"), addedBytes: sum("to") },
  };
}

const describe = (deps: ImagesDeps, viewer: Viewer, { repository, reference }: ImageKey) =>
  describeImage(deps, viewer, repository, reference);

function commonPlatform(one: ImageDetail, other: ImageDetail): string | null {
  const known = new Set(other.platforms);
  return one.platforms.find((each) => known.has(each)) ?? null;
}

/**
 * Of an index the image of a platform; others as they are.
 * @param platform null: the first that is stored. @throws RegistryError MANIFEST_UNKNOWN
 */
export async function imageOf(
  deps: ImagesDeps,
  viewer: Viewer,
  detail: ImageDetail,
  platform: string | null,
): Promise<ImageDetail> {
  if (detail.kind !== "index") return detail;
  const entry = detail.entries.find(
    (each) => each.kind !== null && (platform === null || each.platform === platform),
  );
  if (entry === undefined) {
    const has = detail.platforms.length === 0 ? "none" : detail.platforms.join(", ");
    throw new RegistryError("MANIFEST_UNKNOWN", {
      message: `${detail.repository}@${detail.digest} holds no image for ${platform ?? "any platform"}; it names ${has}`,
    });
  }
  return describeImage(deps, viewer, detail.repository, { digest: entry.digest });
}

function compareLayers(
  one: readonly LayerDetail[],
  other: readonly LayerDetail[],
): readonly ComparedLayer[] {
  const [ofOne, ofOther] = [new Set(one.map(digestOf)), new Set(other.map(digestOf))];
  const removed = one.map(
    (layer) => ({ ...layer, in: ofOther.has(layer.digest) ? "both" : "from" }) as const,
  );
  const added = other.flatMap((layer) =>
    ofOne.has(layer.digest) ? [] : [{ ...layer, in: "to" } as const],
  );
  return [...removed, ...added];
}

const digestOf = ({ digest }: LayerDetail) => digest;

function valuesOf({ config, annotations, platforms }: ImageDetail): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const put = (name: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined && value !== "") values.set(name, value);
  };
  put("platform", platforms.join(" "));
  for (const [name, value] of Object.entries(annotations)) put(`annotation ${name}`, value);
  if (config !== null) putConfig(config, put);
  return values;
}

function putConfig(config: ImageConfig, put: (name: string, value: string | null) => void): void {
  put("created", config.created);
  put("entrypoint", config.entrypoint.join(" "));
  put("command", config.command.join(" "));
  put("user", config.user);
  put("workdir", config.workdir);
  put("ports", config.ports.join(" "));
  put("volumes", config.volumes.join(" "));
  for (const each of config.env) {
    const at = each.indexOf("=");
    put(`env ${at < 0 ? each : each.slice(0, at)}`, at < 0 ? "" : each.slice(at + 1));
  }
  for (const [name, value] of Object.entries(config.labels)) put(`label ${name}`, value);
}

function compareValues(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): readonly ComparedValue[] {
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) => {
    const [from, to] = [one.get(name) ?? null, other.get(name) ?? null];
    return from === to ? [] : [{ name, from, to }];
  });
}
