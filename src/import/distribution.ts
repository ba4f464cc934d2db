// The directory of distribution (registry:2, registry:3, and Harbor, which runs it), as its file system driver writes it:
//   repositories/<name>/_manifests/revisions/<algorithm>/<hex>/link     a manifest, and its digest
//   repositories/<name>/_manifests/tags/<tag>/current/link              the digest that a tag names
//   blobs/<algorithm>/<2 hex>/<hex>/data                                bytes of manifests and blobs alike
// Calls block: for 100,000 small files handing each call to another thread costs more than the call.
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { algorithmOf, type Digest, hexOf, readDigest } from "../model/digest.ts";
import { entriesOf, readSmall } from "./files.ts";
import {
  filesAtOnce,
  type Source,
  SourceError,
  type SourceListing,
  type SourceManifest,
  type SourceRepository,
} from "./source.ts";

/** Where its folders are below a directory that people name: its root, or one of the folders in it. */
const roots = ["docker/registry/v2", "registry/v2", "v2", "."] as const;

/** @returns the folder with `repositories` and `blobs`; null when there is none. */
export function findDistribution(directory: string): string | null {
  const found = roots
    .map((root) => join(directory, root))
    .find((root) => existsSync(join(root, "repositories")) && existsSync(join(root, "blobs")));
  return found ?? null;
}

/** @param root as `findDistribution` finds it. @param manifestMaxBytes a larger file is no manifest. */
export function distributionSource(root: string, manifestMaxBytes: number): Source {
  const repositories = join(root, "repositories");
  return {
    label: `the registry directory ${root}`,
    isBelow: (directory) => !relative(resolve(directory), resolve(root)).startsWith(".."),
    repositories: async () => namesBelow(repositories, ""),
    open: (name) => repositoryOf(root, join(repositories, name), manifestMaxBytes),
  };
}

/** Of a file that holds a digest, bytes. */
const longestLink = 1024;

/** A repository may have others below it; folders of its own begin with `_`. */
function namesBelow(folder: string, name: string): string[] {
  const all = entriesOf(folder);
  const entries = all.filter((entry) => entry.isDirectory());
  const link = all.find((entry) => entry.isSymbolicLink());
  if (link !== undefined) {
    throw new SourceError(
      `${join(folder, link.name)} is a symbolic link, which is not followed: put the folder itself there`,
    );
  }
  const below = entries
    .filter((entry) => !entry.name.startsWith("_"))
    .flatMap((entry) =>
      namesBelow(join(folder, entry.name), name === "" ? entry.name : `${name}/${entry.name}`),
    );
  return entries.some((entry) => entry.name === "_manifests") ? [name, ...below] : below;
}

function repositoryOf(root: string, folder: string, manifestMaxBytes: number): SourceRepository {
  const revisions = join(folder, "_manifests", "revisions");
  const dataOf = (digest: Digest): string => {
    const hex = hexOf(digest);
    return join(root, "blobs", algorithmOf(digest), hex.slice(0, 2), hex, "data");
  };
  return {
    list: async () => ({ manifests: revisionsIn(revisions), tags: tagsIn(folder) }),
    readManifest: async (digest): Promise<SourceManifest | null> => {
      // The folder of a manifest that was deleted stays, without a link.
      if (readLink(join(revisions, algorithmOf(digest), hexOf(digest))) !== digest) return null;
      const body = readSmall(dataOf(digest), manifestMaxBytes);
      return body === null ? null : { body, mediaType: null };
    },
    blob: (digest) => ({ kind: "file", path: dataOf(digest) }),
    blobsAtOnce: filesAtOnce,
  };
}

function revisionsIn(folder: string): Digest[] {
  return entriesOf(folder).flatMap(({ name: algorithm }) =>
    entriesOf(join(folder, algorithm)).flatMap(({ name }) => {
      const digest = readDigest(`${algorithm}:${name}`);
      const isLinked = existsSync(join(folder, algorithm, name, "link"));
      return digest !== null && isLinked ? [digest] : [];
    }),
  );
}

/** A tag whose link is absent or empty is none there either: deleted, or cut off by a crash. */
function tagsIn(folder: string): SourceListing["tags"] {
  const tags = join(folder, "_manifests", "tags");
  return new Map(
    entriesOf(tags).flatMap(({ name }) => {
      const digest = readLink(join(tags, name, "current"));
      return digest === null ? [] : [[name, digest] as const];
    }),
  );
}

function readLink(folder: string): Digest | null {
  const text = readSmall(join(folder, "link"), longestLink);
  return text === null ? null : readDigest(text.toString("latin1").trim());
}
