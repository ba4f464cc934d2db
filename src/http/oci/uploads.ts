// Upload sessions: POST, PATCH, PUT, GET, DELETE (distribution-spec, "Pushing blobs"). Headers in, one domain function, headers out.
import { Elysia } from "elysia";
import { RegistryError } from "../../errors.ts";
import {
  type Algorithm,
  algorithmOf,
  type Digest,
  parseDigest,
  readDigest,
} from "../../model/digest.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { UploadId } from "../../model/uploadId.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import type { Chunk } from "../../uploads/session.ts";
import {
  appendChunk,
  cancelUpload,
  finishUpload,
  startUpload,
  type UploadsDeps,
  uploadInOneRequest,
  uploadStatus,
} from "../../uploads/uploads.ts";
import { empty } from "../answers.ts";
import { openBody, type Pace } from "../body.ts";
import { AnswerError } from "../errors.ts";
import { assertNotEncoded, contentLength, parseContentRange, uploadHeaders } from "../headers.ts";
import { matchOf, queryOf, visitOf } from "../visit.ts";
import { type MountDeps, mountAsked } from "./mounts.ts";

/** What these routes work with. */
export interface UploadRoutesDeps extends MountDeps {
  readonly uploads: UploadsDeps;
  readonly telemetry: Telemetry;
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  /** Chunk size that clients are asked for, in bytes; 0 asks for none. */
  readonly chunkMinBytes: number;
  readonly pace: Pace;
}

const sessions = "/v2/:name/blobs/uploads/";
const session = "/v2/:name/blobs/uploads/:uploadId";

/** @throws RegistryError DIGEST_INVALID unless `digest` stands in the query exactly once and is one. */
function askedDigest(query: URLSearchParams): Digest {
  const [text, ...others] = query.getAll("digest");
  if (text !== undefined && others.length === 0) return parseDigest(text);
  throw new RegistryError("DIGEST_INVALID", {
    message: "the digest parameter must be given exactly once",
  });
}

/**
 * The algorithm that a new session's bytes are hashed under as they come: the one that is named, that of the digest which was to be
 * mounted, else sha256. @throws RegistryError DIGEST_INVALID for one that content is not stored under.
 */
function askedAlgorithm(query: URLSearchParams): Algorithm {
  const [text, ...others] = query.getAll("digest-algorithm");
  if (others.length === 0 && (text === "sha256" || text === "sha512")) return text;
  if (text !== undefined) {
    throw new RegistryError("DIGEST_INVALID", {
      message: "digest-algorithm must be sha256 or sha512, given once",
    });
  }
  const mounted = readDigest(query.get("mount") ?? "");
  return mounted === null ? "sha256" : algorithmOf(mounted);
}

/** @throws RegistryError ENCODING_UNSUPPORTED, UPLOAD_INVALID, BODY_TOO_LARGE: all before the body is read. */
function chunkOf({ maxBodyBytes, pace }: UploadRoutesDeps, request: Request): Chunk {
  const { headers } = request;
  assertNotEncoded(headers);
  const range = parseContentRange(headers.get("content-range"));
  const body = openBody(visitOf(request), maxBodyBytes, pace);
  const length = contentLength(headers) ?? (body === null ? 0 : null);
  return { body, length, start: range?.start ?? null, end: range?.end ?? null };
}

/** The session as the address names it. */
interface SessionAddress {
  readonly name: RepositoryName;
  readonly uploadId: UploadId;
}

/** Tells a client whose chunk is out of order where to go on: it saves a round trip, and some clients need it. */
async function withOffset<T>({ name, uploadId }: SessionAddress, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const offset = offsetOf(error);
    if (!(error instanceof RegistryError) || offset === null) throw error;
    throw new AnswerError(error, uploadHeaders(name, uploadId, offset));
  }
}

function offsetOf(error: unknown): number | null {
  if (!(error instanceof RegistryError) || error.situation !== "CHUNK_OUT_OF_ORDER") return null;
  const { detail } = error;
  if (typeof detail !== "object" || detail === null || !("offset" in detail)) return null;
  return typeof detail.offset === "number" ? detail.offset : null;
}

