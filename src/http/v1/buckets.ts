// Buckets: create, list, show, delete. Thin: read the request, call the room, print the bucket.

import { isoTime } from "../../amounts.ts";
import { parseBucketName } from "../../model/objectNames.ts";
import {
  type BucketPage,
  createBucket,
  findBucket,
  listBuckets,
  removeBucket,
} from "../../objects/buckets.ts";
import { logBucket } from "../../telemetry/objectEvents.ts";
import { empty, json } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import {
  always,
  failures,
  inside,
  jsonBody,
  jsonLike,
  sometimes,
  whileWriting,
  withHeaders,
} from "../docs/answers.ts";
import { bucketsUrl, filled, fresh, named, ofBucket, schema } from "../docs/buckets.ts";
import { pageAnswer } from "../docs/listed.ts";
import {
  after,
  bucketName,
  bucket as bucketParameter,
  curl,
  jsonHeader,
  limit as limitParameter,
  uncached as uncachedHeader,
} from "../docs/objectStore.ts";
import { assertMay, visibleTo } from "../door.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { visiblePage } from "../visible.ts";
import { bucketPath } from "./printObject.ts";
import { pageHeaders, readBody, readLimit, uncached } from "./requests.ts";

const buckets = "/v1/buckets";
const address = "/v1/buckets/:bucket";
/** Largest body in bytes: a name needs far less. */
const longestBody = 4096;
/** Largest page, and the usual one. */
const longestPage = 1000;

type Bucket = Awaited<ReturnType<typeof findBucket>>;

/** A bucket as this API prints it: time in ISO 8601, size in bytes. */
function printed({ name, createdAt, objects, bytes }: Awaited<ReturnType<typeof findBucket>>) {
  return { name, created_at: isoTime(createdAt), objects, size_bytes: bytes };
}

async function create(
  context: RequestContext,
  { objects, pace, telemetry }: Services,
): Promise<Response> {
  const body = await readBody(context, named, { longest: longestBody, pace });
  const name = parseBucketName(body.name);
  assertMay(context, "admin", { kind: "bucket", bucket: name });
  const bucket = await createBucket(objects, name, authorOf(context));
  logBucket(telemetry.log, "create", { bucket: name, ...whoAsked(context) });
  return json(printed(bucket), {
    status: 201,
    headers: { ...uncached, location: bucketPath(name) },
  });
}

/** The buckets that the caller may see, by name. */
export function visibleBuckets(
  call: RequestContext,
  { objects }: Pick<Services, "objects">,
  page: BucketPage,
): Promise<{ readonly items: readonly Bucket[]; readonly more: boolean }> {
  const maySee = visibleTo(call);
  return visiblePage<Bucket>(
    {
      list: async (after, most) => {
        const { buckets: items, more } = await listBuckets(objects, { after, limit: most });
        return { items, more };
      },
      nameOf: ({ name }) => name,
      maySee: maySee && (({ name }) => maySee({ kind: "bucket", bucket: name })),
      seek: (name) => name,
    },
    page,
  );
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  const page = await visibleBuckets(call, services, { after: query.get("after"), limit });
  const next = page.more ? (page.items.at(-1)?.name ?? null) : null;
  const headers = pageHeaders(buckets, { limit }, next);
  return json({ buckets: page.items.map(printed), next }, { headers });
}

async function find(call: Call<typeof address>, { objects }: Services): Promise<Response> {
  const { bucket } = call.params;
  return json(printed(await findBucket(objects, bucket)), { headers: uncached });
}

async function remove(
  call: Call<typeof address>,
  { objects, telemetry }: Services,
): Promise<Response> {
  const { bucket } = call.params;
  await removeBucket(objects, bucket, authorOf(call));
  logBucket(telemetry.log, "delete", { bucket, ...whoAsked(call) });
  return empty(204, {});
}

/** `/v1/buckets` and `/v1/buckets/<bucket>`. */
export const bucketOperations = [
  ...operation({
    id: "listBuckets",
    method: "GET",
    path: buckets,
    action: "catalog",
    target: "server",
    needs: "own",
    tag: "buckets",
    summary: "List buckets",
    handle: list,
    doc: () => ({
      description: "The buckets, in the order of their names.",
      parameters: [limitParameter(1000, "1000 is the largest page"), after("name")],
      responses: {
        200: pageAnswer({
          member: "buckets",
          schema,
          example: filled,
          path: "/v1/buckets",
          after: bucketName,
        }),
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    id: "createBucket",
    method: "POST",
    path: buckets,
    action: "push",
    target: "server",
    needs: "body",
    tag: "buckets",
    summary: "Create a bucket",
    handle: create,
    doc: () => ({
      description:
        "Creates an empty bucket. If several requests have the same name, one of them creates it.",
      requestBody: jsonBody("The name of the bucket.", named, { name: bucketName }),
      responses: {
        201: {
          description: "The bucket exists.",
          headers: {
            ...uncachedHeader,
            Location: always("Its address.", `/v1/buckets/${bucketName}`),
          },
          content: jsonLike(schema, fresh),
        },
        ...failures(
          ...(["BUCKET_NAME_INVALID", "REQUEST_INVALID", "BUCKET_EXISTS"] as const),
          ...(["BODY_TOO_LARGE", "BODY_TOO_SLOW", "ENCODING_UNSUPPORTED"] as const),
          ...whileWriting,
          ...inside,
        ),
      },
      "x-codeSamples": [
        curl(
          "Create a bucket with curl",
          jsonHeader,
          `--data '${JSON.stringify({ name: bucketName })}'`,
          bucketsUrl,
        ),
      ],
    }),
  }),
  ...operation({
    id: "getBucket",
    method: "GET",
    path: address,
    action: "pull",
    target: "bucket",
    needs: { right: "pull", on: "bucket" },
    tag: "buckets",
    summary: "Get a bucket",
    handle: find,
    head: { description: "Returns whether a bucket with this name exists." },
    doc: () => ({
      description: "The number and size of a bucket's objects, and when it was created.",
      parameters: [bucketParameter],
      responses: {
        200: {
          description: "The bucket.",
          headers: uncachedHeader,
          content: jsonLike(schema, filled),
        },
        ...failures(...ofBucket, ...inside),
      },
    }),
  }),
  ...operation({
    id: "deleteBucket",
    method: "DELETE",
    path: address,
    action: "delete",
    target: "bucket",
    needs: { right: "admin", on: "bucket" },
    tag: "buckets",
    summary: "Delete an empty bucket",
    handle: remove,
    doc: () => ({
      description: "Deletes an empty bucket. Open multipart uploads into it are aborted.",
      parameters: [bucketParameter],
      responses: {
        204: { description: "It is deleted." },
        ...withHeaders(
          failures(
            ...ofBucket,
            "BUCKET_NOT_EMPTY",
            "BUCKET_BUSY",
            "DELETE_DISABLED",
            ...whileWriting,
            ...inside,
          ),
          "409",
          { "Retry-After": sometimes("Seconds to wait while an object is being stored.", "1") },
        ),
      },
      "x-codeSamples": [
        curl("Delete a bucket with curl", "--request DELETE", `${bucketsUrl}/${bucketName}`),
      ],
    }),
  }),
];
