// Manifests and configs as people look at them. They were pushed by clients: a member of another type than it should have is as good as
// absent. Pure.
import { type Digest, readDigest } from "../model/digest.ts";
import { type ImageKind, kindOf } from "./kinds.ts";

type Json = Readonly<Record<string, unknown>>;

/** Something that a manifest names. */
export interface Part {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes, as declared. */
  readonly size: number;
  /** `linux/amd64`; null where the descriptor names none. */
  readonly platform: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest as it was understood. */
export interface ManifestDocument {
  readonly kind: ImageKind;
  readonly config: Part | null;
  /** Layers, or the blobs of an artifact. */
  readonly layers: readonly Part[];
  /** Entries of an index. */
  readonly children: readonly Part[];
  readonly subject: Digest | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A step of a build. */
export interface HistoryStep {
  readonly command: string;
  /** ISO 8601, as the builder wrote it. */
  readonly created: string | null;
  /** True for a step that made no layer. */
  readonly isEmpty: boolean;
}

/** The config of an image. */
export interface ImageConfig {
  /** `linux/arm64/v8`; null where it names none. */
  readonly platform: string | null;
  /** ISO 8601, as the builder wrote it. */
  readonly created: string | null;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `8080/tcp`. */
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly user: string | null;
  readonly workdir: string | null;
  readonly history: readonly HistoryStep[];
}

/** What Chart.yaml says of a Helm chart. */
export interface ChartFacts {
  readonly name: string | null;
  readonly version: string | null;
  readonly appVersion: string | null;
  readonly description: string | null;
  readonly type: string | null;
  readonly home: string | null;
  readonly keywords: readonly string[];
  readonly sources: readonly string[];
  readonly maintainers: readonly string[];
  /** `NAME VERSION`. */
  readonly dependencies: readonly string[];
}

const object = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : null;
const text = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): readonly string[] =>
  list(value).filter((each) => typeof each === "string");
const names = (value: unknown): readonly string[] => Object.keys(object(value) ?? {});
const pairs = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(object(value) ?? {}).flatMap(([name, each]) =>
      typeof each === "string" ? [[name, each]] : [],
    ),
  );

/** @returns null for bytes that are no JSON object. */
export function readJson(bytes: Uint8Array): Json | null {
  try {
    const decoded = new TextDecoder().decode(bytes);
    const value: unknown = JSON.parse(decoded);
    return object(value);
  } catch {
    return null;
  }
}

function platformOf(value: unknown): string | null {
  const { os, architecture, variant } = object(value) ?? {};
  const parts = [text(os), text(architecture), text(variant)];
  return parts[0] === null || parts[1] === null
    ? null
    : parts.filter((part) => part !== null).join("/");
}

function readPart(value: unknown): Part | null {
  const descriptor = object(value);
  const digest = readDigest(text(descriptor?.["digest"]) ?? "");
  if (descriptor === null || digest === null) return null;
  const size = descriptor["size"];
  return {
    digest,
    mediaType: text(descriptor["mediaType"]) ?? "application/octet-stream",
    size: typeof size === "number" && Number.isSafeInteger(size) && size > 0 ? size : 0,
    platform: platformOf(descriptor["platform"]),
    annotations: pairs(descriptor["annotations"]),
  };
}

const readParts = (value: unknown): readonly Part[] =>
  list(value).flatMap((each) => readPart(each) ?? []);

/** Reads a manifest. @param row as it is stored. */
export function readManifest(
  body: Uint8Array,
  {
    mediaType,
    artifactType = null,
  }: { readonly mediaType: string; readonly artifactType?: string | null },
): ManifestDocument {
  const document = readJson(body) ?? {};
  const config = readPart(document["config"]);
  const layers = [...readParts(document["layers"]), ...readParts(document["blobs"])];
  const annotations = pairs(document["annotations"]);
  const kind = kindOf({
    mediaType,
    artifactType: text(document["artifactType"]) ?? artifactType,
    configType: config?.mediaType ?? null,
    layerTypes: layers.map((layer) => layer.mediaType),
    annotations,
  });
  return {
    ...{ kind, config, layers, annotations },
    children: readParts(document["manifests"]),
    subject: readPart(document["subject"])?.digest ?? null,
  };
}

/** Reads the config of an image. */
export function readConfig(bytes: Uint8Array): ImageConfig {
  const document = readJson(bytes) ?? {};
  const config = object(document["config"]) ?? {};
  return {
    platform: platformOf(document),
    created: text(document["created"]),
    env: texts(config["Env"]),
    entrypoint: texts(config["Entrypoint"]),
    command: texts(config["Cmd"]),
    labels: pairs(config["Labels"]),
    ports: names(config["ExposedPorts"]),
    volumes: names(config["Volumes"]),
    user: text(config["User"]),
    workdir: text(config["WorkingDir"]),
    history: list(document["history"]).flatMap((each) => {
      const step = object(each);
      if (step === null) return [];
      const command = text(step["created_by"]) ?? text(step["comment"]) ?? "";
      return [{ command, created: text(step["created"]), isEmpty: step["empty_layer"] === true }];
    }),
  };
}

/** Reads what Helm keeps of Chart.yaml in the config of a chart. */
export function readChart(bytes: Uint8Array): ChartFacts {
  const chart = readJson(bytes) ?? {};
  const named = (value: unknown, second: string): string | null => {
    const it = object(value);
    const name = text(it?.["name"]);
    const more = text(it?.[second]);
    if (name === null) return null;
    return more === null ? name : `${name} ${more}`;
  };
  return {
    name: text(chart["name"]),
    version: text(chart["version"]),
    appVersion: text(chart["appVersion"]),
    description: text(chart["description"]),
    type: text(chart["type"]),
    home: text(chart["home"]),
    keywords: texts(chart["keywords"]),
    sources: texts(chart["sources"]),
    maintainers: list(chart["maintainers"]).flatMap((each) => named(each, "email") ?? []),
    dependencies: list(chart["dependencies"]).flatMap((each) => named(each, "version") ?? []),
  };
}

/** The platform of BuildKit's attestations. */
const noPlatform = "unknown/unknown";

/** The platforms of an index, each once. */
export function platformsOf(document: ManifestDocument): readonly string[] {
  const platforms = document.children.flatMap(({ platform }) =>
    platform === null || platform === noPlatform ? [] : [platform],
  );
  return [...new Set(platforms)];
}

/** True for an entry of an index that is about another entry: BuildKit's attestations. */
export function isAboutAnother({ platform, annotations }: Part): boolean {
  return platform === noPlatform || annotations["vnd.docker.reference.type"] !== undefined;
}
