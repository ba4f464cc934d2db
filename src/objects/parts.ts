// Parts of an upload: store one, list them. An etag that was answered is that of bytes on disk.

import { RegistryError } from "../errors.ts";
import type { MultipartKey, MultipartUpload } from "../metadata/multipart.ts";
import { algorithmOf, type Digest, digestFromHex } from "../model/digest.ts";
import { Fingerprint, type PartEtag } from "../model/fingerprint.ts";
import type { ObjectName } from "../model/objectNames.ts";
import type { PartPlace, StagedPart } from "../model/staged.ts";
import type { UploadId } from "../model/uploadId.ts";
import type { Body } from "../storage/staging.ts";
import type { ObjectsDeps } from "./deps.ts";
import { refuseAbsent } from "./multipart.ts";
import { assertMayBecome } from "./state.ts";

/** A part as a request brings it. */
export interface PartPut {
  readonly key: MultipartKey;
  readonly number: number;
  /** null when the request has no body: the part is empty. */
  readonly body: Body | null;
  /** Bytes, as declared; null when the client streams. */
  readonly length: number | null;
  /** Expected digests, by any algorithm. */
  readonly digests: readonly Digest[];
}

/** A received part: its place, size and etag. */
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
  const { multipart, arrivals, limits } = deps;
  const { key, number, length } = put;
  if (number > limits.maxParts) {
    const message = `part numbers go up to ${limits.maxParts} (storage.multipart.maxParts)`;
    throw new RegistryError("PART_NUMBER_INVALID", { message });
  }
  const upload = await multipart.peekMultipart(key);
  if (upload === null) return refuseAbsent(deps, key, "uploading");
  assertMayBecome(upload, "uploading", endNow(deps, key.id));
  if (length !== null && length > limits.maxPartBytes) throw tooLarge(limits.maxPartBytes);
  // At once: a sweep that starts later sees that a part is arriving.
  return arrivals.during(key.id, (signal) => arrive(deps, put, upload.expiresAt, signal));
}

/** When an upload is looked at to see whether it is over: Unix ms; null when no clock ends it. */
export function endNow({ arrivals, ageNow }: ObjectsDeps, id: UploadId): number | null {
  return arrivals.has(id) ? null : ageNow();
}

/** How often an arriving part gives a sign of life: the cleanup of another server knows no other; ms. */
const signEveryMs = 20_000;

/** The bytes that come are a sign of life, even if they are of no use: their client may send them again. */
async function arrive(
  deps: ObjectsDeps,
  put: PartPut,
  expiresAt: number,
  signal: AbortSignal,
): Promise<StagedPart> {
  const { key, number } = put;
  const life = { expiresAt };
  const sign = () => noteAlive(deps, key.id, life).catch(() => {});
  void sign();
  const signs = setInterval(sign, signEveryMs);
  try {
    const received = await receive(deps, put, signal);
    return await deps.turns.take(key.id, number, () => record(deps, put, received));
  } catch (error) {
    await sign();
    throw error;
  } finally {
    clearInterval(signs);
  }
}

/** Written only when there is little time left. */
async function noteAlive(
  { multipartLife, clock, limits: { ttlMs } }: ObjectsDeps,
  id: UploadId,
  life: { expiresAt: number },
): Promise<void> {
  const now = clock();
  if (life.expiresAt >= now + ttlMs / 2) return;
  const expiresAt = now + ttlMs;
  await multipartLife.noteAlive(id, { now, expiresAt });
  life.expiresAt = expiresAt;
}

/** A page of parts, and the object that they are for. */
export interface ListedParts {
  readonly object: ObjectName;
  readonly parts: readonly StagedPart[];
}

/** Parts with numbers after `after`, in order. @throws RegistryError MULTIPART_UNKNOWN. */
export async function listParts(
  { multipart }: ObjectsDeps,
  key: MultipartKey,
  page: { readonly after: number; readonly limit: number },
): Promise<ListedParts> {
  const upload = await multipart.peekMultipart(key);
  const parts = await multipart.listParts(key, page);
  if (upload === null || parts === null) throw new RegistryError("MULTIPART_UNKNOWN");
  return { object: upload.object, parts };
}

