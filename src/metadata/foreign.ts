// Data directories of other registries: a server that was started on one by mistake, or by who expected it to be read, would be an
// empty registry next to all its images. format.ts recognizes Breadbox's own directories.
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ForeignStoreError } from "./openErrors.ts";

/** How deep images may lie below: a root of roots, or repositories of a few words. */
const deepest = 3;
/** Folders that are looked into at most: this is asked at every start on a new directory. */
const mostFolders = 2000;

/** A layout by which a directory is recognized: all of these paths exist in it. */
interface Layout {
  readonly of: string;
  readonly entries: readonly string[];
}

const layouts: readonly Layout[] = [
  { of: "distribution (registry:2, registry:3, Harbor)", entries: ["docker/registry/v2"] },
  // The same, named at one of its own folders.
  { of: "distribution (registry:2, registry:3, Harbor)", entries: ["registry/v2/repositories"] },
  { of: "distribution (registry:2, registry:3, Harbor)", entries: ["v2/repositories", "v2/blobs"] },
  {
    of: "distribution (registry:2, registry:3, Harbor)",
    entries: ["repositories", "blobs/sha256"],
  },
  { of: "zot, or an OCI image layout", entries: ["oci-layout", "index.json"] },
];

/**
 * Asked before anything is created in a directory.
 * @throws ForeignStoreError when it was never served by Breadbox and holds images of another registry, or has folders that do.
 */
export async function assertNotForeign(directory: string): Promise<void> {
  if (await isOurs(directory)) return;
  const found = await findForeign(directory);
  if (found !== null) throw new ForeignStoreError(directory, found);
}

async function isOurs(directory: string): Promise<boolean> {
  return (await exists(join(directory, "format"))) || exists(join(directory, "breadbox.db"));
}

/** Images of another registry, and whose they are. */
export interface Foreign {
  readonly place: string;
  readonly of: string;
}

/** Level by level, so that what lies near is found in a large tree, too. */
async function findForeign(directory: string): Promise<Foreign | null> {
  let level = [directory];
  let left = mostFolders;
  for (let depth = 0; depth <= deepest; depth += 1) {
    const below: string[] = [];
    for (const folder of level) {
      const layout = await layoutOf(folder);
      if (layout !== null) return { place: join(folder, layout.entries[0] ?? ""), of: layout.of };
      if (below.length < left) below.push(...(await foldersIn(folder, left - below.length)));
    }
    left -= below.length;
    level = below;
  }
  return null;
}

async function layoutOf(folder: string): Promise<Layout | null> {
  for (const layout of layouts) {
    const found = await Promise.all(layout.entries.map((entry) => exists(join(folder, entry))));
    if (found.every(Boolean)) return layout;
  }
  return null;
}

/** At most `most` of them; none where nothing can be read: the caller that needs the folder reports that. */
async function foldersIn(folder: string, most: number): Promise<string[]> {
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (folders.length >= most) break;
      if (entry.isDirectory()) folders.push(join(folder, entry.name));
    }
  } catch {
    return folders;
  }
  return folders;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
