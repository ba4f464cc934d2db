// Parts of an upload: store, list, and complete it with them. Bytes stream into the room; lists are read and printed here.
import { Elysia } from "elysia";
import { RegistryError } from "../../errors.ts";
import { type Digest, readDigest } from "../../model/digest.ts";
import { completeMultipart } from "../../objects/completion.ts";
import type { NamedPart } from "../../objects/partList.ts";
import { listParts, putPart } from "../../objects/parts.ts";
import { preconditionOf } from "../../objects/preconditions.ts";
import { logPut } from "../../telemetry/objectEvents.ts";
import { json } from "../answers.ts";
import { openBody } from "../body.ts";
import { readConditions } from "../conditions.ts";
import { readContentDigest } from "../contentDigest.ts";
import { assertNotEncoded, contentLength, etagOf } from "../headers.ts";
import { matchOf, queryOf, type Visit, visitOf } from "../visit.ts";
import { assertMembers, known } from "./known.ts";
import { type MultipartRoutesDeps, uploadsPath } from "./multipart.ts";
import { printObject, whoAsked } from "./printObject.ts";
import {
  invalid,
  isMembers,
  isoTime,
  type Members,
  pageHeaders,
  readLimit,
  uncached,
  wantMembers,
} from "./requests.ts";

type Part = Awaited<ReturnType<typeof putPart>>;

const upload = "/v1/buckets/:bucket/multipart-uploads/:uploadId";
const parts = `${upload}/parts` as const;
const part = `${parts}/:partNumber` as const;
const completion = `${upload}/complete` as const;

/** No upload has as many parts. */
const allParts = 1_000_000;
/** What an entry of a list takes at most in bytes, as this API prints it, with room for spaces. */
const longestEntry = 256;
const longestRest = 4096;
/** A list that was printed here may be sent back as it is. */
const membersOfPart = ["part_number", "etag", "size_bytes", "created_at"];

const secondsOf = ({ startedAt }: Visit): number => (performance.now() - startedAt) / 1000;

function printed({ number, etag, size }: Part) {
  return { part_number: number, etag, size_bytes: size };
}

async function put(
  { objects, telemetry, maxBodyBytes, pace }: MultipartRoutesDeps,
  request: Request,
): Promise<Response> {
  const { bucket, uploadId, partNumber } = matchOf(request, part);
  const { headers } = request;
  assertNotEncoded(headers);
  if (headers.has("content-range")) {
    throw invalid("a part is put whole: Content-Range does not belong here");
  }
  const digests = readContentDigest(headers);
  const visit = visitOf(request);
  const body = openBody(visit, maxBodyBytes, pace);
  const length = contentLength(headers) ?? (body === null ? 0 : null);
  const key = { bucket, id: uploadId };
  const stored = await putPart(objects, { key, number: partNumber, body, length, digests });
  telemetry.metrics.multipart.partStored(secondsOf(visit));
  return json(printed(stored), { headers: { ...uncached, etag: `"${stored.etag}"` } });
}

/** @throws RegistryError REQUEST_INVALID. */
function readAfter(query: URLSearchParams): number {
  const after = query.get("after") ?? "0";
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(after)) throw invalid("after must be the number of a part");
  return Number(after);
}

async function list({ objects }: MultipartRoutesDeps, request: Request): Promise<Response> {
  const { bucket, uploadId } = matchOf(request, parts);
  const query = queryOf(request);
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

/** @throws RegistryError REQUEST_INVALID, PART_LIST_INVALID, DIGEST_INVALID. */
function readCompletion(members: Members): {
  readonly parts: readonly NamedPart[];
  readonly digest: Digest | null;
} {
  assertMembers(members, known.completeMultipartUpload.body);
  const { parts: entries, digest = null } = members;
  if (!Array.isArray(entries)) throw badList("parts must be a list");
  return { parts: entries.map(readPart), digest: digest === null ? null : readWhole(digest) };
}

function readPart(entry: unknown): NamedPart {
  if (!isMembers(entry)) throw badList("each part must be an object with part_number and etag");
  assertMembers(entry, membersOfPart);
  const { part_number: number, etag } = entry;
  if (typeof number !== "number") throw badList("each part must have a part_number");
  if (typeof etag !== "string" || etag === "") throw badList(`part ${number} must have an etag`);
  return { number, etag };
}

/** @throws RegistryError DIGEST_INVALID: objects are known by one algorithm. */
function readWhole(digest: unknown): Digest {
  const read = typeof digest === "string" ? readDigest(digest) : null;
  if (read?.startsWith("sha256:")) return read;
  throw new RegistryError("DIGEST_INVALID", {
    message: "digest must be sha256:<64 lower-case hex>",
  });
}

function badList(message: string): RegistryError {
  return new RegistryError("PART_LIST_INVALID", { message });
}

async function complete(
  { objects, telemetry, pace }: MultipartRoutesDeps,
  request: Request,
): Promise<Response> {
  const { bucket, uploadId } = matchOf(request, completion);
  const visit = visitOf(request);
  const longest = objects.limits.maxParts * longestEntry + longestRest;
  const named = readCompletion(await wantMembers(visit, { longest, pace }));
  const { record, isRepeated } = await completeMultipart(objects, {
    ...named,
    key: { bucket, id: uploadId },
    allows: preconditionOf(readConditions(request.headers)),
  });
  if (!isRepeated) telemetry.metrics.multipart.completed(secondsOf(visit));
  logPut(telemetry.log, { ...record, ...whoAsked(visit) }, uploadId);
  return json(printObject(record), { headers: { ...uncached, etag: etagOf(record.digest) } });
}

const tags = ["multipart"];
const listed = { tags, summary: "List the parts of an upload" };

/** `…/multipart-uploads/<id>/parts`, `…/parts/<number>` and `…/complete`. Parts are never parsed: they stream. */
export const partRoutes = (deps: MultipartRoutesDeps) =>
  new Elysia({ name: "v1.parts" })
    .get(parts, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "listParts" },
    })
    .head(parts, ({ request }) => list(deps, request), {
      detail: { ...listed, operationId: "headParts" },
    })
    .put(part, ({ request }) => put(deps, request), {
      parse: "none",
      detail: { operationId: "putPart", tags, summary: "Upload a part, or replace it" },
    })
    .post(completion, ({ request }) => complete(deps, request), {
      parse: "none",
      detail: {
        operationId: "completeMultipartUpload",
        tags,
        summary: "Make an object of the parts",
      },
    });
