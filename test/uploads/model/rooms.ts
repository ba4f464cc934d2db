// The real rooms behind the model's questions: SQLite, files and hashing in this process, with a clock that the test moves.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../../src/errors.ts";
import { sweepUploads } from "../../../src/jobs/sweep.ts";
import type { Digest } from "../../../src/model/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../../src/model/names.ts";
import { makeUploadId } from "../../../src/model/uploadId.ts";
import type { Chunk } from "../../../src/uploads/session.ts";
import {
  appendChunk,
  cancelUpload,
  finishUpload,
  startUpload,
  uploadInOneRequest,
  uploadStatus,
} from "../../../src/uploads/uploads.ts";
import { openedBytes } from "../../support/contents.ts";
import type { openStore } from "../../support/store.ts";
import type { Answer, Sent } from "./model.ts";
import type { StallingRegistry } from "./stallCommand.ts";

type Store = Awaited<ReturnType<typeof openStore>>;

const own = parseRepositoryName("model/own");
const foreign = parseRepositoryName("model/foreign");
const timeoutMs = 3_600_000;

class Cut extends Error {}

/** @param store stays open; sessions of earlier runs must be over. */
export function roomsRegistry(store: Store): StallingRegistry {
  const deps = () => store.rooms.uploads;
  const named = (isForeign: boolean): RepositoryName => (isForeign ? foreign : own);
  const append = (id: string, chunk: Chunk) =>
    answer(202, async () => {
      const request = { repository: own, id: makeUploadId(id), chunk };
      return (await appendChunk(deps(), request)).offset;
    });
  return {
    exact: true,
    start: async () => (await startUpload(deps(), own)).id,
    patch: (id, sent) => append(id, chunkOf(sent)),
    stall: (id, sent, meanwhile) => append(id, chunkOf(sent, meanwhile)),
    finish: (id, sent, digest) =>
      answer(201, async () => {
        const chunk = chunkOf(sent);
        await finishUpload(deps(), { repository: own, id: makeUploadId(id), chunk, digest });
        return null;
      }),
    status: (id, isForeign) =>
      answer(
        204,
        async () => (await uploadStatus(deps(), named(isForeign), makeUploadId(id))).offset,
      ),
    cancel: (id, isForeign) =>
      answer(204, async () => {
        await cancelUpload(deps(), named(isForeign), makeUploadId(id));
        return null;
      }),
    uploadAtOnce: (sent, digest) =>
      answer(201, async () => {
        await uploadInOneRequest(deps(), { repository: own, digest, chunk: chunkOf(sent) });
        return null;
      }),
    blob: (digest) => readBlob(store, digest),
    restart: () => store.reopen(),
    wait: async (minutes) => {
      store.clock.advance(minutes * 60_000);
      const { uploadRows: metadata, storage } = store.rooms;
      const rest = (): Promise<void> => Promise.resolve();
      const { now } = store.clock;
      const sweep = { metadata, storage, clock: now, ageNow: now, rest, firstSeen: new Map() };
      await sweepUploads({ ...sweep, onDropped: () => {} }, timeoutMs);
    },
    reset: async () => {
      const { metadata, storage } = store.rooms.uploads;
      for await (const { id, staging } of storage.staging.list()) {
        await metadata.removeUpload(id, null);
        await storage.staging.discard(id, staging);
      }
    },
    stagedIds: () => readdir(join(store.directory, "uploads")),
  };
}

const atOnce = (): Promise<void> => Promise.resolve();

/** @param meanwhile what the second half of the body waits for. */
function chunkOf({ body, range, length, cut }: Sent, meanwhile = atOnce): Chunk {
  const { start, end } = range ?? { start: null, end: null };
  return { body: sending(body, cut, meanwhile), length, start, end };
}

/** Two pieces: what is between them is a moment in which a connection can break. */
async function* sending(
  body: Uint8Array,
  cut: boolean,
  meanwhile: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const middle = body.length >> 1;
  // A chunk may be given away by its reader: these are nobody else's.
  if (middle > 0) yield body.slice(0, middle);
  await meanwhile();
  if (body.length > middle) yield body.slice(middle);
  if (cut) throw new Cut("the connection was cut");
}

async function answer(success: number, ask: () => Promise<number | null>): Promise<Answer> {
  try {
    return { status: success, offset: await ask() };
  } catch (error) {
    if (error instanceof Cut) return { status: 0, offset: null };
    if (!(error instanceof RegistryError)) throw error;
    return { status: error.status, offset: offsetOf(error.detail) };
  }
}

function offsetOf(detail: unknown): number | null {
  if (typeof detail !== "object" || detail === null || !("offset" in detail)) return null;
  return typeof detail.offset === "number" ? detail.offset : null;
}

async function readBlob({ rooms }: Store, digest: Digest): Promise<Uint8Array | null> {
  const row = await rooms.metadata.registry.findBlob(own, digest);
  const found = row === null ? null : await rooms.storage.content.open(row);
  return openedBytes(found);
}
