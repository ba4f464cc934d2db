// One blob over HTTP: staged and sealed like an upload. A line that breaks is continued where it broke.
import { algorithmOf, type Digest } from "../model/digest.ts";
import { makeUploadId } from "../model/uploadId.ts";
import type { Sealed, Session, Staging } from "../storage/staging.ts";
import type { Storage } from "../storage/storage.ts";
import { refusalOf } from "./refusal.ts";
import type { ImportRun, ImportStore } from "./run.ts";
import { type BlobStream, type SourceBlob, SourceError } from "./source.ts";

/** What is downloaded. */
export interface Download extends Pick<SourceBlob & { kind: "stream" }, "open"> {
  readonly digest: Digest;
  /** As declared, bytes. */
  readonly size: number;
  /** Of the claim that it is published under; a new one unless it is said. */
  readonly owner?: string;
}

/** Where it is stored. */
export interface Receiver extends Pick<ImportStore, "clock" | "newId"> {
  readonly storage: Pick<Storage, "staging">;
}

/** Without a byte more. */
const tries = 5;
const firstRestMs = 500;

/** @returns what the bytes are, stored unless they are others. @throws SourceError when they cannot be had; what `Staging` throws. */
export async function download(
  { storage, clock, newId }: Receiver,
  wanted: Download,
  { rest, onBytes }: Pick<ImportRun, "rest"> & { readonly onBytes: (bytes: number) => void },
): Promise<Sealed> {
  const id = makeUploadId(newId());
  const as = algorithmOf(wanted.digest);
  const staging = await storage.staging.begin(id, clock());
  let session: Session = { id, offset: 0, staging, algorithm: as, boundaries: async () => [] };
  try {
    for (let attempt = 1; ; ) {
      const got = await append(storage.staging, session, {
        ...wanted,
        open: async (offset) => counting(await wanted.open(offset), onBytes),
      });
      attempt = got.session.offset > session.offset ? 1 : attempt + 1;
      session = got.session;
      if (got.reason === null) break;
      if (attempt > tries) throw new SourceError(got.reason);
      await rest(firstRestMs * 2 ** attempt);
    }
    return await storage.staging.seal(session, {
      ...{ as, expected: [wanted.digest], owner: wanted.owner ?? newId() },
      isStored: async () => false,
    });
  } finally {
    await storage.staging.discard(id, staging);
  }
}

/** @returns the session with what arrived, and why that is not all. */
async function append(
  staging: Staging,
  before: Session,
  { open, size }: Download,
): Promise<{ readonly session: Session; readonly reason: string | null }> {
  let session = before;
  try {
    const { offset, body } = await open(before.offset);
    session = { ...before, offset };
    const never = new AbortController().signal;
    const limits = { expected: size - offset, resumable: false, signal: never };
    const { cut, ...appended } = await staging.append(session, body, limits);
    return { session: appended, reason: cut === null ? null : `the line broke: ${cut.message}` };
  } catch (error) {
    return { session, reason: refusalOf(error) };
  }
}

function counting({ offset, body }: BlobStream, onBytes: (bytes: number) => void): BlobStream {
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      onBytes(chunk.byteLength);
      yield chunk;
    }
  }
  return { offset, body: counted() };
}
