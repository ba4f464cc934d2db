// Objects: put, get, look, delete, list.
import { Elysia } from "elysia";
import type { ObjectRecord } from "../../metadata/objects.ts";
import { listObjects, openObject, removeObject } from "../../objects/objects.ts";
import { judgeRead, preconditionOf } from "../../objects/preconditions.ts";
import { logGet, logObjectDeletion } from "../../telemetry/objectEvents.ts";
import { empty, inert, json, notModified } from "../answers.ts";
import { readConditions } from "../conditions.ts";
import { answerDigests } from "../contentDigest.ts";
import { etagOf } from "../headers.ts";
import { asAttachment, headContent, sendContent } from "../sendContent.ts";
import { matchOf, queryOf, visitOf } from "../visit.ts";
import { bucketPath, printObject, whoAsked } from "./printObject.ts";
import { type PutDeps, put } from "./putObject.ts";
import { pageHeaders, readLimit } from "./requests.ts";

/** What these routes work with. */
export type ObjectRoutesDeps = PutDeps;

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
async function get(
  { objects, telemetry }: ObjectRoutesDeps,
  request: Request,
  withBody: boolean,
): Promise<Response> {
  const found = await openObject(objects, matchOf(request, address));
  const { record } = found;
  const { digest, contentType } = record;
  const headers = headersOf(record, request.headers);
  if (judgeRead(readConditions(request.headers), record) === "notModified") {
    return notModified(headers);
  }
  const asked = answerDigests(request.headers, digest);
  const content = {
    ...found,
    mediaType: contentType,
    etag: etagOf(digest),
    headers: { ...headers, ...asked.always },
    wholeHeaders: asked.whole,
  };
  if (!withBody) return headContent(content);
  logGet(telemetry.log, { ...record, ...whoAsked(visitOf(request)) });
  const sent = (bytes: number) => telemetry.metrics.sent(bytes);
  return sendContent({ sent, newId: objects.newId }, request, content);
}

async function remove(
  { objects, telemetry }: ObjectRoutesDeps,
  request: Request,
): Promise<Response> {
  const { bucket, object } = matchOf(request, address);
  const allows = preconditionOf(readConditions(request.headers));
  await removeObject(objects, { bucket, object }, allows);
  telemetry.metrics.deleted("object");
  logObjectDeletion(telemetry.log, { bucket, object, ...whoAsked(visitOf(request)) });
  return empty(204, {});
}

async function page({ objects }: ObjectRoutesDeps, request: Request): Promise<Response> {
  const { bucket } = matchOf(request, list);
  const query = queryOf(request);
  const limit = readLimit(query, { usual: longestPage, longest: longestPage });
  const prefix = query.get("prefix") ?? "";
  // An empty one would divide nothing.
  const delimiter = query.get("delimiter") || null;
  const after = query.get("after");
  const found = await listObjects(objects, bucket, { after, limit, prefix, delimiter });
  const { objects: records, prefixes, last: next } = found;
  const path = `${bucketPath(bucket)}/objects`;
  const headers = pageHeaders(path, { prefix, delimiter, limit }, next);
  return json({ objects: records.map(printObject), prefixes, next }, { headers });
}

/** `/v1/buckets/<bucket>/objects` and `/v1/buckets/<bucket>/objects/<object>`. Bodies are never parsed: they stream. */
export const objectRoutes = (deps: ObjectRoutesDeps) => {
  const tags = ["objects"];
  const listed = { tags, summary: "List objects" };
  return new Elysia({ name: "v1.objects" })
    .get(list, ({ request }) => page(deps, request), {
      detail: { ...listed, operationId: "listObjects" },
    })
    .head(list, ({ request }) => page(deps, request), {
      detail: { ...listed, operationId: "headObjects" },
    })
    .get(address, ({ request }) => get(deps, request, true), {
      detail: { operationId: "getObject", tags, summary: "Get an object, or ranges of it" },
    })
    .head(address, ({ request }) => get(deps, request, false), {
      detail: { operationId: "headObject", tags, summary: "Ask whether an object exists" },
    })
    .put(address, ({ request }) => put(deps, visitOf(request)), {
      parse: "none",
      detail: { operationId: "putObject", tags, summary: "Put an object in one request" },
    })
    .delete(address, ({ request }) => remove(deps, request), {
      parse: "none",
      detail: { operationId: "deleteObject", tags, summary: "Delete an object" },
    });
};
