// Open upload sessions of all repositories, for operators. Thin: the functions are those of `breadbox uploads`.
import { isoTime } from "../../amounts.ts";
import { RegistryError } from "../../errors.ts";
import { readUploadId, type UploadId } from "../../model/uploadId.ts";
import { dropUpload, listUploadsPage, type UploadOverview } from "../../uploads/operate.ts";
import { empty, json } from "../answers.ts";
import { failures, inside } from "../docs/answers.ts";
import { repository, uploadId } from "../docs/examples.ts";
import { text } from "../docs/gc.ts";
import { pageAnswer } from "../docs/listed.ts";
import { afterId, limit as limitParameter } from "../docs/objectStore.ts";
import { session } from "../docs/parameters.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid, pageHeaders, readLimit } from "./requests.ts";

const uploads = "/v1/uploads";
const address = "/v1/uploads/:uploadId";
const usualPage = 100;
const longestPage = 1000;

/** An upload session, with what this server's running request for it has received. */
export interface OpenUpload extends UploadOverview {
  /** Bytes of the running request, not acknowledged yet; 0 for none, and for requests to other servers. */
  readonly arriving: number;
  /** Unix ms: it ends then if no byte comes. */
  readonly expiresAt: number;
}

/** What the operations and pages about uploads work with. */
export type UploadServices = Pick<Services, "operate" | "uploadTimeoutMs" | "arriving">;

/** A page of open sessions. */
export async function openUploads(
  { operate, uploadTimeoutMs, arriving }: UploadServices,
  page: { readonly after: UploadId | null; readonly limit: number },
): Promise<{ readonly uploads: readonly OpenUpload[]; readonly more: boolean }> {
  const { uploads: found, more } = await listUploadsPage(operate, page);
  const received = arriving();
  const shown = found.map((upload) => ({
    ...upload,
    arriving: received.get(upload.id) ?? 0,
    expiresAt: operate.clock() - upload.idleMs + uploadTimeoutMs,
  }));
  return { uploads: shown, more };
}

function printed({ id, repository: name, startedAt, idleMs, ...upload }: OpenUpload) {
  return {
    ...{ id, repository: name, offset: upload.bytes, arriving: upload.arriving },
    ...{ writing: upload.writing, started_by: upload.startedBy, started_at: isoTime(startedAt) },
    ...{ idle_seconds: Math.floor(idleMs / 1000), expires_at: isoTime(upload.expiresAt) },
  };
}

async function list(call: RequestContext, services: Services): Promise<Response> {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const given = query.get("after");
  const after = given === null ? null : readUploadId(given);
  if (given !== null && after === null) throw invalid("after must be the id of an upload session");
  const { uploads: found, more } = await openUploads(services, { after, limit });
  const next = more ? (found.at(-1)?.id ?? null) : null;
  const headers = pageHeaders(uploads, { limit }, next);
  return json({ uploads: found.map(printed), next }, { headers });
}

async function end(call: Call<typeof address>, { operate }: Services): Promise<Response> {
  if ((await dropUpload(operate, call.params.uploadId)) === null) {
    throw new RegistryError("UPLOAD_UNKNOWN");
  }
  return empty(204, {});
}

const uploadSchema = {
  type: "object" as const,
  required: ["id", "repository", "offset", "arriving", "writing", "started_at", "expires_at"],
  properties: {
    id: text,
    repository: text,
    offset: { type: "integer" as const, format: "int64", description: "bytes that are stored" },
    arriving: {
      type: "integer" as const,
      format: "int64",
      description: "bytes that a running request to this server has sent, on top of `offset`",
    },
    writing: { type: "boolean" as const, description: "true while a request writes to it" },
    started_by: {
      ...{ ...text, nullable: true },
      description: "who began it, as `user:ann`; null: nobody had to log in",
    },
    started_at: { ...text, format: "date-time" },
    idle_seconds: { type: "integer" as const, description: "since its last byte" },
    expires_at: { ...text, format: "date-time", description: "it ends then if no byte comes" },
  },
};
const example = {
  ...{ id: uploadId, repository, offset: 1_048_576, arriving: 262_144, writing: true },
  ...{ started_by: "user:ci", started_at: "2026-01-01T03:00:00.000Z", idle_seconds: 0 },
  expires_at: "2026-01-08T03:00:00.000Z",
};

/** `/v1/uploads`. */
export const openUploadOperations = [
  ...operation({
    id: "listUploads",
    method: "GET",
    path: uploads,
    action: "operate",
    target: "server",
    needs: { right: "pull", on: "gc" },
    tag: "operations",
    summary: "List open upload sessions",
    handle: list,
    doc: () => ({
      description:
        "The upload sessions of all repositories, in the order in which they began. For administrators, and those to whom a rule gives `pull` on `server:gc`.",
      parameters: [limitParameter(100, "1000 is the largest page"), afterId("id")],
      responses: {
        200: pageAnswer({
          member: "uploads",
          schema: uploadSchema,
          example: example,
          path: uploads,
          after: uploadId,
        }),
        ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
      },
    }),
  }),
  ...operation({
    id: "endUpload",
    method: "DELETE",
    path: address,
    action: "operate",
    target: "server",
    needs: { right: "admin", on: "gc" },
    tag: "operations",
    summary: "End an upload session",
    handle: end,
    doc: () => ({
      description:
        "Ends an upload session and deletes its bytes, even while a client sends to it: the client is answered with 404.",
      parameters: [session],
      responses: {
        204: { description: "It is deleted." },
        ...failures("UPLOAD_UNKNOWN", "CROSS_SITE", "READ_ONLY", "BUSY", "DISK_FULL", ...inside),
      },
    }),
  }),
];
