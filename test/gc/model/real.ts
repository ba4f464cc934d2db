// The store of the property test: real rooms on a real database and real files, with clocks that the test sets.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { watchClock } from "../../../src/clock/clockWatch.ts";
import { RegistryError } from "../../../src/errors.ts";
import { collectGarbage } from "../../../src/gc/gc.ts";
import { type GcDeps, type GcReport, gcMetadata } from "../../../src/gc/gcRun.ts";
import { type Digest, digestOf } from "../../../src/model/digest.ts";
import { type RepositoryName, readReference } from "../../../src/model/names.ts";
import { parseBucketName } from "../../../src/model/objectNames.ts";
import { statBlob } from "../../../src/registry/blobs.ts";
import { deleteBlob, deleteManifest } from "../../../src/registry/deletions.ts";
import { putManifest, type RegistryDeps } from "../../../src/registry/manifests.ts";
import { mountBlob, mountObject } from "../../../src/registry/mounts.ts";
import { uploadInOneRequest } from "../../../src/uploads/uploads.ts";
import { oneChunk } from "../../support/chunks.ts";
import { objectsIn } from "../../support/objectStore.ts";
import { leaseMs, openStore } from "../../support/store.ts";
import type { Collection } from "./actions.ts";
import type { Rows } from "./model.ts";
import { buckets } from "./objects.ts";

/** A manifest to push. */
export interface ManifestBody {
  readonly repository: RepositoryName;
  /** null to push it by its digest. */
  readonly tag: string | null;
  readonly body: Uint8Array;
  readonly mediaType: string;
}

/** Opens a store; `remove` closes and deletes it. */
export async function openRealStore() {
  const store = await openStore();
  const { clock } = store;
  let uptime = leaseMs;
  const registry: RegistryDeps = { ...store.rooms.registry, sparse: "indexes" };
  const readUptime = async () => ({ boot: "the only one", uptime });
  const { clock: anchor, untagged } = store.rooms.metadata;
  const gc: GcDeps = {
    ...{ metadata: gcMetadata(store.rooms.metadata), untagged, runs: null },
    storage: store.rooms.storage,
    clock: clock.now,
    readUptime,
    self: "model",
    isAlive: () => true,
    isBackingUp: () => false,
    rest: async () => {},
  };
  const objects = objectsIn(store);
  for (const bucket of buckets) await objects.createBucket(bucket);
  return {
    directory: store.directory,
    objects,
    linkObject: (path: string, repository: RepositoryName, digest: Digest) =>
      found(objects.link(path, repository, digest)),
    removeObject: (path: string) => found(objects.remove(path)),
    mountObject: async (repository: RepositoryName, digest: Digest, bucket: string) => {
      const request = { repository, digest, from: parseBucketName(bucket), mayRead: () => true };
      return (await mountObject(registry, request)) !== null;
    },
    storage: store.rooms.storage,
    clock,
    wait(ms: number): void {
      clock.advance(ms);
      uptime += ms;
    },
    /** Somebody sets the wall clock. */
    step: (ms: number): void => clock.advance(ms),
    /** What a server does now and then. */
    look: (patienceMs: number) =>
      watchClock({ metadata: anchor, clock: clock.now, readUptime }, patienceMs),
    async upload(repository: RepositoryName, bytes: Uint8Array): Promise<void> {
      const chunk = { body: oneChunk(bytes), start: null, end: null, length: bytes.length };
      const digest = digestOf(bytes);
      await uploadInOneRequest(store.rooms.uploads, { repository, digest, chunk });
    },
    head: (repository: RepositoryName, digest: Digest) =>
      found(statBlob(registry, repository, digest)),
    mount: async (repository: RepositoryName, digest: Digest, from: RepositoryName | null) =>
      (await mountBlob(registry, { repository, digest, from, mayPull: () => true })) !== null,
    put: ({ repository, tag, body, mediaType }: ManifestBody) =>
      found(
        putManifest(registry, {
          repository,
          reference: readReference(tag ?? digestOf(body)) ?? { digest: digestOf(body) },
          mediaType,
          body,
          tags: [],
          by: null,
          origin: null,
        }),
      ),
    deleteManifest: (repository: RepositoryName, reference: string) => {
      const read = readReference(reference);
      if (read === null) throw new Error(`${reference} is no reference`);
      return found(deleteManifest(registry, repository, read));
    },
    deleteBlob: (repository: RepositoryName, digest: Digest) =>
      found(deleteBlob(registry, repository, digest)),
    /** @param moment is awaited again and again: before each step that looks or deletes. */
    collect(
      { minAgeMs, untaggedOlderThanMs }: Pick<Collection, "minAgeMs" | "untaggedOlderThanMs">,
      moment: () => Promise<void>,
    ): Promise<GcReport> {
      return collectGarbage(interrupted(gc, moment), {
        ...{ id: Bun.randomUUIDv7(), trigger: "command", dryRun: false, brakeShare: 0 },
        ...{ minAgeMs, untaggedOlderThanMs, leaseMs, uploadsMs: 0, restoreGraceMs: 0 },
      });
    },
    rows: () => readRows(store.directory),
    remove: () => store.remove(),
  };
}

