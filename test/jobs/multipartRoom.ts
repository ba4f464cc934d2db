// Uploads in parts on a real store, through the ports alone, and sweeps of them at a time that the test sets.
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type ExpiredUpload,
  type MultipartSweepDeps,
  sweepMultipart,
} from "../../src/jobs/multipartSweep.ts";
import type { MultipartKey } from "../../src/metadata/multipart.ts";
import { Fingerprint } from "../../src/model/fingerprint.ts";
import { parseBucketName, parseObjectName } from "../../src/model/objectNames.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";
import { openStore } from "../support/store.ts";

export const minute = 60_000;
/** As the server has them when nobody sets them; ms. */
export const ttlMs = 24 * 60 * minute;
export const graceMs = minute;
export const bucket = parseBucketName("backups");

/** Where a room stands for a sweep. */
export type RoomDeps = Pick<MultipartSweepDeps, "metadata" | "storage">;

/** Opens a store with one bucket. `remove` closes and deletes it. */
export async function openMultipartRoom() {
  const store = await openStore();
  const { clock, directory } = store;
  await store.rooms.metadata.objects.createBucket(bucket, clock.now());
  const newUploadId = (): UploadId => makeUploadId(Bun.randomUUIDv7("hex", clock.now()));
  const key = (id: UploadId): MultipartKey => ({ bucket, id });
  const start = async (object: string, { lives = ttlMs, owner = null as string | null } = {}) => {
    const createdAt = clock.now();
    const id = newUploadId();
    const about = { id, bucket, object: parseObjectName(object), contentType: "text/plain" };
    const begun = { ...about, createdAt, expiresAt: createdAt + lives };
    if (!(await store.rooms.metadata.multipartLife.startMultipart(begun, owner)))
      throw new Error("no");
    return id;
  };
  const deps = (): RoomDeps => ({
    metadata: store.rooms.metadata.multipartLife,
    storage: store.rooms.storage,
  });

  return {
    store,
    key,
    newUploadId,
    /** Where everything of an upload is staged. */
    folder: (name: string) => join(directory, "tmp", "multipart", name),
    isStaged: (id: UploadId) => existsSync(join(directory, "tmp", "multipart", id)),
    deps,
    /** @param lives how long until it expires, ms. */
    initiate: (object: string, lives = ttlMs) => start(object, { lives }),
    /** An object that comes whole, and whose receiver, `a request`, holds it. */
    async receiveWhole(object: string): Promise<UploadId> {
      const id = await start(object, { lives: 0, owner: "a request" });
      await store.rooms.storage.staging.begin(id, null);
      return id;
    },
    /** Stores a part; the upload lives for `lives` ms more. */
    async part(id: UploadId, number: number, text: string, lives = ttlMs): Promise<void> {
      const { metadata, storage } = store.rooms;
      const bytes = new TextEncoder().encode(text);
      const body = (async function* () {
        yield bytes.slice();
      })();
      const options = { expected: bytes.length, signal: new AbortController().signal };
      const received = await storage.parts.receive(id, number, body, options);
      const fingerprint = new Fingerprint();
      fingerprint.update(bytes);
      const { place, size } = received;
      const part = { number, size, etag: fingerprint.etag(), place, createdAt: clock.now() };
      const expiresAt = clock.now() + lives;
      await metadata.multipart.recordPart(key(id), { part, expiresAt, accepts: () => {} });
      await storage.parts.recorded(id, { part, replaced: null }, async () => []);
    },
    /** The text of a part; null when it cannot be read. */
    async read(id: UploadId, number: number): Promise<string | null> {
      const { multipart } = store.rooms.metadata;
      const parts = await multipart.listParts(key(id), { after: number - 1, limit: 1 });
      const path = parts?.at(0)?.place.name;
      const file = path === undefined ? null : Bun.file(join(directory, path));
      return file !== null && (await file.exists()) ? file.text() : null;
    },
    /** Bytes that no upload knows of. */
    async leaveBehind(): Promise<UploadId> {
      const id = newUploadId();
      await store.rooms.storage.staging.begin(id, null);
      return id;
    },
    /** One sweep. @returns what it did and told, and how often it rested. */
    async sweep({
      limit = 200,
      deps: given = deps(),
      ageNow = clock.now,
      arriving = [],
    }: {
      limit?: number;
      deps?: RoomDeps;
      ageNow?: () => number | null;
      arriving?: readonly UploadId[];
    } = {}) {
      const told: ExpiredUpload[] = [];
      let rests = 0;
      const rest = async () => {
        rests += 1;
      };
      const onExpired = (upload: ExpiredUpload) => void told.push(upload);
      const all = { ...given, clock: clock.now, ageNow, arriving, rest, onExpired };
      const swept = await sweepMultipart(all, { graceMs, limit });
      return { ...swept, told, rests };
    },
    remove: () => store.remove(),
  };
}
