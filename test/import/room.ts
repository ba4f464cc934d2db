// A directory as distribution writes it, a store to import into, and what both are compared by.
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { importFrom } from "../../src/import/import.ts";
import type { ImportReport, ImportRequest } from "../../src/import/report.ts";
import type { Source } from "../../src/import/source.ts";
import { parseDigest } from "../../src/model/digest.ts";
import type { RepositoryName, Tag } from "../../src/model/names.ts";
import { sha256 } from "../support/bytes.ts";
import type { Content, Image, ImageIndex } from "../support/images.ts";
import { leaseMs, type openStore } from "../support/store.ts";

export type Store = Awaited<ReturnType<typeof openStore>>;

/** Where a blob's bytes are below distribution's root. */
export function blobPath(root: string, digest: string): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return join(root, "docker/registry/v2/blobs", algorithm, hex.slice(0, 2), hex, "data");
}

/** Writes into the directory of a distribution. */
export class OldRegistry {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
    mkdirSync(this.#below("blobs"), { recursive: true });
    mkdirSync(this.#below("repositories"), { recursive: true });
  }

  #below = (...path: string[]): string => join(this.root, "docker/registry/v2", ...path);

  /** An image or an index with its images, under tags; a further one for the same repository adds to it. */
  push(name: string, { manifest, ...rest }: Image | ImageIndex, ...tags: string[]): void {
    const images = "images" in rest ? rest.images : [];
    const blobs = "images" in rest ? [] : rest.blobs;
    for (const image of images) this.push(name, image);
    for (const blob of [...blobs, manifest]) this.#write(blob);
    const digest = manifest.digest.replace(":", "/");
    this.link(name, `_manifests/revisions/${digest}`, manifest.digest);
    for (const { digest: blob } of blobs) {
      this.link(name, `_layers/${blob.replace(":", "/")}`, blob);
    }
    for (const tag of tags) {
      this.link(name, `_manifests/tags/${tag}/current`, manifest.digest);
      this.link(name, `_manifests/tags/${tag}/index/${digest}`, manifest.digest);
    }
  }

  link(name: string, path: string, digest: string): void {
    this.#file(this.#below("repositories", name, path, "link"), digest);
  }

  #write({ digest, bytes }: Content): void {
    this.#file(blobPath(this.root, digest), bytes);
  }

  #file(path: string, bytes: string | Uint8Array): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { mode: 0o644 });
  }
}

/** Everything below a folder: names, sizes, times of change, digests. */
export async function inventory(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const lines = names.sort().map(async (name) => {
    const path = join(folder, name);
    const { mode, size, mtimeMs, uid } = await lstat(path);
    const digest = (await lstat(path)).isFile() ? sha256(await readFile(path)) : "folder";
    return [name, mode, digest === "folder" ? 0 : size, mtimeMs, uid, digest].join(" ");
  });
  return Promise.all(lines);
}

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
  return opened === null ? null : opened.body.bytes();
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
