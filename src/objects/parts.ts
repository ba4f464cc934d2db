// Parts of an upload: store one, list them. An etag that was answered is that of bytes on disk.
import { Fingerprint, type PartEtag } from "../content/fingerprint.ts";
import { RegistryError } from "../errors.ts";
import type { MultipartKey, MultipartUpload, StagedPart } from "../metadata/multipart.ts";
import type { PartPlace } from "../storage/parts.ts";
import type { Body, StagingFollower } from "../storage/storage.ts";
import type { ObjectsDeps } from "./deps.ts";
import { refuseAbsent } from "./multipart.ts";
import { assertMayBecome } from "./state.ts";

/** Compares bytes with what their sender said of them. */
export interface SentDigest {
  update(bytes: Uint8Array): void;
  /** Of everything so far. @throws RegistryError CONTENT_DIGEST_DIFFERS. */
  assertEqual(): void;
}

/** A part as a request brings it. */
export interface PartPut {
  readonly key: MultipartKey;
  readonly number: number;
  /** null when the request has no body: the part is empty. */
  readonly body: Body | null;
  /** Bytes, as declared; null when the client streams. */
  readonly length: number | null;
  readonly sent: SentDigest | null;
}

/** What the bytes of a part turned out to be. */
interface Received {
  readonly place: PartPlace;
  readonly size: number;
  readonly etag: PartEtag;
}

/**
 * Stores a part, in the place of the one that its number had. A body that breaks leaves nothing, and that one as it was.
 * @throws RegistryError, before the body is read: PART_NUMBER_INVALID, MULTIPART_UNKNOWN, MULTIPART_STATE, MULTIPART_COMPLETING,
 * PART_TOO_LARGE when it was declared so; then the same, CHUNK_SIZE_MISMATCH, CONTENT_DIGEST_DIFFERS, DISK_FULL, READ_ONLY; the
 * error the body broke with.
 */
export async function putPart(deps: ObjectsDeps, put: PartPut): Promise<StagedPart> {
  const { multipart, clock, limits } = deps;
  const { key, number, length } = put;
  if (number > limits.maxParts) {
    const message = `part numbers go up to ${limits.maxParts} (storage.multipart.maxParts)`;
    throw new RegistryError("PART_NUMBER_INVALID", { message });
  }
  const upload = await multipart.peekMultipart(key);
  if (upload === null) return refuseAbsent(deps, key, "uploading");
  assertMayBecome(upload, "uploading", clock());
  if (length !== null && length > limits.maxPartBytes) throw tooLarge(limits.maxPartBytes);
  const received = await receive(deps, put);
  return deps.turns.take(key.id, number, () => record(deps, put, received));
}

/** Parts with numbers after `after`, in order. @throws RegistryError MULTIPART_UNKNOWN. */
export async function listParts(
  { multipart }: ObjectsDeps,
  key: MultipartKey,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly StagedPart[]> {
  const parts = await multipart.listParts(key, page);
  if (parts === null) throw new RegistryError("MULTIPART_UNKNOWN");
  return parts;
}

async function receive(
  { storage, limits }: ObjectsDeps,
  { key, number, body, length, sent }: PartPut,
): Promise<Received> {
  const follower = new PartFollower(limits.maxPartBytes, sent);
  const { place, size, cut } = await storage.parts.receivePart(
    key.id,
    number,
    body ?? nothing,
    follower,
    { expected: body === null ? 0 : length },
  );
  if (cut !== null) throw cut;
  try {
    if (length !== null && length !== size) {
      const message = `${length} bytes were announced, ${size} arrived`;
      throw new RegistryError("CHUNK_SIZE_MISMATCH", { message });
    }
    sent?.assertEqual();
  } catch (error) {
    await storage.parts.dropPart(place);
    throw error;
  }
  return { place, size, etag: follower.etag() };
}

/** Makes it the part of its number, durably, then gives it that name. Nobody else records one of this number meanwhile. */
async function record(
  deps: ObjectsDeps,
  { key, number }: PartPut,
  received: Received,
): Promise<StagedPart> {
  const { multipart, storage, assembly, clock, limits } = deps;
  const now = clock();
  const part: StagedPart = { number, ...received, createdAt: now };
  const accepts = (upload: MultipartUpload) => assertMayBecome(upload, "uploading", now);
  try {
    const outcome = await multipart.recordPart(key, {
      part,
      expiresAt: now + limits.ttlMs,
      accepts,
    });
    if (outcome === "unknown") await refuseAbsent(deps, key, "uploading");
  } catch (error) {
    if (isUnrecorded(error)) await storage.parts.dropPart(part.place);
    throw error;
  }
  await storage.parts.settlePart(part.place);
  assembly.partRecorded(key.id, part);
  return part;
}

/** After a failed sync a row may name the part; after anything else that was answered, none does. */
function isUnrecorded(error: unknown): boolean {
  return error instanceof RegistryError && error.situation !== "READ_ONLY";
}

function tooLarge(maxPartBytes: number): RegistryError {
  return new RegistryError("PART_TOO_LARGE", {
    message: `a part has ${maxPartBytes} bytes at most (storage.multipart.maxPartBytes)`,
  });
}

/** The body of a request that has none. */
const nothing: Body = { async *[Symbol.asyncIterator]() {} };

/** Sees the bytes as they are written. */
class PartFollower implements StagingFollower {
  readonly #fingerprint = new Fingerprint();
  readonly #maxPartBytes: number;
  readonly #sent: SentDigest | null;
  #size = 0;

  constructor(maxPartBytes: number, sent: SentDigest | null) {
    this.#maxPartBytes = maxPartBytes;
    this.#sent = sent;
  }

  staged(_offset: number, chunks: readonly Uint8Array[]): null {
    for (const chunk of chunks) {
      this.#size += chunk.byteLength;
      if (this.#size > this.#maxPartBytes) throw tooLarge(this.#maxPartBytes);
      this.#fingerprint.update(chunk);
      this.#sent?.update(chunk);
    }
    return null;
  }

  etag(): PartEtag {
    return this.#fingerprint.etag();
  }
}
