// Uploads in parts: initiate, list, show, abort. Thin: read the request, call the room, print. Their parts have a file of their own.

import { isoTime } from "../../amounts.ts";
import { type BucketName, parseObjectName } from "../../model/objectNames.ts";
import { readUploadId } from "../../model/uploadId.ts";
import {
  abortMultipart,
  initiateMultipart,
  listMultipart,
  type MultipartPage,
  multipartStatus,
} from "../../objects/multipart.ts";
import { logAbort } from "../../telemetry/objectEvents.ts";
import { empty, json } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { always, failures, inside, jsonBody, jsonLike, whileWriting } from "../docs/answers.ts";
import { pageAnswer } from "../docs/listed.ts";
import {
  begun,
  exampleLimits,
  examplePath,
  initiated as initiatedSchema,
  initiation,
  limitsSchema,
  multipartId,
  ofUpload,
  shape,
  staged,
  underWay,
  uploadIdParameter,
  uploadUrl,
  whileCompleting,
} from "../docs/multipart.ts";
import {
  afterId,
  bucket as bucketParameter,
  bucketUrl,
  curl,
  jsonHeader,
  limit as limitParameter,
  objectName,
  objectType,
  prefix as prefixParameter,
  uncached as uncachedHeader,
} from "../docs/objectStore.ts";
import { assertMay } from "../door.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { bucketPath, readMediaType, unknownType } from "./printObject.ts";
import { invalid, pageHeaders, readBody, readLimit, uncached } from "./requests.ts";

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
function printedLimits({ objects: { limits }, maxBodyBytes }: Services) {
  const longest = maxBodyBytes === 0 ? limits.maxPartBytes : maxBodyBytes;
  const largest = Math.min(limits.maxPartBytes, longest);
  return { limits: { max_parts: limits.maxParts, max_part_bytes: largest } };
}

async function initiate(call: Call<typeof uploads>, services: Services): Promise<Response> {
  const { objects, telemetry, pace } = services;
  const { bucket } = call.params;
  const body = await readBody(call, initiation, { longest: longestBody, pace });
  const object = parseObjectName(body.object);
  assertMay(call, "push", { kind: "object", bucket, object });
  const contentType = readMediaType(body.content_type ?? unknownType);
  const initiated = await initiateMultipart(
    objects,
    { bucket, object, contentType },
    authorOf(call).who,
  );
  call.begun = initiated.id;
  telemetry.metrics.multipart.initiated();
  const location = `${uploadsPath(bucket)}/${initiated.id}`;
  const answer = { ...printed(initiated), ...printedLimits(services) };
  return json(answer, { status: 201, headers: { ...uncached, location } });
}

/** @throws RegistryError PAGE_INVALID, REQUEST_INVALID. */
function readPage(query: URLSearchParams): MultipartPage {
  const after = query.get("after");
  const id = after === null ? null : readUploadId(after);
  if (after !== null && id === null) throw invalid("after must be the id of an upload");
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  return { after: id, limit, prefix: query.get("prefix") ?? "" };
}