async function receive(
  { storage, limits }: ObjectsDeps,
  { key, number, body, length, digests }: PartPut,
  signal: AbortSignal,
): Promise<Received> {
  const bytes = new PartBytes(limits.maxPartBytes, digests);
  const tapped = body === null ? nothing : tap(body, (chunk) => bytes.take(chunk));
  const expected = body === null ? 0 : length;
  const { place, size, cut } = await storage.parts.receive(key.id, number, tapped, {
    ...{ expected, signal },
  });
  if (cut !== null) throw cut;
  try {
    bytes.assertDigests();
  } catch (error) {
    await storage.parts.drop(place);
    throw error;
  }
  return { place, size, etag: bytes.etag() };
}

/** Makes it the part of its number, durably, then gives it that name. No other request records one of this number meanwhile. */
async function record(
  deps: ObjectsDeps,
  { key, number }: PartPut,
  received: Received,
): Promise<StagedPart> {
  const { multipart, storage, clock, limits } = deps;
  const now = clock();
  const part: StagedPart = { number, ...received, createdAt: now };
  const accepts = (upload: MultipartUpload) => assertMayBecome(upload, "uploading", null);
  const writeRow = async () => {
    const row = { part, expiresAt: now + limits.ttlMs, accepts };
    const outcome = await multipart.recordPart(key, row);
    return outcome === "unknown" ? refuseAbsent(deps, key, "uploading") : outcome;
  };
  const { replaced } = await writeRow().catch(async (error: unknown) => {
    if (isUnrecorded(error)) await storage.parts.drop(part.place);
    throw error;
  });
  await storage.parts.recorded(key.id, { part, replaced }, () => multipart.partsOf(key.id));
  return part;
}

/** After a failed sync a row may name the part; after anything else that was answered, none does. */
function isUnrecorded(error: unknown): boolean {
  return error instanceof RegistryError && error.situation !== "READ_ONLY";
}

function tooLarge(maxPartBytes: number): RegistryError {
  return new RegistryError("PART_TOO_LARGE", {
    message: `a part has at most ${maxPartBytes} bytes (storage.multipart.maxPartBytes)`,
  });
}

/** The body of a request that has none. */
const nothing: Body = { async *[Symbol.asyncIterator]() {} };

/** The same body; `take` sees its chunks as they come, and ends it by throwing. */
function tap(body: Body, take: (chunk: Uint8Array) => void): Body {
  const { release } = body;
  const iterate = (): AsyncIterator<Uint8Array> => {
    const chunks = body[Symbol.asyncIterator]();
    const stop = async () => (await chunks.return?.()) ?? { done: true, value: undefined };
    const next = async () => {
      const arrived = await chunks.next();
      if (arrived.done) return arrived;
      try {
        take(arrived.value);
      } catch (error) {
        await stop();
        throw error;
      }
      return arrived;
    };
    return { next, return: stop };
  };
  return { [Symbol.asyncIterator]: iterate, ...(release === undefined ? {} : { release }) };
}

/** Measures a part's bytes as they arrive: size, fingerprint and expected digests. */
class PartBytes {
  readonly #fingerprint = new Fingerprint();
  readonly #maxPartBytes: number;
  /** By the digest that each must end with. */
  readonly #hashers: ReadonlyMap<Digest, Bun.CryptoHasher>;
  #size = 0;

  constructor(maxPartBytes: number, digests: readonly Digest[]) {
    this.#maxPartBytes = maxPartBytes;
    this.#hashers = new Map(
      digests.map((digest) => [digest, new Bun.CryptoHasher(algorithmOf(digest))]),
    );
  }

  /** @throws RegistryError PART_TOO_LARGE */
  take(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#maxPartBytes) throw tooLarge(this.#maxPartBytes);
    this.#fingerprint.update(chunk);
    for (const hasher of this.#hashers.values()) hasher.update(chunk);
  }

  etag(): PartEtag {
    return this.#fingerprint.etag();
  }

  /** Ends the hashing. @throws RegistryError CONTENT_DIGEST_DIFFERS. */
  assertDigests(): void {
    for (const [digest, hasher] of this.#hashers) {
      if (digestFromHex(algorithmOf(digest), hasher.digest("hex")) === digest) continue;
      throw new RegistryError("CONTENT_DIGEST_DIFFERS");
    }
  }
}
