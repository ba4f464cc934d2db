// The registry room over its real ports, SQLite and a folder, both fresh for each test; and pushes into it.
import { stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { openSqlite } from "../../src/metadata/sqlite/open.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import type { Locator } from "../../src/model/locator.ts";
import {
  parseRepositoryName,
  type Reference,
  type RepositoryName,
  readReference,
  readTag,
  type Tag,
} from "../../src/model/names.ts";
import { makeImmutability } from "../../src/registry/immutableTags.ts";
import {
  type ManifestReceipt,
  putManifest,
  type RegistryDeps,
} from "../../src/registry/manifests.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { beginSession, sealed } from "../support/contents.ts";
import { tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { serving } from "../support/serving.ts";
import { ociImage } from "./builders.ts";

export const leaseMs = 3_600_000;
const start = 1_800_000_000_000;

/** The registry's dependencies with what a test does around them. */
export interface World extends RegistryDeps {
  readonly latch: WriteLatch;
  /** The database file, for what no port tells. */
  readonly database: string;
  readonly damaged: { readonly digest: Digest; readonly locator: Locator }[];
  /** Lets time pass. */
  advance(ms: number): void;
  /** Stores content and links it, as a finished upload does. */
  push(repository: RepositoryName, content: Uint8Array): Promise<Digest>;
  /** Pushes a manifest under a tag or digest. */
  put(
    repository: RepositoryName,
    reference: string,
    body: Uint8Array,
    mediaType?: string | null,
  ): Promise<ManifestReceipt>;
  locatorOf(repository: RepositoryName, digest: Digest): Promise<Locator>;
  /** Replaces the stored file by one of another size. */
  shorten(locator: Locator): Promise<void>;
  /** Until when content is kept, as the database has it; Unix ms. */
  keptUntil(digest: Digest): Promise<number>;
}

/** Opens both ports in a temporary folder that goes with the scope. */
export async function openWorld(scope: Scope): Promise<World> {
  const directory = tempFolder(scope, "registry");
  let now = start;
  const clock = () => now;
  const latch = new WriteLatch(() => undefined);
  const newId = () => Bun.randomUUIDv7();
  const opened = await openSqlite({ directory, latch, role: "server", clock, newId });
  const { metadata } = opened;
  scope.defer(() => metadata.close());
  const storage = await openFilesystem({ directory, latch, clock, newId, serving: serving() });
  scope.defer(() => storage.close());
  const damaged: { digest: Digest; locator: Locator }[] = [];
  const deps: RegistryDeps = {
    metadata: metadata.registry,
    history: metadata.history,
    contents: metadata.contents,
    storage,
    clock,
    leaseMs,
    manifestMaxBytes: 4 * 1024 * 1024,
    immutable: makeImmutability(["locked*"]),
    sparse: "off",
    onDamage: (digest, locator) => damaged.push({ digest, locator }),
  };

  const push = async (repository: RepositoryName, content: Uint8Array): Promise<Digest> => {
    const staged = await storage.staging.append(
      await beginSession(storage, now),
      (async function* () {
        yield content;
      })(),
      { expected: content.byteLength, resumable: false, signal: new AbortController().signal },
    );
    const digest = digestOf(content);
    const locator = await sealed(storage, staged);
    await metadata.uploads.finishUpload({
      session: null,
      repository,
      digest,
      size: content.byteLength,
      locator,
      replaces: null,
      found: false,
      now,
      keptUntil: now + leaseMs,
    });
    return digest;
  };
  const locatorOf = async (repository: RepositoryName, digest: Digest): Promise<Locator> => {
    const row = await metadata.registry.findBlob(repository, digest);
    if (row === null) throw new Error(`${repository} has no ${digest}`);
    return row.locator;
  };
  return {
    ...deps,
    latch,
    database: opened.path,
    damaged,
    advance: (ms) => {
      now += ms;
    },
    push,
    put: (repository, reference, body, mediaType = ociImage) =>
      putManifest(deps, {
        repository,
        reference: ref(reference),
        mediaType,
        body,
        tags: [],
        by: null,
        origin: null,
      }),
    locatorOf,
    shorten: async (locator) => {
      const path = join(directory, "blobs", locator);
      await truncate(path, (await stat(path)).size - 1);
    },
    keptUntil: async (digest) => keptUntil(opened.path, digest),
  };
}

/** A second connection, as an operator's tool would have. */
async function keptUntil(path: string, digest: Digest): Promise<number> {
  const { Database } = await import("bun:sqlite");
  const database = new Database(path, { readonly: true });
  try {
    const row = database
      .query<{ kept_until: number }, [string]>("SELECT kept_until FROM contents WHERE digest = ?")
      .get(digest);
    if (row === null) throw new Error(`no content ${digest}`);
    return row.kept_until;
  } finally {
    database.close();
  }
}

/** A repository name from text that is one. */
export const repo = (text: string): RepositoryName => parseRepositoryName(text);

/** A reference from text that is one. */
export function ref(text: string): Reference {
  const reference = readReference(text);
  if (reference === null) throw new Error(`${text} is no reference`);
  return reference;
}

/** A tag from text that is one. */
export function tag(text: string): Tag {
  const read = readTag(text);
  if (read === null) throw new Error(`${text} is no tag`);
  return read;
}