async function list(call: Call<typeof uploads>, { objects }: Services): Promise<Response> {
  const { bucket } = call.params;
  const page = readPage(queryOf(call));
  const found = await listMultipart(objects, bucket, page);
  const next = found.more ? (found.uploads.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(uploadsPath(bucket), { ...page }, next);
  return json({ uploads: found.uploads.map(printedStaged), next }, { headers });
}

async function status(call: Call<typeof upload>, services: Services): Promise<Response> {
  const { bucket, uploadId } = call.params;
  const found = await multipartStatus(services.objects, { bucket, id: uploadId });
  return json({ ...printedStaged(found), ...printedLimits(services) }, { headers: uncached });
}

async function abort(
  call: Call<typeof upload>,
  { objects, telemetry }: Services,
): Promise<Response> {
  const { bucket, uploadId } = call.params;
  const { object } = await abortMultipart(objects, { bucket, id: uploadId });
  telemetry.metrics.multipart.aborted();
  logAbort(telemetry.log, { bucket, object, ...whoAsked(call) }, uploadId);
  return empty(204, {});
}

/** `/v1/buckets/<bucket>/multipart-uploads` and `…/<id>`. */
export const multipartOperations = [
  ...operation({
    id: "listMultipartUploads",
    method: "GET",
    path: uploads,
    action: "pull",
    target: "bucket",
    needs: { right: "push", on: "objects" },
    tag: "multipart",
    summary: "List open multipart uploads",
    handle: list,
    doc: () => ({
      description:
        "Open uploads of a bucket, in the order in which they were initiated. Expired uploads are listed until the cleanup removes them.",
      parameters: [
        bucketParameter,
        limitParameter(1000, "1000 is the default and the largest page"),
        afterId("upload"),
        prefixParameter,
      ],
      responses: {
        200: pageAnswer({
          ...{ member: "uploads", schema: shape(staged), example: underWay },
          ...{ path: examplePath, after: multipartId },
        }),
        ...failures(
          ...(["BUCKET_NAME_INVALID", "PAGE_INVALID", "REQUEST_INVALID"] as const),
          ...(["BUCKET_UNKNOWN", "MULTIPART_DISABLED"] as const),
          ...inside,
        ),
      },
    }),
  }),
  ...operation({
    id: "initiateMultipartUpload",
    method: "POST",
    path: uploads,
    action: "push",
    target: "bucket",
    needs: "body",
    tag: "multipart",
    summary: "Initiate a multipart upload",
    handle: initiate,
    doc: () => ({
      description:
        "Initiates a multipart upload. Its parts can be sent in parallel and in any order. The name is not reserved: several uploads may be open for one name, and the one that is completed last wins.",
      parameters: [bucketParameter],
      requestBody: jsonBody("The object that is uploaded.", initiation, {
        object: objectName,
        content_type: objectType,
      }),
      responses: {
        201: {
          description: "The upload has begun.",
          headers: {
            ...uncachedHeader,
            Location: always("Address of the upload.", `${examplePath}/${multipartId}`),
          },
          content: jsonLike(shape({ ...initiatedSchema, limits: limitsSchema }), {
            ...begun,
            ...exampleLimits,
          }),
        },
        ...failures(
          ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID", "REQUEST_INVALID"] as const),
          ...(["BUCKET_UNKNOWN", "MULTIPART_DISABLED"] as const),
          ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
          ...whileWriting,
          ...inside,
        ),
      },
      "x-codeSamples": [
        curl(
          "Initiate with curl",
          jsonHeader,
          `--data '${JSON.stringify({ object: objectName })}'`,
          `${bucketUrl}/multipart-uploads`,
        ),
      ],
    }),
  }),
  ...operation({
    id: "getMultipartUpload",
    method: "GET",
    path: upload,
    action: "pull",
    target: "bucket",
    needs: { right: "push", on: "upload" },
    tag: "multipart",
    summary: "Get a multipart upload",
    handle: status,
    doc: () => ({
      description:
        "One upload and its stored parts. An upload that was completed, was aborted or has expired is unknown.",
      parameters: [bucketParameter, uploadIdParameter],
      responses: {
        200: {
          description: "The upload is open.",
          headers: uncachedHeader,
          content: jsonLike(shape({ ...staged, limits: limitsSchema }), {
            ...underWay,
            ...exampleLimits,
          }),
        },
        ...failures(...ofUpload, ...inside),
      },
    }),
  }),
  ...operation({
    id: "abortMultipartUpload",
    method: "DELETE",
    path: upload,
    action: "push",
    target: "bucket",
    needs: { right: "push", on: "upload" },
    tag: "multipart",
    summary: "Abort an upload",
    handle: abort,
    doc: () => ({
      description:
        "Aborts an upload and removes its parts. A part that is still arriving is answered with 404 and is not stored.",
      parameters: [bucketParameter, uploadIdParameter],
      responses: {
        204: { description: "The upload is removed." },
        ...whileCompleting(
          failures(
            ...ofUpload,
            "MULTIPART_STATE",
            "MULTIPART_COMPLETING",
            ...whileWriting,
            ...inside,
          ),
        ),
      },
      "x-codeSamples": [curl("Abort with curl", "--request DELETE", uploadUrl)],
    }),
  }),
];
