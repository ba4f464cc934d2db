// A store with a garbage collection that runs at hand-moved clocks: pushes, deletions, and what stays after a run.

import { Database } from "bun:sqlite";
import { join } from "node:path";
import { longestLease } from "../../src/content/lease.ts";
import { collectGarbage } from "../../src/gc/gc.ts";
import {
  type GcDeps,
  type GcListener,
  type GcReport,
  type GcRequest,
  gcMetadata,
  type OrphanedBlob,
} from "../../src/gc/gcRun.ts";
import { isBackingUp } from "../../src/metadata/backupHold.ts";
import type { Digest } from "../../src/model/digest.ts";
import { digestOf } from "../../src/model/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/model/names.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { manifest, tag } from "../contract/metadataRows.ts";
import { oneChunk } from "../support/chunks.ts";
import { leaseMs, openStore } from "../support/store.ts";

export const hour = 3_600_000;
/** How long a push keeps what it brought, in ms. */
export const lease = longestLease(leaseMs);
export const app = parseRepositoryName("team/app");
export const other = parseRepositoryName("team/other");

/** What a run by hand is asked unless a test says otherwise. */
const command: Omit<GcRequest, "id"> = {
  ...{ trigger: "command", dryRun: false, minAgeMs: hour, brakeShare: 0 },
  ...{ untaggedOlderThanMs: null, leaseMs, uploadsMs: 0, restoreGraceMs: 0 },
};

const newId = () => Bun.randomUUIDv7();

/** Opens a store; `remove` closes and deletes it. */
export async function openGcRoom() {
  const store = await openStore();
  const bootedAt = store.clock.now();
  const machine = { boot: "this boot", uptimeOffset: 0 };
  const deps = (): GcDeps => ({
    metadata: gcMetadata(store.rooms.metadata),
    untagged: store.rooms.metadata.untagged,
    runs: null,
    storage: store.rooms.storage,
    clock: store.clock.now,
    readUptime: async () => ({
      boot: machine.boot,
      uptime: store.clock.now() - bootedAt + hour + machine.uptimeOffset,
    }),
    self: "this process",
    isAlive: () => true,
    isBackingUp: () => isBackingUp(store.directory),
    rest: async () => {},
  });
  const push = async (text: string, repository: RepositoryName = app): Promise<Digest> => {
    const bytes = new TextEncoder().encode(text);
    const digest = digestOf(bytes);
    await uploadInOneRequest(store.rooms.uploads, {
      repository,
      digest,
      chunk: { body: oneChunk(bytes), start: null, end: null, length: bytes.length },
    });
    return digest;
  };
  return {
    store,
    machine,
    deps,
    push,
    /** Pushes an image of the given layers. @returns its manifest's digest. */
    async pushImage(
      layers: readonly string[],
      repository = app,
      tags: readonly string[] = [],
    ): Promise<Digest> {
      const references = [];
      for (const layer of layers) {
        const digest = await push(layer, repository);
        references.push({ digest, size: layer.length, kind: "blob", required: true } as const);
      }
      const put = manifest(`{"layers":${JSON.stringify(layers)}}`, {
        repository,
        references,
        tags: tags.map(tag),
        now: store.clock.now(),
      });
      await store.rooms.metadata.registry.putManifest(put);
      return put.digest;
    },
    /** Pushes an index of manifests of this repository under these tags. */
    async pushIndex(children: readonly Digest[], tags: readonly string[]): Promise<Digest> {
      const { registry } = store.rooms.metadata;
      const references = [];
      for (const digest of children) {
        const size = (await registry.findManifestSummary(app, { digest }))?.size ?? 0;
        references.push({ digest, size, kind: "child", required: true } as const);
      }
      const put = manifest(`{"manifests":${JSON.stringify(children)}}`, {
        ...{ mediaType: "application/vnd.oci.image.index.v1+json", references },
        ...{ tags: tags.map(tag), now: store.clock.now() },
      });
      await registry.putManifest(put);
      return put.digest;
    },
    async deleteImage(digest: Digest, repository = app): Promise<void> {
      const removal = { repository, digest, immutable: () => null, now: store.clock.now() };
      await store.rooms.metadata.registry.removeManifest(removal);
    },
    collect: (
      request: Partial<GcRequest> = {},
      changes: Partial<GcDeps> = {},
      listener: GcListener = {},
    ): Promise<GcReport> =>
      collectGarbage({ ...deps(), ...changes }, { ...command, id: newId(), ...request }, listener),
    /** Does something once, between a run's plan and its first deletion. */
    meanwhile(action: () => Promise<unknown>): Partial<GcDeps> {
      const { metadata } = deps();
      let isDone = false;
      const listTrash: typeof metadata.listTrash = async (limit) => {
        if (!isDone) {
          isDone = true;
          await action();
        }
        return metadata.listTrash(limit);
      };
      return { metadata: { ...metadata, listTrash } };
    },
    /** Changes rows behind the server's back, as damage would. */
    spoil(...statements: readonly string[]): void {
      const client = new Database(join(store.directory, "breadbox.db"));
      client.run("PRAGMA foreign_keys = OFF");
      for (const statement of statements) client.run(statement);
      client.close(true);
    },
    /** The blobs that a run by hand would delete. */
    async plan(): Promise<readonly OrphanedBlob[]> {
      const found: OrphanedBlob[] = [];
      const onOrphan = (blob: OrphanedBlob) => void found.push(blob);
      await collectGarbage(deps(), { ...command, id: newId(), dryRun: true }, { onOrphan });
      return found;
    },
    /** True when the content has a row, and its file is there. */
    async has(digest: Digest): Promise<boolean> {
      const row = await store.rooms.metadata.contents.findContent(digest);
      return row !== null && (await store.rooms.storage.content.open(row)) !== null;
    },
    /** The wall clock is set; the machine's uptime goes on as before. */
    setClock(stepMs: number): void {
      store.clock.advance(stepMs);
      machine.uptimeOffset -= stepMs;
    },
    async storedFiles(): Promise<number> {
      let files = 0;
      for await (const names of store.rooms.storage.content.list()) files += names.length;
      return files;
    },
  };
}
