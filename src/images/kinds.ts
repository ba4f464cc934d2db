// What a manifest is, by the media types that it and its members have. Pure.

/** What people call it. `artifact` is anything else that is stored as a manifest. */
export type ImageKind =
  | "image"
  | "index"
  | "helm"
  | "signature"
  | "sbom"
  | "attestation"
  | "model"
  | "artifact";

/** The media types of a manifest, and those of what it names. */
export interface KindFacts {
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly configType: string | null;
  readonly layerTypes: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

const indexes = new Set([
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
]);
const imageConfigs = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);

/** In this order: the first that one of the types matches. Sigstore bundles say in an annotation what they hold. */
const byType: readonly (readonly [ImageKind, RegExp])[] = [
  ["helm", /^application\/vnd\.cncf\.helm\.(?:config|chart)/],
  ["sbom", /spdx|cyclonedx|\bsyft\b|artifact\.sbom|\.sbom(?:\.|\+|$)/i],
  [
    "signature",
    /cosign\.simplesigning|cosign\.artifact\.sig|notary\.signature|\.signature(?:\.|\+|$)/i,
  ],
  ["attestation", /in-toto|dsse\.envelope|\bslsa\b|artifact\.att\b|attestation/i],
  ["model", /docker\.ai\.|cncf\.model\.|ollama\.image\.model|kitops\.modelkit|\bgguf\b/i],
];

/** What a manifest is. */
export function kindOf(facts: KindFacts): ImageKind {
  if (indexes.has(facts.mediaType)) return "index";
  const types = [facts.artifactType, facts.configType, ...facts.layerTypes].filter(
    (type) => type !== null,
  );
  if (types.some((type) => type.startsWith("application/vnd.dev.sigstore.bundle"))) {
    const content = facts.annotations["dev.sigstore.bundle.content"] ?? "";
    return content === "dsse-envelope" ? "attestation" : "signature";
  }
  for (const [kind, pattern] of byType) if (types.some((type) => pattern.test(type))) return kind;
  return facts.configType !== null && imageConfigs.has(facts.configType) ? "image" : "artifact";
}

/** What a manifest is, by what its row says: enough for lists of referrers. */
export function kindOfRow(row: {
  readonly mediaType: string;
  readonly artifactType: string | null;
}) {
  return kindOf({ ...row, configType: row.artifactType, layerTypes: [], annotations: {} });
}

const words: Readonly<Record<ImageKind, string>> = {
  image: "image",
  index: "index",
  helm: "Helm chart",
  signature: "signature",
  sbom: "SBOM",
  attestation: "attestation",
  model: "model",
  artifact: "artifact",
};

/** As people read it. */
export const kindWord = (kind: ImageKind): string => words[kind];
