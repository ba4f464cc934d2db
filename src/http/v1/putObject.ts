// PUT of an object: its headers, and a body that is either the object or names what it is to be made of.
import type { Digest } from "../../model/digest.ts";
import type { ObjectsDeps } from "../../objects/deps.ts";
import type { LinkSource } from "../../objects/link.ts";
import { preconditionOf } from "../../objects/preconditions.ts";
import { type ObjectBytes, putObject } from "../../objects/put.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { logPut } from "../../telemetry/objectEvents.ts";
import { json } from "../answers.ts";
import { openBody, type Pace } from "../body.ts";
import { readConditions } from "../conditions.ts";
import { readContentDigest } from "../contentDigest.ts";
import type { Rights } from "../guard.ts";
import { assertNotEncoded, contentLength, etagOf } from "../headers.ts";
import { peekBody } from "../peekBody.ts";
import { matchOf, type Visit } from "../visit.ts";
import { objectPath, printObject, readMediaType, unknownType, whoAsked } from "./printObject.ts";
import { readLink } from "./readLink.ts";
import { invalid, uncached } from "./requests.ts";

/** What a PUT works with. */
export interface PutDeps {
  readonly objects: ObjectsDeps;
  readonly rights: Pick<Rights, "mayPull" | "mayRead">;
  readonly telemetry: Telemetry;
  /** Largest body of one request in bytes; 0 for no limit. */
  readonly maxBodyBytes: number;
  readonly pace: Pace;
}

/** Longest body that may name content instead of being it; bytes. */
const longestLink = 4096;
/** JSON, and what curl and fetch say of a text when nobody says what it is. */
const linkTypes = /^(?:application\/json|application\/x-www-form-urlencoded|text\/plain) *(?:;|$)/i;

/** 201 for a new object, 200 for one that took another's place. */
export async function put(deps: PutDeps, visit: Visit): Promise<Response> {
  const { request } = visit;
  const { headers } = request;
  const { bucket, object } = matchOf(request, "/v1/buckets/:bucket/objects/:object");
  assertNotEncoded(headers);
  if (headers.has("content-range")) {
    throw invalid("an object is put whole: Content-Range does not belong here");
  }
  const contentType = readMediaType(headers.get("content-type") || unknownType);
  const digests = readContentDigest(headers);
  const mayLink = linkTypes.test(contentType) && !headers.has("content-digest");
  const { record, replaced } = await putObject(deps.objects, {
    bucket,
    object,
    contentType,
    allows: preconditionOf(readConditions(headers)),
    receive: () => receive(deps, visit, { digests, mayLink }),
    rights: deps.rights,
  });
  logPut(deps.telemetry.log, { ...record, ...whoAsked(visit) }, null);
  return json(printObject(record), {
    status: replaced ? 200 : 201,
    headers: { ...uncached, etag: etagOf(record.digest), location: objectPath(bucket, object) },
  });
}

async function receive(
  { maxBodyBytes, pace }: PutDeps,
  visit: Visit,
  { digests, mayLink }: { readonly digests: readonly Digest[]; readonly mayLink: boolean },
): Promise<ObjectBytes | LinkSource> {
  const body = openBody(visit, maxBodyBytes, pace);
  const announced = contentLength(visit.request.headers);
  const length = announced ?? (body === null ? 0 : null);
  const bytes: ObjectBytes = { kind: "bytes", body, length, digests };
  if (body === null || !mayLink || (announced ?? 0) > longestLink) return bytes;
  const peeked = await peekBody(body, longestLink);
  const link = peeked.whole === null ? null : readLink(peeked.whole);
  return link ?? { ...bytes, body: peeked.body };
}
