// A directory as distribution writes it, and what tells that nobody has changed it.
import { mkdirSync, writeFileSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256 } from "./bytes.ts";
import type { Content, Image, ImageIndex } from "./images.ts";

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
    for (const blob of [...blobs, manifest]) this.write(blob);
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

  /** The bytes of a blob or a manifest, which no repository names yet. */
  write({ digest, bytes }: Content): void {
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
