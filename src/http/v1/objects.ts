// Objects: get, look, delete, list. Putting one is in putObject.ts.

import { findSharing } from "../../images/sharing.ts";
import type { ObjectRecord } from "../../metadata/objects.ts";
import { listObjects, type OpenObject, removeObject, withObject } from "../../objects/objects.ts";
import { judgeRead, preconditionOf } from "../../objects/preconditions.ts";
import { logGet, logObjectDeletion } from "../../telemetry/objectEvents.ts";
import { empty, inert, json, notModified } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { readConditions } from "../conditions.ts";
import { answerDigests } from "../contentDigest.ts";
import {
  failures,
  inside,
  jsonLike,
  rangeAnswers,
  sometimes,
  whileWriting,
} from "../docs/answers.ts";
import {
  after,
  bucket as bucketParameter,
  bucketUrl,
  ifUnmodifiedSince,
  limit as limitParameter,
  objectName,
  objectSize,
  prefix as prefixParameter,
  printedObject,
  uncached as uncachedHeader,
} from "../docs/objectStore.ts";
import {
  content as contentOfAnswer,
  delimiterParameter,
  ifMatch,
  ifModifiedSince,
  listedSchema,
  objectFailures,
  objectParameter,
  objectsPath,
  objectUrl,
  ofObject,
  reprDigest,
  sharedParameter,
  textSchema,
  validators,
  wantContent,
  wantRepr,
  whole,
} from "../docs/objects.ts";
import { ifNoneMatch, ifRange, range } from "../docs/parameters.ts";
import { etagOf } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import { asAttachment, headContent, sendContent } from "../sendContent.ts";
import type { Services } from "../services.ts";
import { viewerOf } from "../viewer.ts";
import { bucketPath, printObject } from "./printObject.ts";
import { pageHeaders, readFlag, readLimit } from "./requests.ts";

const list = "/v1/buckets/:bucket/objects";
const address = "/v1/buckets/:bucket/objects/:object";
/** Largest page, and the usual one. */
const longestPage = 1000;

function headersOf(
  { contentType, digest, createdAt }: ObjectRecord,
  asked: Headers,
): Record<string, string> {
  // Two versions may be of one second, and the server itself would take `If-Range` with that date for a match.
  const isByDate = asked.has("if-range") && asked.get("if-range") !== etagOf(digest);
  return {
    "content-type": contentType,
    etag: etagOf(digest),
    ...(!isByDate && { "last-modified": new Date(createdAt).toUTCString() }),
    "cache-control": "no-cache",
    "content-security-policy": inert,
    ...asAttachment,
  };
}

/** HEAD as well: then nothing of the content is read. */
const get = (call: Call<typeof address>, services: Services, withBody: boolean) =>
  withObject(services.objects, call.params, (found) => send(call, services, { found, withBody }));

async function send(
  call: Call<typeof address>,
  { objects, telemetry }: Services,
  { found, withBody }: { readonly found: OpenObject; readonly withBody: boolean },
): Promise<Response> {
  const { record } = found;
  const { digest, contentType } = record;
  const headers = headersOf(record, call.request.headers);
  if (judgeRead(readConditions(call.request.headers), record) === "notModified") {
    return notModified(headers);
  }
  const asked = answerDigests(call.request.headers, digest);
  const content = {
    ...found,
    mediaType: contentType,
    etag: etagOf(digest),
    headers: { ...headers, ...asked.always },
    wholeHeaders: asked.whole,
  };
  if (!withBody) return headContent(content);
  const sent = (bytes: number) => telemetry.metrics.sent(bytes);
  const response = await sendContent({ sent, newId: objects.newId }, call.request, content);
  logGet(telemetry.log, { ...record, ...whoAsked(call) });
  return response;
}

async function remove(
  call: Call<typeof address>,
  { objects, telemetry }: Services,
): Promise<Response> {
  const { bucket, object } = call.params;
  const allows = preconditionOf(readConditions(call.request.headers));
  await removeObject(objects, { bucket, object }, allows, authorOf(call));
  telemetry.metrics.deleted("object");
  logObjectDeletion(telemetry.log, { bucket, object, ...whoAsked(call) });
  return empty(204, {});
}

/** Objects of a page, with the repositories that hold the same content if that is asked for. */
async function printPage(
  call: Call<typeof list>,
  { images }: Services,
  { records, isShared }: { readonly records: readonly ObjectRecord[]; readonly isShared: boolean },
) {
  if (!isShared) return records.map(printObject);
  const digests = records.map(({ digest }) => digest);
  const sharing = await findSharing(images, viewerOf(call), digests);
  return records.map((record) => {
    const { repositories = [], others = null } = sharing.get(record.digest) ?? {};
    return { ...printObject(record), repositories, other_repositories: others };
  });
}

