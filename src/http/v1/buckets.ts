// Buckets: create, list, look, delete. Thin: read the request, ask the room, print the bucket.
import { Elysia } from "elysia";
import { parseBucketName } from "../../model/objectNames.ts";
import { createBucket, findBucket, listBuckets, removeBucket } from "../../objects/buckets.ts";
import type { ObjectsDeps } from "../../objects/deps.ts";
import { empty, json } from "../answers.ts";
import type { Pace } from "../body.ts";
import { matchOf, queryOf, type Visit, visitOf } from "../visit.ts";
import { assertMembers, known } from "./known.ts";
import { bucketPath } from "./printObject.ts";
import { isoTime, pageHeaders, readLimit, readString, uncached, wantMembers } from "./requests.ts";

/** What these routes work with. */
export interface BucketRoutesDeps {
  readonly objects: ObjectsDeps;
  readonly pace: Pace;
}

const buckets = "/v1/buckets";
const address = "/v1/buckets/:bucket";
/** Largest body in bytes: a name needs far less. */
const longestBody = 4096;
/** Largest page, and the usual one. */
const longestPage = 1000;

/** A bucket as this API prints it: time in ISO 8601, size in bytes. */
function printed({ name, createdAt, objects, bytes }: Awaited<ReturnType<typeof findBucket>>) {
  return { name, created_at: isoTime(createdAt), objects, size_bytes: bytes };
}

async function create({ objects, pace }: BucketRoutesDeps, visit: Visit): Promise<Response> {
  const members = await wantMembers(visit, { longest: longestBody, pace });
  assertMembers(members, known.createBucket.body);
  const name = parseBucketName(readString(members, "name"));
  const bucket = await createBucket(objects, name);
  return json(printed(bucket), {
    status: 201,
    headers: { ...uncached, location: bucketPath(name) },
  });
}

async function list({ objects }: BucketRoutesDeps, request: Request): Promise<Response> {
  const query = queryOf(request);
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  const page = await listBuckets(objects, { after: query.get("after"), limit });
  const next = page.more ? (page.buckets.at(-1)?.name ?? null) : null;
  const headers = pageHeaders(buckets, { limit }, next);
  return json({ buckets: page.buckets.map(printed), next }, { headers });
}

async function find({ objects }: BucketRoutesDeps, request: Request): Promise<Response> {
  const { bucket } = matchOf(request, address);
  return json(printed(await findBucket(objects, bucket)), { headers: uncached });
}

async function remove({ objects }: BucketRoutesDeps, request: Request): Promise<Response> {
  const { bucket } = matchOf(request, address);
  await removeBucket(objects, bucket);
  return empty(204, {});
}

/** `/v1/buckets` and `/v1/buckets/<bucket>`; the server drops the body of an answer to HEAD. */
export const bucketRoutes = (deps: BucketRoutesDeps) => {
  const tags = ["buckets"];
  const listed = { tags, summary: "List buckets" };
  const found = { tags, summary: "What does a bucket hold?" };
  return new Elysia({ name: "v1.buckets" })
    .post(buckets, ({ request }) => create(deps, visitOf(request)), {
      parse: "none",
      detail: { operationId: "createBucket", tags, summary: "Create a bucket" },
    })
    .get(buckets, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "listBuckets" },
    })
    .head(buckets, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "headBuckets" },
    })
    .get(address, ({ request }) => find(deps, request), {
      detail: { ...found, operationId: "getBucket" },
    })
    .head(address, ({ request }) => find(deps, request), {
      detail: { ...found, operationId: "headBucket" },
    })
    .delete(address, ({ request }) => remove(deps, request), {
      parse: "none",
      detail: { operationId: "deleteBucket", tags, summary: "Delete an empty bucket" },
    });
};
