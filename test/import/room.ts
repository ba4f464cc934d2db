// A store to import into, and what is compared afterwards.
import { expect } from "bun:test";
import { importFrom } from "../../src/import/import.ts";
import type { ImportReport, ImportRequest } from "../../src/import/report.ts";
import type { Source } from "../../src/import/source.ts";
import { parseDigest } from "../../src/model/digest.ts";
import type { RepositoryName, Tag } from "../../src/model/names.ts";
import { openedBytes } from "../support/contents.ts";
import type { Image } from "../support/images.ts";
import { leaseMs, type openStore } from "../support/store.ts";

export type Store = Awaited<ReturnType<typeof openStore>>;

const usual: ImportRequest = { dryRun: false, share: true, overwriteTags: false };

/** Imports into an open store. */
export function importInto(
  { rooms: { metadata, storage }, clock }: Store,
  source: Source,
  request: Partial<ImportRequest> = {},
): Promise<ImportReport> {
  const newId = (): string => Bun.randomUUIDv7("hex", clock.now());
  return importFrom(
    {
      store: { metadata, storage, clock: clock.now, newId, leaseMs },
      rules: { manifestMaxBytes: 4 * 1024 * 1024, immutable: () => null, sparse: "off" },
      rest: async () => {},
    },
    source,
    { ...usual, ...request },
    () => {},
  );
}

/** @returns the digest that a tag names; null when there is no such tag. */
export async function digestOfTag(store: Store, name: string, tag: string): Promise<string | null> {
  const { registry } = store.rooms.metadata;
  const found = await registry.findManifest(name as RepositoryName, { tag: tag as Tag });
  return found?.digest ?? null;
}

/** Bytes of a blob as its repository would serve them; null when it has none. */
export async function blobOf(
  store: Store,
  name: string,
  digest: string,
): Promise<Uint8Array | null> {
  const { metadata, storage } = store.rooms;
  const row = await metadata.registry.findBlob(name as RepositoryName, parseDigest(digest));
  const opened = row === null ? null : await storage.content.open(row);
  return openedBytes(opened);
}

/** Everything of an image is in the repository, byte for byte. */
export async function expectWhole(
  store: Store,
  name: string,
  { manifest, blobs }: Image,
): Promise<void> {
  const repository = name as RepositoryName;
  const digest = parseDigest(manifest.digest);
  const found = await store.rooms.metadata.registry.findManifest(repository, { digest });
  expect(Buffer.from(found?.body ?? []).equals(manifest.bytes)).toBe(true);
  expect(found?.mediaType).toBe(manifest.mediaType);
  for (const blob of blobs) {
    const bytes = await blobOf(store, name, blob.digest);
    expect(Buffer.from(bytes ?? []).equals(blob.bytes)).toBe(true);
  }
}
