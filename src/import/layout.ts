// OCI image layouts (image-spec, "OCI Image Layout"): one directory, or one for each repository as zot keeps them.
import { type Dirent, existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { algorithmOf, type Digest, hexOf, readDigest } from "../model/digest.ts";
import { readRepositoryName, readTag } from "../model/names.ts";
import { parseManifest } from "../registry/manifest.ts";
import { shapeOf } from "../registry/mediaTypes.ts";
import { entriesOf, readSmall } from "./files.ts";
import {
  filesAtOnce,
  type Source,
  SourceError,
  type SourceListing,
  type SourceManifest,
  type SourceRepository,
} from "./source.ts";

const refName = "org.opencontainers.image.ref.name";
/** Repositories of a registry that keeps one layout for each lie this deep at most. */
const deepest = 16;
/** Bytes: about a million images. */
const mostOfIndex = 256 * 1024 ** 2;

/** @returns the directory's layouts by repository; null when it has none. @param name of the repository, where it is one layout. */
export function findLayouts(
  directory: string,
  name: string | null,
): ReadonlyMap<string, string> | null {
  if (!isLayout(directory)) {
    const found = new Map(layoutsBelow(directory, "", 0));
    return found.size === 0 ? null : found;
  }
  const guessed = basename(resolve(directory)).toLowerCase();
  if (name === null && readRepositoryName(guessed) === null) {
    throw new SourceError(
      `${directory} does not say which repository it is: name it with --repository NAME`,
    );
  }
  return new Map([[name ?? guessed, directory]]);
}

const isLayout = (folder: string): boolean => existsSync(join(folder, "oci-layout"));

function* layoutsBelow(folder: string, name: string, depth: number): Generator<[string, string]> {
  for (const entry of foldersIn(folder)) {
    const below = join(folder, entry.name);
    const path = name === "" ? entry.name : `${name}/${entry.name}`;
    const found = isLayout(below);
    if (found) yield [path, below];
    if (depth < deepest && !(found && entry.name === "blobs")) {
      yield* layoutsBelow(below, path, depth + 1);
    }
  }
}

/** The blobs of a layout hold no other layout. */
function foldersIn(folder: string): Dirent[] {
  const skipsBlobs = isLayout(folder);
  return entriesOf(folder).filter(
    (entry) => entry.isDirectory() && !(skipsBlobs && entry.name === "blobs"),
  );
}

/** @param layouts as `findLayouts` finds them. @param manifestMaxBytes a larger file is no manifest. */
export function layoutSource(
  directory: string,
  layouts: ReadonlyMap<string, string>,
  manifestMaxBytes: number,
): Source {
  return {
    label: `the OCI image layout ${directory}`,
    isBelow: () => false,
    repositories: async () => [...layouts.keys()].sort(),
    open: (name) => repositoryOf(layouts.get(name) ?? directory, manifestMaxBytes),
  };
}

function repositoryOf(folder: string, manifestMaxBytes: number): SourceRepository {
  const pathOf = (digest: Digest): string =>
    join(folder, "blobs", algorithmOf(digest), hexOf(digest));
  // What index.json says outranks a guess from the bytes: helm and others push documents without `mediaType`.
  const types = new Map<Digest, string>();
  return {
    list: async () => {
      const { tags, manifests, mediaTypes } = readIndex(folder);
      for (const [digest, type] of mediaTypes) types.set(digest, type);
      return { tags, manifests };
    },
    readManifest: async (digest) =>
      readManifest(pathOf(digest), types.get(digest) ?? null, manifestMaxBytes),
    blob: (digest) => ({ kind: "file", path: pathOf(digest) }),
    blobsAtOnce: filesAtOnce,
  };
}

function readManifest(
  path: string,
  mediaType: string | null,
  manifestMaxBytes: number,
): SourceManifest | null {
  const body = readSmall(path, manifestMaxBytes);
  return body !== null && (mediaType !== null || isManifest(body)) ? { body, mediaType } : null;
}

/** Layouts keep manifests among the blobs, and an index may name either. */
function isManifest(body: Uint8Array): boolean {
  try {
    return shapeOf(parseManifest(body, null).mediaType) !== "other";
  } catch {
    return false;
  }
}

interface Index extends SourceListing {
  readonly mediaTypes: ReadonlyMap<Digest, string>;
}

function readIndex(folder: string): Index {
  const path = join(folder, "index.json");
  const entries = manifestsOf(path);
  const tags = new Map<string, Digest>();
  const mediaTypes = new Map<Digest, string>();
  for (const entry of entries) {
    const { digest, mediaType, name } = readEntry(entry);
    if (digest === null) {
      throw new SourceError(`${path} holds an entry without a sha256 or sha512 digest`);
    }
    if (mediaType !== null) mediaTypes.set(digest, mediaType);
    const tag = name === null ? null : tagIn(name);
    if (tag === null) continue;
    const before = tags.get(tag) ?? digest;
    if (before !== digest) {
      throw new SourceError(
        `${path} names two images ${tag}: import them one by one, with names of their own`,
      );
    }
    tags.set(tag, digest);
  }
  return { tags, mediaTypes, manifests: entries.flatMap((entry) => readEntry(entry).digest ?? []) };
}

/** `1.2`, or what podman and skopeo write: `docker.io/library/app:1.2`. */
function tagIn(name: string): string | null {
  if (readTag(name) !== null) return name;
  return readTag(name.slice(name.lastIndexOf(":") + 1));
}

function manifestsOf(path: string): readonly unknown[] {
  try {
    const index: unknown = JSON.parse(readSmall(path, mostOfIndex)?.toString("utf8") ?? "");
    const manifests = memberOf(index, "manifests");
    if (Array.isArray(manifests)) return manifests;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SourceError(`${path} is no index of an OCI image layout`);
}

function readEntry(entry: unknown) {
  const [digest, mediaType] = [memberOf(entry, "digest"), memberOf(entry, "mediaType")];
  const name = memberOf(memberOf(entry, "annotations"), refName);
  return {
    digest: typeof digest === "string" ? readDigest(digest) : null,
    mediaType: typeof mediaType === "string" ? mediaType : null,
    name: typeof name === "string" ? name : null,
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
