// A store with an image in it, hands that damage it, and the inspection that has to notice.
import { Database } from "bun:sqlite";
import { open, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../src/errors.ts";
import type { Finding } from "../../src/fsck/findings.ts";
import { inspectStore } from "../../src/fsck/fsck.ts";
import type { FsckProgress, FsckReport, FsckRequest } from "../../src/fsck/fsckRun.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import type { Locator } from "../../src/model/locator.ts";
import { parseRepositoryName, readTag } from "../../src/model/names.ts";
import type { StagedPart } from "../../src/model/staged.ts";
import { openBlob, statBlob } from "../../src/registry/blobs.ts";
import { readStoredManifest } from "../../src/registry/manifest.ts";
import { putManifest } from "../../src/registry/manifests.ts";
import { uploadInOneRequest } from "../../src/uploads/uploads.ts";
import { openStore } from "../support/store.ts";

export const app = parseRepositoryName("team/app");
const ociManifest = "application/vnd.oci.image.manifest.v1+json";
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export const quick: FsckRequest = { full: false, repair: false };
export const full: FsckRequest = { full: true, repair: false };
export const repair: FsckRequest = { full: true, repair: true };

/** Kinds of what is no notice, in the order of their names. */
export const problems = ({ judged }: FsckReport): Finding["kind"][] =>
  judged
    .filter(({ severity }) => severity !== "notice")
    .map(({ finding }) => finding.kind)
    .sort();

/** Kinds of everything. */
export const kinds = ({ judged }: FsckReport): Finding["kind"][] =>
  judged.map(({ finding }) => finding.kind).sort();

/** Opens it; `remove` closes and deletes it. */
export async function openInspectionRoom() {
  const store = await openStore();
  const room = new InspectionRoom(store);
  return room;
}

/** One store. */
export class InspectionRoom {
  readonly store: Awaited<ReturnType<typeof openStore>>;
  /** Happens between fsck's look at the row of a part and its look at the file. */
  beforePart: () => Promise<void> = async () => {};

  constructor(store: Awaited<ReturnType<typeof openStore>>) {
    this.store = store;
  }

  get directory(): string {
    return this.store.directory;
  }

  remove(): Promise<void> {
    return this.store.remove();
  }

  async push(bytes: Uint8Array, repository = app): Promise<Digest> {
    const digest = digestOf(bytes);
    const body = (async function* () {
      yield bytes;
    })();
    const chunk = { body, length: bytes.length, start: null, end: null };
    await uploadInOneRequest(this.store.rooms.uploads, { repository, digest, chunk });
    return digest;
  }

  /** Puts a manifest that names `layers`. @returns its digest. */
  async tag(name: string, layers: readonly Uint8Array[], more: object = {}): Promise<Digest> {
    const describe = (bytes: Uint8Array) => ({
      mediaType: "application/octet-stream",
      digest: digestOf(bytes),
      size: bytes.length,
    });
    const config = encode({ name });
    for (const bytes of [config, ...layers]) await this.push(bytes);
    const body = encode({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: describe(config),
      layers: layers.map(describe),
      ...more,
    });
    const tag = readTag(name);
    if (tag === null) throw new Error(`${name} is no tag`);
    const receipt = await putManifest(this.store.rooms.registry, {
      repository: app,
      reference: { tag },
      mediaType: ociManifest,
      body,
      tags: [],
      by: null,
      origin: null,
    });
    return receipt.digest;
  }

  /** Where content stands. */
  async path(digest: Digest): Promise<string> {
    const row = await this.store.rooms.metadata.inspection.findContentRow(digest);
    if (row === null) throw new Error(`${digest} is not stored`);
    return join(this.directory, "blobs", row.locator);
  }

  /** Turns one bit over; the size stays. */
  async flip(digest: Digest, at = 0): Promise<void> {
    const file = await open(await this.path(digest), "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, at);
    await file.close();
  }

  async cut(digest: Digest, size: number): Promise<void> {
    await truncate(await this.path(digest), size);
  }

  async lose(digest: Digest): Promise<void> {
    await rm(await this.path(digest));
  }

  /** What a person with the sqlite3 shell can do. */
  sql(text: string, ...values: (string | number | Uint8Array)[]): unknown[][] {
    using database = new Database(join(this.directory, "breadbox.db"));
    return database.query(text).values(...values);
  }

  /** @param beforeStat happens between fsck's look at a row and its look at the file. */
  fsck(
    request: FsckRequest,
    onProgress: (progress: FsckProgress) => void = () => {},
    beforeStat: () => Promise<void> = async () => {},
  ): Promise<FsckReport> {
    const { metadata, storage } = this.store.rooms;
    const looking = {
      repair: {
        ...storage.repair,
        partFault: async (part: StagedPart) => {
          await this.beforePart();
          return storage.repair.partFault(part);
        },
      },
      parts: storage.parts,
      staging: storage.staging,
      content: {
        list: () => storage.content.list(),
        stat: async (locator: Locator) => {
          await beforeStat();
          return storage.content.stat(locator);
        },
      },
    };
    const deps = {
      metadata,
      storage: looking,
      derive: readStoredManifest,
      clock: this.store.clock.now,
    };
    return inspectStore(deps, request, onProgress);
  }

  /** What HEAD and GET of a blob answer: the bytes, or the situation. */
  async pull(digest: Digest): Promise<Uint8Array | string> {
    try {
      await statBlob(this.store.rooms.registry, app, digest);
      const { body } = await openBlob(this.store.rooms.registry, app, digest);
      return body instanceof Blob ? body.bytes() : (body ?? "not here");
    } catch (error) {
      if (error instanceof RegistryError) return error.situation;
      throw error;
    }
  }
}
