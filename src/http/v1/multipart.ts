// Uploads in parts: initiate, list, look at, abort. Thin: read the request, ask the room, print. Their parts have a file of their own.
import { Elysia } from "elysia";
import { type BucketName, parseObjectName } from "../../model/objectNames.ts";
import { readUploadId } from "../../model/uploadId.ts";
import type { ObjectsDeps } from "../../objects/deps.ts";
import {
  abortMultipart,
  initiateMultipart,
  listMultipart,
  type MultipartPage,
  multipartStatus,
} from "../../objects/multipart.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { logAbort } from "../../telemetry/objectEvents.ts";
import { empty, json } from "../answers.ts";
import type { Pace } from "../body.ts";
import { matchOf, queryOf, visitOf } from "../visit.ts";
import { assertMembers, known } from "./known.ts";
import { bucketPath, readMediaType, unknownType, whoAsked } from "./printObject.ts";
import {
  invalid,
  isoTime,
  type Members,
  pageHeaders,
  readLimit,
  readString,
  uncached,
  wantMembers,
} from "./requests.ts";

/** What these routes call. */
export interface MultipartRoutesDeps {
  readonly objects: ObjectsDeps;
  readonly telemetry: Telemetry;
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  readonly pace: Pace;
}

type Upload = Awaited<ReturnType<typeof multipartStatus>>;

const uploads = "/v1/buckets/:bucket/multipart-uploads";
const upload = "/v1/buckets/:bucket/multipart-uploads/:uploadId";
/** Largest body in bytes that initiates an upload: a name of 1024 bytes, each of them escaped, and a media type. */
const longestBody = 16 * 1024;
const longestPage = 1000;

/** Path of a bucket's uploads. */
export function uploadsPath(bucket: BucketName): string {
  return `${bucketPath(bucket)}/multipart-uploads`;
}

/** An upload as this API prints it: times in ISO 8601. */
function printed(of: Omit<Upload, "parts" | "bytes">) {
  const { id, object, state, contentType, createdAt, expiresAt } = of;
  return {
    upload_id: id,
    object,
    state,
    content_type: contentType,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}

/** With what was stored for it, in bytes. */
function printedStaged(of: Upload) {
  return { ...printed(of), parts: of.parts, size_bytes: of.bytes };
}

/** A part is a body, so it is no larger than the largest one. */
function printedLimits({ objects: { limits }, maxBodyBytes }: MultipartRoutesDeps) {
  const longest = maxBodyBytes === 0 ? limits.maxPartBytes : maxBodyBytes;
  const largest = Math.min(limits.maxPartBytes, longest);
  return { limits: { max_parts: limits.maxParts, max_part_bytes: largest } };
}

function readContentType(members: Members): string {
  return members["content_type"] === undefined
    ? unknownType
    : readMediaType(readString(members, "content_type"));
}

async function initiate(deps: MultipartRoutesDeps, request: Request): Promise<Response> {
  const { objects, telemetry, pace } = deps;
  const { bucket } = matchOf(request, uploads);
  const members = await wantMembers(visitOf(request), { longest: longestBody, pace });
  assertMembers(members, known.initiateMultipartUpload.body);
  const object = parseObjectName(readString(members, "object"));
  const contentType = readContentType(members);
  const initiated = await initiateMultipart(objects, { bucket, object, contentType });
  visitOf(request).begun = initiated.id;
  telemetry.metrics.multipart.initiated();
  const location = `${uploadsPath(bucket)}/${initiated.id}`;
  const body = { ...printed(initiated), ...printedLimits(deps) };
  return json(body, { status: 201, headers: { ...uncached, location } });
}

/** @throws RegistryError PAGE_INVALID, REQUEST_INVALID. */
function readPage(query: URLSearchParams): MultipartPage {
  const after = query.get("after");
  const id = after === null ? null : readUploadId(after);
  if (after !== null && id === null) throw invalid("after must be the id of an upload");
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  return { after: id, limit, prefix: query.get("prefix") ?? "" };
}

async function list({ objects }: MultipartRoutesDeps, request: Request): Promise<Response> {
  const { bucket } = matchOf(request, uploads);
  const page = readPage(queryOf(request));
  const found = await listMultipart(objects, bucket, page);
  const next = found.more ? (found.uploads.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(uploadsPath(bucket), { ...page }, next);
  return json({ uploads: found.uploads.map(printedStaged), next }, { headers });
}

async function status(deps: MultipartRoutesDeps, request: Request): Promise<Response> {
  const { bucket, uploadId } = matchOf(request, upload);
  const found = await multipartStatus(deps.objects, { bucket, id: uploadId });
  return json({ ...printedStaged(found), ...printedLimits(deps) }, { headers: uncached });
}

async function abort(
  { objects, telemetry }: MultipartRoutesDeps,
  request: Request,
): Promise<Response> {
  const { bucket, uploadId } = matchOf(request, upload);
  const { object } = await abortMultipart(objects, { bucket, id: uploadId });
  telemetry.metrics.multipart.aborted();
  logAbort(telemetry.log, { bucket, object, ...whoAsked(visitOf(request)) }, uploadId);
  return empty(204, {});
}

const tags = ["multipart"];
const listed = { tags, summary: "List open multipart uploads" };
const found = { tags, summary: "How far did a multipart upload get?" };

/** `/v1/buckets/<bucket>/multipart-uploads` and `…/<id>`; the server drops the body of an answer to HEAD. */
export const multipartRoutes = (deps: MultipartRoutesDeps) =>
  new Elysia({ name: "v1.multipart" })
    .post(uploads, ({ request }) => initiate(deps, request), {
      parse: "none",
      detail: {
        operationId: "initiateMultipartUpload",
        tags,
        summary: "Initiate an upload in parts",
      },
    })
    .get(uploads, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "listMultipartUploads" },
    })
    .head(uploads, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "headMultipartUploads" },
    })
    .get(upload, ({ request }) => status(deps, request), {
      detail: { ...found, operationId: "getMultipartUpload" },
    })
    .head(upload, ({ request }) => status(deps, request), {
      detail: { ...found, operationId: "headMultipartUpload" },
    })
    .delete(upload, ({ request }) => abort(deps, request), {
      parse: "none",
      detail: {
        operationId: "abortMultipartUpload",
        tags,
        summary: "Abort an upload, drop its parts",
      },
    });