function created(name: RepositoryName, digest: Digest): Response {
  return empty(201, {
    location: `/v2/${name}/blobs/${digest}`,
    "docker-content-digest": digest,
  });
}

/** Mounts a blob, takes a whole one when the query names its digest, or opens a session. */
async function start(deps: UploadRoutesDeps, request: Request): Promise<Response> {
  const { name } = matchOf(request, sessions);
  const query = queryOf(request);
  const algorithm = askedAlgorithm(query);
  const mounted = await mountAsked(deps, name, query);
  if (mounted !== null) {
    deps.telemetry.metrics.mounted();
    return created(name, mounted);
  }
  if (query.has("digest")) {
    const digest = askedDigest(query);
    const chunk = chunkOf(deps, request);
    await uploadInOneRequest(deps.uploads, { repository: name, digest, chunk });
    deps.telemetry.metrics.uploadEnded("completed");
    return created(name, digest);
  }
  const { id } = await startUpload(deps.uploads, name, algorithm);
  return empty(202, { ...uploadHeaders(name, id, 0), ...chunkHint(deps) });
}

/** Only a hint: which chunk is the last one, and may be shorter, shows when the session is closed. A cut one is short as well. */
function chunkHint({ chunkMinBytes }: UploadRoutesDeps): Record<string, string> {
  return chunkMinBytes === 0 ? {} : { "oci-chunk-min-length": String(chunkMinBytes) };
}

async function append(deps: UploadRoutesDeps, request: Request): Promise<Response> {
  const address = matchOf(request, session);
  const { name, uploadId } = address;
  const chunk = chunkOf(deps, request);
  const { offset } = await withOffset(
    address,
    appendChunk(deps.uploads, { repository: name, id: uploadId, chunk }),
  );
  return empty(202, uploadHeaders(name, uploadId, offset));
}

async function finish(deps: UploadRoutesDeps, request: Request): Promise<Response> {
  const address = matchOf(request, session);
  const { name, uploadId } = address;
  const digest = askedDigest(queryOf(request));
  const chunk = chunkOf(deps, request);
  await withOffset(
    address,
    finishUpload(deps.uploads, { repository: name, id: uploadId, digest, chunk }),
  );
  deps.telemetry.metrics.uploadEnded("completed");
  return created(name, digest);
}

async function status({ uploads }: UploadRoutesDeps, request: Request): Promise<Response> {
  const { name, uploadId } = matchOf(request, session);
  const { offset } = await uploadStatus(uploads, name, uploadId);
  return empty(204, uploadHeaders(name, uploadId, offset));
}

async function cancel(
  { uploads, telemetry }: UploadRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, uploadId } = matchOf(request, session);
  await cancelUpload(uploads, name, uploadId);
  telemetry.metrics.uploadEnded("cancelled");
  return empty(204, { "docker-upload-uuid": uploadId });
}

const tags = ["uploads"];

/** `/v2/<name>/blobs/uploads/` and `/v2/<name>/blobs/uploads/<id>`. Bodies are never parsed: they stream. */
export const uploadRoutes = (deps: UploadRoutesDeps) =>
  new Elysia({ name: "oci.uploads" })
    .post(sessions, ({ request }) => start(deps, request), {
      parse: "none",
      detail: {
        operationId: "startUpload",
        tags,
        summary: "Start an upload, or push a whole blob",
      },
    })
    .get(session, ({ request }) => status(deps, request), {
      detail: { operationId: "getUpload", tags, summary: "How far did this upload get?" },
    })
    .head(session, ({ request }) => status(deps, request), {
      detail: { operationId: "headUpload", tags, summary: "How far did this upload get?" },
    })
    .patch(session, ({ request }) => append(deps, request), {
      parse: "none",
      detail: { operationId: "appendUpload", tags, summary: "Append a chunk" },
    })
    .put(session, ({ request }) => finish(deps, request), {
      parse: "none",
      detail: { operationId: "finishUpload", tags, summary: "Finish an upload under its digest" },
    })
    .delete(session, ({ request }) => cancel(deps, request), {
      parse: "none",
      detail: { operationId: "cancelUpload", tags, summary: "Cancel an upload" },
    });
