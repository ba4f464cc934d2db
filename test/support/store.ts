// A whole store in a temporary folder, in memory: real database, real files, real hashing worker, a clock that the test moves.
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { OverdueReleases } from "../../src/content/claim.ts";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { makeUploadId } from "../../src/model/uploadId.ts";
import { Arrivals } from "../../src/objects/arrivals.ts";
import type { ObjectsDeps } from "../../src/objects/deps.ts";
import { PartTurns } from "../../src/objects/turns.ts";
import type { RegistryDeps } from "../../src/registry/manifests.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { dropDamaged, type UploadsDeps } from "../../src/uploads/uploads.ts";
import { openRows } from "./openRows.ts";
import { memoryPlace } from "./processes.ts";
import { serving } from "./serving.ts";

/** One hour, the default of `gc.minAge`. */
export const leaseMs = 3_600_000;

/** Time that stands still until the test moves it. */
export class TestClock {
  #now = Date.UTC(2026, 0, 1);
  #aheadMs = 0;
  /** Unix ms, as the wall clock shows it. */
  readonly now = (): number => this.#now + this.#aheadMs;
  /** As a server has it that has not looked at the clock since it was set. */
  readonly ageNow = (): number => Math.min(this.now(), this.#now);
  advance(ms: number): void {
    this.#now += ms;
  }
  /** Somebody sets the wall clock, forward or back. */
  set(ms: number): void {
    this.#aheadMs += ms;
  }
  setRight(): void {
    this.#aheadMs = 0;
  }
}

/** Opens a store, of which no test asks what a disk does; `reopen` is a restart, or a command, `remove` closes and deletes it. */
export async function openStore() {
  const directory = await mkdtemp(join(memoryPlace(), "breadbox-store-"));
  const clock = new TestClock();
  const open = async (role: "server" | "tool" = "server") => {
    const latch = new WriteLatch(() => {});
    const newId = (): string => Bun.randomUUIDv7("hex", clock.now());
    const { metadata } = await openRows({
      directory,
      latch,
      role,
      clock: clock.now,
      newId,
    });
    const storage: Storage = await openFilesystem({
      ...{ directory, latch, clock: clock.now, newId },
      serving: serving({
        onDamaged: (id) => void dropDamaged({ metadata: metadata.uploads, storage }, id),
      }),
    });
    const overdue = new OverdueReleases();
    const registry: RegistryDeps = {
      metadata: metadata.registry,
      history: metadata.history,
      contents: metadata.contents,
      storage,
      clock: clock.now,
      leaseMs,
      manifestMaxBytes: 1024 * 1024,
      immutable: () => null,
      sparse: "off",
    };
    const uploads: UploadsDeps = {
      metadata: metadata.uploads,
      contents: metadata.contents,
      storage,
      overdue,
      clock: clock.now,
      ageNow: clock.ageNow,
      newId,
      leaseMs,
    };
    const objects: ObjectsDeps = {
      metadata: metadata.objects,
      multipart: metadata.multipart,
      contents: metadata.contents,
      multipartLife: metadata.multipartLife,
      registry: metadata.registry,
      ...{
        storage,
        overdue,
        turns: new PartTurns(),
        arrivals: new Arrivals(),
        newId,
      },
      ageNow: clock.ageNow,
      clock: clock.now,
      newUploadId: () => makeUploadId(newId()),
      limits: { maxParts: 10_000, maxPartBytes: 134_217_728, ttlMs: 86_400_000 },
    };
    const close = async (): Promise<void> => {
      await storage.close();
      await metadata.close();
    };
    const uploadRows = { ...metadata.uploads, ...metadata.uploadSweep };
    return { metadata, uploadRows, storage, registry, uploads, objects, latch, close };
  };
  let current = await open();
  return {
    directory,
    clock,
    get rooms() {
      return current;
    },
    async reopen(role?: "server" | "tool"): Promise<void> {
      await current.close();
      current = await open(role);
    },
    async remove(): Promise<void> {
      await current.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Random bytes of a given length. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)));
  }
  return bytes;
}
