// A box with some objects, backed up and restored by the functions that commands end in.
import { expect } from "bun:test";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  backUp,
  checkBackups,
  listBackups,
  type NamedTarget,
  runBackup,
  runRestore,
} from "../../src/backingUp.ts";
import type { BackupOrder } from "../../src/backup/backup.ts";
import type { BackupReport } from "../../src/backup/report.ts";
import type { RestoreOrder, RestoreReport } from "../../src/backup/restore.ts";
import type { StoreConfig } from "../../src/config/store.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import type { Digest } from "../../src/model/digest.ts";
import { openPorts, type Ports } from "../../src/ports.ts";
import { openedBytes } from "../support/contents.ts";
import { problemsOf } from "../support/inspect.ts";
import { keyOf, objectsIn } from "../support/objectStore.ts";
import { memoryFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";
import { noise, openStore } from "../support/store.ts";

type Changes = Partial<BackupOrder & NamedTarget>;

/** The settings of a store that is in this directory only. */
export const storeIn = (data: string): StoreConfig => ({ data, database: null, bucket: null });

/** Opens a box with objects of these sizes, which is open like a server's. */
export async function openBox(scope: Scope, sizes: readonly number[] = [12, 70_000, 2_500_000]) {
  const store = await openStore();
  scope.defer(() => store.remove());
  const folder = memoryFolder(scope, "target");
  const objects = objectsIn(store);
  const contents = new Map<string, Uint8Array>();
  const digests = new Map<string, Digest>();
  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    digests.set(path, await objects.put(path, bytes));
    contents.set(path, bytes);
  };
  await objects.createBucket("box");
  for (const size of sizes) await put(`box/${size}.bin`, noise(size));
  const target = join(folder, "backups");
  const order = (changes: Changes): BackupOrder & NamedTarget => ({
    ...{ target, copies: true, keep: null, onProgress: () => {} },
    ...{ signal: new AbortController().signal, ...changes },
  });
  return {
    ...{ store, target, folder, put, contents, objects },
    backUp: (changes: Changes = {}): Promise<BackupReport> =>
      runBackup(storeIn(store.directory), order(changes)),
    /** With a clock, or other ports, of the test's own. */
    backUpWith: async (change: (ports: Ports) => Partial<Ports>, changes: Changes = {}) => {
      const ports = await openPorts(storeIn(store.directory), {
        latch: new WriteLatch(() => {}),
        role: "tool",
      });
      try {
        const given = { ...ports, ...change(ports) };
        return await backUp(given, storeIn(store.directory), order(changes));
      } finally {
        await ports.close();
      }
    },
    /** Where the store has an object's bytes. */
    async fileOf(path: string): Promise<string> {
      const digest = digests.get(path);
      const row = digest && (await store.rooms.metadata.contents.findContent(digest));
      if (!row) throw new Error(`${path} has no row`);
      return join(store.directory, "blobs", row.locator);
    },
    /** Where the target has an object's bytes. */
    copyOf(path: string): string {
      const hex = digests.get(path)?.slice("sha256:".length) ?? "";
      return join(target, "content", "sha256", hex.slice(0, 2), hex);
    },
    restore: async (
      data: string,
      changes: Partial<RestoreOrder & NamedTarget> = {},
    ): Promise<RestoreReport> =>
      runRestore(storeIn(data), {
        ...{ target, copies: false, asOf: null, acceptsDamage: false },
        ...{ onProgress: () => {}, ...changes },
      }),
    newData: () => join(memoryFolder(scope, "restored"), "data"),
  };
}

/** The objects of a restored directory, whole: their bytes by path. */
export async function objectsOf(data: string): Promise<Map<string, Uint8Array>> {
  expect(await problemsOf(data)).toEqual([]);
  const ports = await openPorts(storeIn(data), { latch: new WriteLatch(() => {}), role: "tool" });
  try {
    const found = new Map<string, Uint8Array>();
    const page = { prefix: "", after: null, limit: 1000, delimiter: null };
    const listed = await ports.metadata.objects.listObjects(keyOf("box/any").bucket, page);
    if (listed === null) throw new Error("no bucket");
    const { objects } = listed;
    for (const { object, digest } of objects) {
      const row = await ports.metadata.contents.findContent(digest);
      const bytes = row && (await openedBytes(await ports.storage.content.open(row)));
      if (bytes === null) throw new Error(`${object} has no bytes`);
      found.set(`box/${object}`, bytes);
    }
    return found;
  } finally {
    await ports.close();
  }
}

/** Files below a folder, as paths, with their permissions. */
export function filesBelow(folder: string): Map<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const found = names.map((name) => [name, statSync(join(folder, name))] as const);
  return new Map(
    found.filter(([, stats]) => stats.isFile()).map(([name, { mode }]) => [name, mode & 0o777]),
  );
}

/** Checks everything in a target. */
export const verify = (target: string) => checkBackups({ target, copies: true }, () => {});
/** Ids of the backups in a target. */
export const list = async (target: string) =>
  (await listBackups({ target, copies: true })).whole.map(({ id }) => id);
/** What went wrong. */
export const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "it went well",
    (error: unknown) => String(error),
  );

/** Other bytes of the same length. */
export function spoil(path: string): void {
  const { size } = statSync(path);
  chmodSync(path, 0o600);
  writeFileSync(path, noise(size));
}
