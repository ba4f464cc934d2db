// Manifests: get, stat, put (OCI distribution-spec, "Pulling manifests" and "Pushing Manifests").

import { RegistryError } from "../errors.ts";
import type { Author } from "../metadata/audit.ts";
import type { ContentsMetadata } from "../metadata/contents.ts";
import type { HistoryMetadata } from "../metadata/history.ts";
import type {
  ManifestPutOutcome,
  ManifestReference,
  ManifestSummary,
  RegistryMetadata,
  StoredManifest,
} from "../metadata/metadata.ts";
import { algorithmOf, type Digest, digestOf } from "../model/digest.ts";
import type { JobOrigin } from "../model/jobOrigin.ts";
import type { Locator } from "../model/locator.ts";
import type { Immutability, Reference, RepositoryName, Tag } from "../model/names.ts";
import type { Storage } from "../storage/storage.ts";
import { findDeprecations } from "./deprecations.ts";
import { lockedTag } from "./immutableTags.ts";
import { parseManifest } from "./manifest.ts";
import { relaxReferences, type Sparse } from "./sparse.ts";

/** The dependencies of the registry room. */
export interface RegistryDeps {
  readonly metadata: RegistryMetadata;
  readonly history: HistoryMetadata;
  readonly contents: ContentsMetadata;
  readonly storage: Storage;
  /** Unix ms. */
  readonly clock: () => number;
  /** The lease of pushed content (`gc.minAge`), in ms. */
  readonly leaseMs: number;
  /** Largest manifest that is accepted, in bytes. */
  readonly manifestMaxBytes: number;
  /** Which tags may neither move nor go. */
  readonly immutable: Immutability;
  /** References that a manifest may have although its repository lacks them. */
  readonly sparse: Sparse;
  /** Called for content whose row exists but whose file is absent or of another size. */
  readonly onDamage?: ((digest: Digest, locator: Locator) => void) | undefined;
}

/** A manifest as it arrived. */
export interface ManifestUpload {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  /** The Content-Type header as it came; null when there was none. */
  readonly mediaType: string | null;
  readonly body: Uint8Array;
  /** Further tags, after the one in `reference`. */
  readonly tags: readonly Tag[];
  /** null for what is not written down: an import. */
  readonly by: Author | null;
  /** Of the job that pushes it; null for everybody else. */
  readonly origin: JobOrigin | null;
}

/** The result of a push of a manifest, for answer and log. Sizes in bytes. */
export interface ManifestReceipt {
  readonly digest: Digest;
  readonly subject: Digest | null;
  readonly size: number;
  /** Declared bytes of everything it refers to. */
  readonly contentSize: number;
  /** How many different digests it refers to. */
  readonly references: number;
  /** Sentences for who pushed it: what it does that is deprecated. */
  readonly deprecations: readonly string[];
}

const listedDigests = 100;

/** @throws RegistryError MANIFEST_UNKNOWN */
export async function getManifest(
  deps: Pick<RegistryDeps, "metadata">,
  repository: RepositoryName,
  reference: Reference,
): Promise<StoredManifest> {
  const manifest = await deps.metadata.findManifest(repository, reference);
  if (manifest === null) throw unknownManifest(repository, reference);
  return manifest;
}

/** As `getManifest`, without reading the body. @throws RegistryError MANIFEST_UNKNOWN */
export async function statManifest(
  deps: Pick<RegistryDeps, "metadata">,
  repository: RepositoryName,
  reference: Reference,
): Promise<ManifestSummary> {
  const summary = await deps.metadata.findManifestSummary(repository, reference);
  if (summary === null) throw unknownManifest(repository, reference);
  return summary;
}

/**
 * Stores a manifest byte for byte, with its tags, once everything it needs is in its repository.
 * @throws RegistryError MANIFEST_TOO_LARGE, DIGEST_INVALID (bytes differ from a digest in `reference`), MANIFEST_INVALID,
 * MANIFEST_BLOB_UNKNOWN (`detail.missing` lists digests), DESCRIPTOR_SIZE_INVALID, TAG_IMMUTABLE; then nothing is stored.
 */