/** Something may happen before each transaction, each file that goes, and each window of rows; never two of them at once. */
function interrupted(gc: GcDeps, moment: () => Promise<void>): GcDeps {
  const { metadata, storage } = gc;
  let turn: Promise<unknown> = Promise.resolve();
  const after = <T>(step: () => Promise<T>): Promise<T> => {
    const mine = turn.then(moment).then(step);
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    ...gc,
    metadata: {
      ...metadata,
      markWindow: (...asked) => after(() => metadata.markWindow(...asked)),
      discardContents: (...asked) => after(() => metadata.discardContents(...asked)),
      discardLinks: (...asked) => after(() => metadata.discardLinks(...asked)),
    },
    storage: {
      content: {
        list: () => storage.content.list(),
        nameOf: storage.content.nameOf,
        stat: (locator) => storage.content.stat(locator),
        delete: (locator) => after(() => storage.content.delete(locator)),
      },
    },
  };
}

/** @returns the situation of a refusal; null when there was none. */
async function found(asked: Promise<unknown>): Promise<string | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    if (error instanceof RegistryError) return error.situation;
    throw error;
  }
}

function readRows(directory: string): Rows & { readonly locators: readonly string[] } {
  const database = new Database(join(directory, "breadbox.db"), { readonly: true });
  const all = (query: string): readonly unknown[][] => database.query(query).values();
  try {
    const contents = all(
      "SELECT digest, created_at, kept_until, coalesce(released_at, 0), locator FROM contents",
    );
    return {
      contents: new Map(
        contents.map(([digest, createdAt, keptUntil, releasedAt]) => [
          String(digest),
          {
            createdAt: Number(createdAt),
            keptUntil: Number(keptUntil),
            releasedAt: Number(releasedAt),
          },
        ]),
      ),
      links: times(all("SELECT repository || ' ' || digest, linked_at FROM repository_contents")),
      manifests: times(all("SELECT repository || ' ' || digest, pushed_at FROM manifests")),
      tags: new Map(
        all("SELECT repository || ' ' || name, digest FROM tags").map(([tag, digest]) => [
          String(tag),
          String(digest),
        ]),
      ),
      objects: new Map(
        all(
          "SELECT b.name || '/' || o.name, o.digest FROM objects o JOIN buckets b ON b.id = o.bucket_id",
        ).map(([path, digest]) => [String(path), String(digest)]),
      ),
      pushes: new Map(
        all(
          "SELECT name, pushing_since, pushing_until FROM repositories WHERE pushing_until > 0",
        ).map(([name, since, until]) => [
          String(name),
          { since: Number(since), until: Number(until) },
        ]),
      ),
      locators: contents.map(([, , , , locator]) => String(locator)).sort(),
    };
  } finally {
    database.close();
  }
}

const times = (rows: readonly unknown[][]): Map<string, number> =>
  new Map(rows.map(([name, time]) => [String(name), Number(time)]));

/** A store as the property test sees it. */
export type RealStore = Awaited<ReturnType<typeof openRealStore>>;
