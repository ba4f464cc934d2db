// Facts about manifests that never change, remembered by digest: what each is, and for which platforms.

import { RegistryError } from "../errors.ts";
import type { Digest } from "../model/digest.ts";
import type { RepositoryName } from "../model/names.ts";
import { openBlob } from "../registry/blobs.ts";
import type { RegistryDeps } from "../registry/manifests.ts";
import { type ManifestDocument, platformsOf, readConfig, readManifest } from "./documents.ts";
import type { ImageKind } from "./kinds.ts";

/** What a list shows of a manifest. */
export interface ManifestFacts {
  readonly kind: ImageKind;
  /** `linux/amd64`; none for what runs nowhere. */
  readonly platforms: readonly string[];
}

/** Entries that are remembered, some hundred bytes each. */
const remembered = 20_000;
/** Characters of the platforms of one that is remembered: an index of 4 MiB may name tens of thousands. */
const longestRemembered = 1_000;
/** Configs are small; a larger one is not read. Bytes. */
const largestConfig = 1024 * 1024;

/** Reads manifests and configs. */
export class Facts {
  readonly #registry: RegistryDeps;
  readonly #known = new Map<Digest, ManifestFacts>();

  constructor(registry: RegistryDeps) {
    this.#registry = registry;
  }

  /** @returns null when the repository has no such manifest. */
  async of(repository: RepositoryName, digest: Digest): Promise<ManifestFacts | null> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const stored = await this.#registry.metadata.findManifest(repository, { digest });
    if (stored === null) return null;
    const document = readManifest(stored.body, stored);
    const found = { kind: document.kind, platforms: await this.#platforms(repository, document) };
    if (found.platforms === null) return { ...found, platforms: [] };
    const facts = { kind: found.kind, platforms: found.platforms };
    if (found.platforms.join().length <= longestRemembered) this.#keep(digest, facts);
    return facts;
  }

  #keep(digest: Digest, facts: ManifestFacts): void {
    this.#known.set(digest, facts);
    const [oldest] = this.#known.keys();
    if (this.#known.size > remembered && oldest !== undefined) this.#known.delete(oldest);
  }

  /** @returns null when they could not be read this time. */
  async #platforms(
    repository: RepositoryName,
    document: ManifestDocument,
  ): Promise<readonly string[] | null> {
    if (document.kind === "index") return platformsOf(document);
    if (document.kind !== "image" || document.config === null) return [];
    const bytes = await readSmallBlob(this.#registry, repository, document.config.digest);
    if (bytes === null) return null;
    const { platform } = readConfig(bytes);
    return platform === null ? [] : [platform];
  }
}

/** The bytes of a config. @param mostBytes of a blob that is read. @returns null when the repository does not have it, or it is too large to be one. */
export async function readSmallBlob(
  registry: RegistryDeps,
  repository: RepositoryName,
  digest: Digest,
  mostBytes = largestConfig,
): Promise<Uint8Array | null> {
  try {
    const { size, body, openReader } = await openBlob(registry, repository, digest);
    if (size > mostBytes) return null;
    if (body instanceof Uint8Array) return body;
    if (body !== null) return await body.bytes();
    const reader = await openReader();
    try {
      // The reader's bytes are valid until its next call.
      return (await reader.read(0, size)).slice();
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof RegistryError && error.situation === "BLOB_UNKNOWN") return null;
    throw error;
  }
}
