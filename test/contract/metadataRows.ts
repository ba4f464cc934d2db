// Rows for the metadata contract: short makers with plain defaults, and the opened port of one test.

import type { AgeLimits } from "../../src/metadata/collection.ts";
import type { Hold } from "../../src/metadata/locks.ts";
import type {
  ManifestPut,
  ManifestReference,
  Metadata,
  UploadFinish,
  UploadSession,
} from "../../src/metadata/metadata.ts";
import { type Digest, digestOf } from "../../src/model/digest.ts";
import type { Locator, StagingState } from "../../src/model/locator.ts";
import {
  parseRepositoryName,
  type RepositoryName,
  readTag,
  type Tag,
} from "../../src/model/names.ts";
import { makeUploadId, type UploadId } from "../../src/model/uploadId.ts";

/** A port over an empty database, and what removes it again. */
export interface OpenedMetadata {
  readonly metadata: Metadata;
  remove(): Promise<void>;
}

/** Unix ms at which everything in the contract happens. */
export const now = 1_800_000_000_000;
export const minute = 60_000;

/** Limits of a collection that begins at `at`: what ended or was stored by then may go, and no push goes on. */
export const limitsAt = (at: number, olderThan = at): AgeLimits => ({
  now: at,
  olderThan,
  pushesSince: Number.MAX_SAFE_INTEGER,
  bytesSince: at,
});
/** Takes the lock of collections, also from `dead`. */
export async function holdGc(
  { locks }: Metadata,
  owner = "me",
  dead: string | null = null,
): Promise<Hold> {
  const outcome = await locks.acquireLock({ name: "gc", owner, now, lastsMs: minute, dead });
  if (outcome.kind === "held") throw new Error("the lock is not free");
  return outcome.hold;
}

/** Open sessions and their staged bytes. */
export async function countSessions({ uploadSweep }: Pick<Metadata, "uploadSweep">) {
  const { uploads: sessions, bytes } = await uploadSweep.countUploads({
    after: null,
    limit: 1_000,
  });
  return { sessions, bytes };
}

/** Open uploads in parts and the bytes of these. */
export async function countInParts({ multipartLife }: Pick<Metadata, "multipartLife">) {
  const { uploads, bytes } = await multipartLife.countMultipart({ after: null, limit: 1_000 });
  return { uploads, bytes };
}

export const ociManifest = "application/vnd.oci.image.manifest.v1+json";

export const app = parseRepositoryName("team/app");
export const other = parseRepositoryName("team/other");

export function repository(name: string): RepositoryName {
  return parseRepositoryName(name);
}

export function tag(name: string): Tag {
  const parsed = readTag(name);
  if (parsed === null) throw new Error(`${name} is no tag`);
  return parsed;
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** The digest of some content called `name`. */
export function digest(name: string): Digest {
  return digestOf(bytes(name));
}

/** Locators and staging states are opaque to this port: any text will do. */
export function locator(name: string): Locator {
  return name as Locator;
}

export function staging(state: string): StagingState {
  return state as StagingState;
}

export function uploadId(): UploadId {
  return makeUploadId(Bun.randomUUIDv7());
}

/** A session that has just been started. */
export function session(changes: Partial<UploadSession> = {}): UploadSession {
  return {
    id: uploadId(),
    repository: app,
    offset: 0,
    staging: staging(""),
    algorithm: "sha256",
    startedAt: now,
    updatedAt: now,
    ...changes,
  };
}

/** The end of an upload of content called `name`, in a single request. Its size is 100 bytes. */
export function finish(name: string, changes: Partial<UploadFinish> = {}): UploadFinish {
  return {
    session: null,
    repository: app,
    digest: digest(name),
    size: 100,
    locator: locator(`stored-${name}`),
    replaces: null,
    found: false,
    now,
    keptUntil: now + 60 * minute,
    ...changes,
  };
}

/** A required reference to the content called `name`, as `finish` stores it. */
export function blob(name: string, changes: Partial<ManifestReference> = {}): ManifestReference {
  return { digest: digest(name), size: 100, kind: "blob", required: true, ...changes };
}

/** A manifest whose body is `text`. */
export function manifest(text: string, changes: Partial<ManifestPut> = {}): ManifestPut {
  const body = bytes(text);
  return {
    repository: app,
    digest: digestOf(body),
    mediaType: ociManifest,
    artifactType: null,
    subject: null,
    annotations: null,
    body,
    references: [],
    tags: [],
    immutable: () => null,
    now,
    by: null,
    origin: null,
    ...changes,
  };
}