export async function putManifest(
  deps: Pick<RegistryDeps, "metadata" | "clock" | "manifestMaxBytes" | "immutable" | "sparse">,
  upload: ManifestUpload,
): Promise<ManifestReceipt> {
  const { repository, reference, body } = upload;
  if (body.byteLength > deps.manifestMaxBytes) {
    throw new RegistryError("MANIFEST_TOO_LARGE", {
      message: `manifest has ${body.byteLength} bytes; this registry accepts ${deps.manifestMaxBytes}`,
    });
  }
  const digest = verifyDigest(body, reference);
  const { contentSize, ...parsed } = parseManifest(body, upload.mediaType);
  const { mediaType, subject, references } = parsed;
  const tags = tagsOf(upload);
  const outcome = await deps.metadata.putManifest({
    repository,
    digest,
    ...parsed,
    body,
    references: relaxReferences(references, deps.sparse),
    tags,
    immutable: deps.immutable,
    now: deps.clock(),
    by: upload.by,
    origin: upload.origin,
  });
  assertStored(outcome, repository, references);
  const hasForeignLayers = references.some(({ required }) => !required);
  return {
    digest,
    subject,
    size: body.byteLength,
    contentSize,
    references: references.length,
    deprecations: findDeprecations({ mediaType, tags, hasForeignLayers }),
  };
}

function tagsOf({ reference, tags }: ManifestUpload): readonly Tag[] {
  return [...new Set("tag" in reference ? [reference.tag, ...tags] : tags)];
}

function verifyDigest(body: Uint8Array, reference: Reference): Digest {
  if ("tag" in reference) return digestOf(body);
  const digest = digestOf(body, algorithmOf(reference.digest));
  if (digest === reference.digest) return digest;
  throw new RegistryError("DIGEST_INVALID", {
    message: `the manifest's bytes have the digest ${digest}, not the one in the address`,
    detail: { computed: digest, requested: reference.digest },
  });
}

function assertStored(
  outcome: ManifestPutOutcome,
  repository: RepositoryName,
  references: readonly ManifestReference[],
): void {
  switch (outcome.kind) {
    case "stored":
      return;
    case "missing":
      throw missingReferences(outcome.digests, repository, references);
    case "sizeDiffers": {
      const { digest, declared, stored } = outcome;
      throw new RegistryError("DESCRIPTOR_SIZE_INVALID", {
        message: `the manifest says that ${digest} has ${declared} bytes, but ${stored} are stored`,
        detail: { digest, declared, stored },
      });
    }
    case "locked":
      throw lockedTag(repository, outcome);
    default:
      outcome satisfies never;
  }
}

function missingReferences(
  missing: readonly Digest[],
  repository: RepositoryName,
  references: readonly ManifestReference[],
): RegistryError {
  const absent = new Set(missing);
  const onlyChildren = references.every(
    ({ digest, kind }) => kind === "child" || !absent.has(digest),
  );
  const noun = onlyChildren ? "manifest" : "blob";
  const others = missing.length - 1;
  const rest = others > 0 ? ` and ${others} more` : "";
  return new RegistryError("MANIFEST_BLOB_UNKNOWN", {
    message: `${repository} does not hold ${noun} ${missing[0]}${rest}; push what a manifest refers to before the manifest`,
    detail: { missing: missing.slice(0, listedDigests), count: missing.length },
  });
}

/** The refusal of a reference that this repository does not hold. */
export function unknownManifest(repository: RepositoryName, reference: Reference): RegistryError {
  const asked = "tag" in reference ? `tag ${reference.tag}` : reference.digest;
  return new RegistryError("MANIFEST_UNKNOWN", {
    message: `${repository} has no manifest ${asked}`,
    detail: { name: repository, reference: "tag" in reference ? reference.tag : reference.digest },
  });
}
