// PUT of an object: its headers, and a body that is either the object or names what it is to be made of.

import type { Digest } from "../../model/digest.ts";
import type { LinkSource } from "../../objects/link.ts";
import { preconditionOf } from "../../objects/preconditions.ts";
import { type ObjectBytes, putObject } from "../../objects/put.ts";
import { logPut } from "../../telemetry/objectEvents.ts";
import { json } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { openBody } from "../body.ts";
import { readConditions } from "../conditions.ts";
import { readContentDigest } from "../contentDigest.ts";
import { bytes, failures, inside, jsonLike, whileWriting } from "../docs/answers.ts";
import {
  bucket as bucketParameter,
  contentDigest as contentDigestHeader,
  putConditions,
} from "../docs/objectStore.ts";
import {
  copyFrom,
  linkFrom,
  objectParameter,
  objectUrl,
  storedAnswer,
  textSchema,
} from "../docs/objects.ts";
import { linkRights, replacing } from "../door.ts";
import { assertNotEncoded, contentLength, etagOf } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { peekBody } from "../peekBody.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { objectPath, printObject, readMediaType, unknownType } from "./printObject.ts";
import { readLink } from "./readLink.ts";
import { invalid, uncached } from "./requests.ts";

const address = "/v1/buckets/:bucket/objects/:object";

/** Longest body that may name content instead of being it; bytes. */
const longestLink = 4096;
// Only bodies of these types that are this small are looked into, which takes some 80 µs of CPU more than the 520 of an equal PUT of
// another type (medians of five paired runs on a busy machine); other PUTs are not slowed down.
/** JSON, and the default types of curl and fetch for a text. */
const linkTypes = /^(?:application\/json|application\/x-www-form-urlencoded|text\/plain) *(?:;|$)/i;

/** 201 for a new object, 200 for one that took another's place. */
async function put(context: Call<typeof address>, services: Services): Promise<Response> {
  const { request } = context;
  const { headers } = request;
  const { bucket, object } = context.params;
  assertNotEncoded(headers);
  if (headers.has("content-range")) {
    throw invalid("an object is put as a whole: Content-Range is not allowed");
  }
  const contentType = readMediaType(headers.get("content-type") || unknownType);
  const digests = readContentDigest(headers);
  const mayLink = linkTypes.test(contentType) && !headers.has("content-digest");
  const { record, replaced } = await putObject(services.objects, {
    bucket,
    object,
    contentType,
    allows: replacing(context, preconditionOf(readConditions(headers))),
    receive: () => receive(services, context, { digests, mayLink }),
    rights: linkRights(context),
    by: authorOf(context),
  });
  logPut(services.telemetry.log, { ...record, ...whoAsked(context) }, null);
  return json(printObject(record), {
    status: replaced ? 200 : 201,
    headers: { ...uncached, etag: etagOf(record.digest), location: objectPath(bucket, object) },
  });
}

async function receive(
  { maxBodyBytes, pace }: Services,
  context: RequestContext,
  { digests, mayLink }: { readonly digests: readonly Digest[]; readonly mayLink: boolean },
): Promise<ObjectBytes | LinkSource> {
  const body = openBody(context, maxBodyBytes, pace);
  const announced = contentLength(context.request.headers);
  const length = announced ?? (body === null ? 0 : null);
  const bytes: ObjectBytes = { kind: "bytes", body, length, digests };
  if (body === null || !mayLink || (announced ?? 0) > longestLink) return bytes;
  const peeked = await peekBody(body, longestLink);
  const link = peeked.whole === null ? null : readLink(peeked.whole);
  return link ?? { ...bytes, body: peeked.body };
}

/** PUT of `/v1/buckets/<bucket>/objects/<object>`. */
export const putObjectOperations = [
  ...operation({
    id: "putObject",
    method: "PUT",
    path: address,
    action: "push",
    target: "bucket",
    needs: { right: "push", on: "object" },
    tag: "objects",
    summary: "Put an object in one request",
    handle: put,
    doc: () => ({
      description:
        "Stores an object of any size in one request; it may be empty. A success answer means that the whole object is on disk; after an error nothing has changed. Readers see the old object or the new one, never a mixture. If several requests put the same name at the same time, the last one wins.\n\n" +
        'A body of type `application/json` (or what curl and fetch make of a text without a type), at most 4096 bytes long, that is exactly `{"from":{"repository":…,"digest":…}}` names content that a repository holds: the object is made of it, without a byte being sent or copied, with the content type `application/octet-stream`. `{"from":{"bucket":…,"object":…}}` makes a copy of another object, of the same content type, in the same way. A `from` that has only some of these names, or others too, is refused with 400. With `Content-Digest`, or as any other type, such a body is stored as it is.',
      parameters: [bucketParameter, objectParameter, contentDigestHeader, ...putConditions],
      requestBody: {
        description:
          "The bytes of the object, or the content to link. `Content-Type` is kept with it. `Content-Encoding` is not supported.",
        required: false,
        content: {
          "application/octet-stream": bytes,
          ...jsonLike(
            {
              type: "object",
              required: ["from"],
              properties: {
                from: {
                  oneOf: [
                    {
                      type: "object",
                      additionalProperties: false,
                      required: ["repository", "digest"],
                      properties: { repository: textSchema, digest: textSchema },
                    },
                    {
                      type: "object",
                      additionalProperties: false,
                      required: ["bucket", "object"],
                      properties: { bucket: textSchema, object: textSchema },
                    },
                  ],
                },
              },
            },
            linkFrom,
          ),
        },
      },
      responses: {
        200: storedAnswer("The object is stored and has replaced another one."),
        201: storedAnswer("The object is stored under a new name."),
        ...failures(
          ...(["BUCKET_NAME_INVALID", "OBJECT_NAME_INVALID", "REQUEST_INVALID"] as const),
          ...(["CONTENT_DIGEST_INVALID", "CONTENT_DIGEST_DIFFERS", "CHUNK_SIZE_MISMATCH"] as const),
          ...(["BUCKET_UNKNOWN", "BLOB_UNKNOWN", "OBJECT_UNKNOWN", "PRECONDITION_FAILED"] as const),
          ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
          ...whileWriting,
          ...inside,
        ),
      },
      "x-codeSamples": [
        {
          lang: "shell",
          label: "Put with curl",
          source: `curl --upload-file db.dump \\\n  ${objectUrl}`,
        },
        {
          lang: "shell",
          label: "Copy an object",
          source: `curl --request PUT \\\n  --header 'Content-Type: application/json' \\\n  --data '${JSON.stringify(copyFrom)}' \\\n  ${objectUrl}`,
        },
        {
          lang: "shell",
          label: "Link content of a repository",
          source: `curl --request PUT \\\n  --header 'Content-Type: application/json' \\\n  --data '${JSON.stringify(linkFrom)}' \\\n  ${objectUrl}`,
        },
      ],
    }),
  }),
];
