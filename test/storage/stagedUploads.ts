// Uploads in parts over real files: parts are received and settled as the domain does it, and a list of them stands for the rows.
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { WriteLatch } from "../../src/durability/writeLatch.ts";
import { digestOf } from "../../src/model/digest.ts";
import { Fingerprint } from "../../src/model/fingerprint.ts";
import type { PartPlace, StagedPart } from "../../src/model/staged.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { Assembly } from "../../src/storage/filesystem/assembly/assembly.ts";
import { openFilesystem } from "../../src/storage/filesystem/filesystem.ts";
import { partPlace } from "../../src/storage/filesystem/partNames.ts";
import type { Scope } from "../support/scope.ts";
import { serving } from "../support/serving.ts";

/** An upload and the parts that count of it. */
export interface StagedUpload {
  readonly id: UploadId;
  /** By number. */
  readonly parts: Map<number, StagedPart>;
  readonly bytes: Map<number, Uint8Array>;
}

/** The size and digest that parts have together. */
export function together(upload: StagedUpload, numbers: readonly number[]) {
  const bytes = Buffer.concat(numbers.map((number) => upload.bytes.get(number) ?? Buffer.alloc(0)));
  return { size: bytes.byteLength, digest: digestOf(bytes) };
}

/** The parts of an upload in their order, those with these numbers only if any are given. */
export function listOf({ parts }: StagedUpload, numbers?: readonly number[]): StagedPart[] {
  const all = [...parts.values()].sort((a, b) => a.number - b.number);
  return numbers === undefined ? all : all.filter(({ number }) => numbers.includes(number));
}

/** All parts that count of an upload, asked when they are wanted. */
export const allOf = (upload: StagedUpload) => async () => [...upload.parts.values()];

/** What went wrong, by its situation; for promises that must not be awaited through `expect().rejects`. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

/** A store with an assembly that is closed with `scope`. `restart` makes another one, which knows nothing. */
export async function openAssemblies(scope: Scope, directory: string) {
  const trips: string[] = [];
  const latch = new WriteLatch((reason) => trips.push(reason));
  const newId = (): string => Bun.randomUUIDv7();
  const storage = await openFilesystem({
    ...{ directory, latch, clock: Date.now, newId },
    serving: serving(),
  });
  scope.defer(() => storage.close());
  const workers: Worker[] = [];
  const lost: string[] = [];
  const open = (): Assembly => {
    const assembly = new Assembly({
      spawn: () => {
        const url = new URL("../../src/storage/filesystem/assembly/worker.ts", import.meta.url);
        const worker = new Worker(url.href);
        workers.push(worker);
        return worker;
      },
      directory,
      latch,
      onWorkerLost: (reason) => lost.push(reason),
    });
    scope.defer(() => assembly.close());
    return assembly;
  };
  const start = async (): Promise<StagedUpload> => {
    const upload = { id: makeUploadId(newId()), parts: new Map(), bytes: new Map() };
    await mkdir(join(directory, "tmp", "multipart", upload.id));
    return upload;
  };
  const note = (upload: StagedUpload, place: PartPlace, number: number, bytes: Uint8Array) => {
    const fingerprint = new Fingerprint();
    fingerprint.update(bytes);
    const size = bytes.byteLength;
    const part = { number, size, etag: fingerprint.etag(), place, createdAt: 0 };
    upload.parts.set(number, part);
    upload.bytes.set(number, bytes);
    return part;
  };
  /** Receives a part, gives it its plain name and notes it, without telling an assembly. */
  const stage = async (upload: StagedUpload, number: number, bytes: Uint8Array) => {
    const body = (async function* () {
      yield bytes;
    })();
    const { place } = await storage.parts.receive(upload.id, number, body, {
      expected: bytes.byteLength,
      signal: new AbortController().signal,
    });
    const path = join(directory, place.name);
    await rename(`${path}.${place.version}`, path);
    return note(upload, place, number, bytes);
  };
  /** As `stage`, past the storage: no sync, for thousands of them. */
  const plant = async (upload: StagedUpload, number: number, bytes: Uint8Array) => {
    const place = partPlace(upload.id, number, newId());
    await Bun.write(join(directory, place.name), bytes);
    return note(upload, place, number, bytes);
  };
  return {
    ...{ directory, storage, latch, trips, workers, lost, open, start, stage, plant },
    /** Where a file of an upload stands. */
    fileOf: ({ id }: StagedUpload, name: string) => join(directory, "tmp", "multipart", id, name),
  };
}
