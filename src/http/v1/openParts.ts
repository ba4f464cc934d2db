// Open uploads in parts of all buckets, for operators. Thin: the function is that of `breadbox uploads ls`.
import { isoTime } from "../../amounts.ts";
import { readUploadId } from "../../model/uploadId.ts";
import { listOpenParts, type PartsOverview } from "../../objects/operate.ts";
import { json } from "../answers.ts";
import { failures, inside } from "../docs/answers.ts";
import { uploadId } from "../docs/examples.ts";
import { pageAnswer } from "../docs/listed.ts";
import { afterId, limit as limitParameter } from "../docs/objectStore.ts";
import { boolean, integer, object, string } from "../docs/schemas.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid, pageHeaders, readLimit } from "./requests.ts";

const path = "/v1/multipart-uploads";
const usualPage = 100;
const longestPage = 1000;

const printed = ({ id, bucket, object: name, ...upload }: PartsOverview) => ({
  ...{ id, bucket, object: name, parts: upload.parts, bytes: upload.bytes },
  ...{ completing: upload.completing, started_by: upload.startedBy },
  ...{ started_at: isoTime(upload.startedAt), expires_at: isoTime(upload.expiresAt) },
  idle_seconds: Math.floor(upload.idleMs / 1000),
});

async function list(call: RequestContext, { objects }: Services): Promise<Response> {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const given = query.get("after");
  const after = given === null ? null : readUploadId(given);
  if (given !== null && after === null) throw invalid("after must be the id of an upload");
  const { uploads, more } = await listOpenParts(objects, { after, limit });
  const next = more ? (uploads.at(-1)?.id ?? null) : null;
  return json(
    { uploads: uploads.map(printed), next },
    { headers: pageHeaders(path, { limit }, next) },
  );
}

const schema = object({
  ...{ id: string(), bucket: string(), object: string() },
  parts: integer({ description: "that have arrived" }),
  bytes: integer({ format: "int64", description: "of these parts" }),
  completing: boolean({ description: "true while a request completes it" }),
  started_by: string({
    nullable: true,
    description: "who began it, as `user:ann`; null: nobody had to log in",
  }),
  started_at: string({ format: "date-time" }),
  expires_at: string({ format: "date-time", description: "it ends then if no part comes" }),
  idle_seconds: integer({ description: "since its last part" }),
});
const example = {
  ...{ id: uploadId, bucket: "backups", object: "2026/db.tar", parts: 3, bytes: 25_165_824 },
  ...{ completing: false, started_by: "user:ann", started_at: "2026-01-01T03:00:00.000Z" },
  ...{ expires_at: "2026-01-02T03:00:00.000Z", idle_seconds: 4 },
};

/** `/v1/multipart-uploads`. */
export const openPartsOperations = operation({
  id: "listOpenMultipartUploads",
  method: "GET",
  path,
  action: "operate",
  target: "server",
  needs: { right: "pull", on: "gc" },
  tag: "operations",
  summary: "List open uploads in parts",
  handle: list,
  doc: () => ({
    description:
      "The uploads in parts of all buckets, in the order in which they began. `DELETE /v1/buckets/<bucket>/multipart-uploads/<id>` ends one. For administrators, and those to whom a rule gives `pull` on `server:gc`.",
    parameters: [limitParameter(100, "1000 is the largest page"), afterId("id")],
    responses: {
      200: pageAnswer({ member: "uploads", schema, example, path, after: uploadId }),
      ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
    },
  }),
});
