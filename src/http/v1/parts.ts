import { isoTime } from "../../amounts.ts";
import { listParts, putPart } from "../../objects/parts.ts";
import { json } from "../answers.ts";
import { openBody } from "../body.ts";
import { readContentDigest } from "../contentDigest.ts";
import {
  always,
  bytes,
  failures,
  inside,
  jsonLike,
  sometimes,
  whileWriting,
} from "../docs/answers.ts";
import {
  multipartId,
  ofUpload,
  uploadIdParameter,
  uploadUrl,
  whileCompleting,
} from "../docs/multipart.ts";
import {
  after,
  bucketName,
  bucket as bucketParameter,
  contentDigest as contentDigestHeader,
  curl,
  limit as limitParameter,
  objectName,
  uncached as uncachedHeader,
} from "../docs/objectStore.ts";
import {
  created,
  etags,
  partNumberParameter,
  partSchema,
  partSize,
  textSchema as partText,
} from "../docs/parts.ts";
import { assertNotEncoded, contentLength } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { uploadsPath } from "./multipart.ts";
import { secondsOf } from "./printObject.ts";
import { invalid, pageHeaders, readLimit, uncached } from "./requests.ts";

type Part = Awaited<ReturnType<typeof putPart>>;

const upload = "/v1/buckets/:bucket/multipart-uploads/:uploadId";
const parts = `${upload}/parts` as const;
const part = `${parts}/:partNumber` as const;
/** No upload has as many parts. */
const allParts = 1_000_000;
function printed({ number, etag, size }: Part) {
  return { part_number: number, etag, size_bytes: size };
}

async function put(
  call: Call<typeof part>,
  { objects, telemetry, maxBodyBytes, pace }: Services,
): Promise<Response> {
  const { bucket, uploadId, partNumber } = call.params;
  const { headers } = call.request;
  assertNotEncoded(headers);
  if (headers.has("content-range")) {
    throw invalid("a part is put as a whole: Content-Range is not allowed");
  }
  const digests = readContentDigest(headers);
  const body = openBody(call, maxBodyBytes, pace);
  const length = contentLength(headers) ?? (body === null ? 0 : null);
  const key = { bucket, id: uploadId };
  const stored = await putPart(objects, { key, number: partNumber, body, length, digests });
  telemetry.metrics.multipart.partStored(secondsOf(call));
  return json(printed(stored), { headers: { ...uncached, etag: `"${stored.etag}"` } });
}

/** @throws RegistryError REQUEST_INVALID. */
function readAfter(query: URLSearchParams): number {
  const after = query.get("after") ?? "0";
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(after)) throw invalid("after must be the number of a part");
  return Number(after);
}

async function list(call: Call<typeof parts>, { objects }: Services): Promise<Response> {
  const { bucket, uploadId } = call.params;
  const query = queryOf(call);
  const limit = readLimit(query, { usual: allParts, longest: allParts });
  const page = { after: readAfter(query), limit: limit + 1 };
  const { object, parts: found } = await listParts(objects, { bucket, id: uploadId }, page);
  const shown = found.slice(0, limit);
  const next = found.length > limit ? (shown.at(-1)?.number ?? null) : null;
  const path = `${uploadsPath(bucket)}/${uploadId}/parts`;
  const body = {
    upload_id: uploadId,
    object,
    parts: shown.map((it) => ({ ...printed(it), created_at: isoTime(it.createdAt) })),
    next,
  };
  return json(body, { headers: pageHeaders(path, { limit }, next) });
}

/** `…/multipart-uploads/<id>/parts` and `…/parts/<number>`. */
export const partOperations = [
  ...operation({
    id: "listParts",
    method: "GET",
    path: parts,
    action: "pull",
    target: "bucket",
    needs: { right: "push", on: "upload" },
    tag: "multipart",
    summary: "List the parts of an upload",
    handle: list,
    doc: () => ({
      description:
        "The stored parts, in the order of their numbers; all of them unless `limit` is given. A client that resumes an upload reads here which parts it need not send again.",
      parameters: [
        bucketParameter,
        uploadIdParameter,
        limitParameter(null, "all of them by default"),
        after("part number", { type: "integer", minimum: 0, maximum: 999_999_999 }),
      ],
      responses: {
        200: {
          description: "A page of parts.",
          headers: {
            ...uncachedHeader,
            Link: sometimes(
              "The next page, when there is one (RFC 8288).",
              `</v1/buckets/${bucketName}/multipart-uploads/${multipartId}/parts?limit=1&after=1>; rel="next"`,
            ),
          },
          content: jsonLike(
            {
              type: "object",
              required: ["upload_id", "object", "parts", "next"],
              properties: {
                upload_id: partText,
                object: partText,
                parts: {
                  type: "array",
                  items: {
                    type: "object",
                    required: Object.keys({ ...partSchema, ...created }),
                    properties: { ...partSchema, ...created },
                  },
                },
                next: { type: "integer", nullable: true, description: "`after` of the next page" },
              },
            },
            {
              upload_id: multipartId,
              object: objectName,
              parts: etags.map((etag, index) => ({
                part_number: index + 1,
                etag,
                size_bytes: partSize,
                created_at: `2026-01-01T03:0${index + 1}:00.000Z`,
              })),
              next: null,
            },
          ),
        },
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...ofUpload, ...inside),
      },
    }),
  }),
  ...operation({
    id: "putPart",
    method: "PUT",
    path: part,
    action: "push",
    target: "bucket",
    needs: { right: "push", on: "upload" },
    tag: "multipart",
    summary: "Upload a part, or replace it",
    handle: put,
    doc: () => ({
      description:
        "Stores a part of any size up to the limit; it may be empty. A part with the same number is replaced atomically; if two arrive at the same time, one of them wins. A request that is cut off stores nothing and leaves the earlier part unchanged.",
      parameters: [bucketParameter, uploadIdParameter, partNumberParameter, contentDigestHeader],
      requestBody: {
        required: true,
        description: "The bytes of the part. `Content-Encoding` is not supported.",
        content: { "application/octet-stream": bytes },
      },
      responses: {
        200: {
          description: "The part is on disk and is the one of its number.",
          headers: { ...uncachedHeader, ETag: always("Its etag.", `"${etags[0]}"`) },
          content: jsonLike(
            { type: "object", required: Object.keys(partSchema), properties: partSchema },
            { part_number: 1, etag: etags[0], size_bytes: partSize },
          ),
        },
        ...whileCompleting(
          failures(
            ...([
              "PART_NUMBER_INVALID",
              "CONTENT_DIGEST_INVALID",
              "CONTENT_DIGEST_DIFFERS",
            ] as const),
            ...(["CHUNK_SIZE_MISMATCH", "REQUEST_INVALID"] as const),
            ...ofUpload,
            ...(["MULTIPART_STATE", "MULTIPART_COMPLETING", "PART_TOO_LARGE"] as const),
            ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
            ...whileWriting,
            ...inside,
          ),
        ),
      },
      "x-codeSamples": [
        curl("Upload a part with curl", "--upload-file part-1", `${uploadUrl}/parts/1`),
      ],
    }),
  }),
];