async function page(call: Call<typeof list>, services: Services): Promise<Response> {
  const { bucket } = call.params;
  const query = queryOf(call);
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  const prefix = query.get("prefix") ?? "";
  // An empty one would divide nothing.
  const delimiter = query.get("delimiter") || null;
  const after = query.get("after");
  const isShared = readFlag(query, "shared");
  const asked = { after, limit, prefix, delimiter };
  const found = await listObjects(services.objects, bucket, asked);
  const { objects: records, prefixes, last: next } = found;
  const path = `${bucketPath(bucket)}/objects`;
  const shared = isShared ? "true" : null;
  const headers = pageHeaders(path, { prefix, delimiter, shared, limit }, next);
  const printed = await printPage(call, services, { records, isShared });
  return json({ objects: printed, prefixes, next }, { headers });
}

/** `/v1/buckets/<bucket>/objects` and `/v1/buckets/<bucket>/objects/<object>`. */
export const objectOperations = [
  ...operation({
    id: "listObjects",
    method: "GET",
    path: list,
    action: "pull",
    target: "bucket",
    needs: { right: "pull", on: "objects" },
    tag: "objects",
    summary: "List objects",
    handle: page,
    doc: () => ({
      description:
        "The objects of a bucket, in the byte order of their names: all of them, those with a prefix, or level by level with a delimiter. A page has at most `limit` entries, objects and prefixes together.",
      parameters: [
        bucketParameter,
        prefixParameter,
        delimiterParameter,
        sharedParameter,
        limitParameter(1000, "1000 is the largest page"),
        after("name"),
      ],
      responses: {
        200: {
          description: "A page of objects.",
          headers: {
            ...uncachedHeader,
            Link: sometimes(
              "The next page, when there is one (RFC 8288).",
              `<${objectsPath}?limit=1&after=${encodeURIComponent(objectName)}>; rel="next"`,
            ),
          },
          content: jsonLike(
            {
              type: "object",
              required: ["objects", "prefixes", "next"],
              properties: {
                objects: { type: "array", items: listedSchema },
                prefixes: { type: "array", items: textSchema },
                next: { ...textSchema, nullable: true, description: "`after` of the next page" },
              },
            },
            { objects: [printedObject], prefixes: [], next: null },
          ),
        },
        ...failures(
          ...(["PAGE_INVALID", "REQUEST_INVALID"] as const),
          ...(["BUCKET_NAME_INVALID", "BUCKET_UNKNOWN"] as const),
          ...inside,
        ),
      },
      "x-codeSamples": [
        {
          lang: "shell",
          label: "List with curl",
          source: `curl '${bucketUrl}/objects?delimiter=/'`,
        },
      ],
    }),
  }),
  ...operation({
    id: "getObject",
    method: "GET",
    path: address,
    action: "pull",
    target: "bucket",
    needs: { right: "pull", on: "object" },
    tag: "objects",
    summary: "Get an object, or ranges of it",
    handle: (call, services) => get(call, services, true),
    head: {
      summary: "Check whether an object exists",
      description:
        "Returns whether an object with this name exists, with its type, digest and size.",
      without: ["Range", "If-Range"],
      responses: () => ({ ...whole, ...objectFailures() }),
      handle: (call, services) => get(call, services, false),
    },
    doc: () => ({
      description:
        "An object, whole or in ranges. Damaged or missing content is answered with 404 as well: the object must be put again.",
      parameters: [
        ...[bucketParameter, objectParameter, range, ifRange],
        ...[ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince],
        ...[wantContent, wantRepr],
      ],
      responses: {
        ...whole,
        ...rangeAnswers("object", {
          size: objectSize,
          headers: { ...validators, ...reprDigest },
          content: contentOfAnswer,
        }),
        ...objectFailures(),
      },
      "x-codeSamples": [
        {
          lang: "shell",
          label: "Get with curl",
          source: `curl --fail --remote-name \\\n  ${objectUrl}`,
        },
      ],
    }),
  }),
  ...operation({
    id: "deleteObject",
    method: "DELETE",
    path: address,
    action: "delete",
    target: "bucket",
    needs: { right: "delete", on: "object" },
    tag: "objects",
    summary: "Delete an object",
    handle: remove,
    doc: () => ({
      description:
        "Deletes an object. A garbage collection deletes its bytes, unless something else uses them.",
      parameters: [bucketParameter, objectParameter, ifMatch, ifUnmodifiedSince],
      responses: {
        204: { description: "It is deleted." },
        ...failures(
          ...ofObject,
          ...(["PRECONDITION_FAILED", "DELETE_DISABLED"] as const),
          ...whileWriting,
          ...inside,
        ),
      },
      "x-codeSamples": [
        {
          lang: "shell",
          label: "Delete with curl",
          source: `curl --include --request DELETE \\\n  ${objectUrl}`,
        },
      ],
    }),
  }),
];
