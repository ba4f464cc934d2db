// Upload sessions: start, status, cancel (distribution-spec, "Pushing blobs"). Headers in, one domain function, headers out.

import { RegistryError } from "../../errors.ts";
import { type Algorithm, algorithmOf, readDigest } from "../../model/digest.ts";
import {
  cancelUpload,
  startUpload,
  uploadInOneRequest,
  uploadStatus,
} from "../../uploads/uploads.ts";
import { empty } from "../answers.ts";
import { authorOf } from "../author.ts";
import {
  always,
  failures,
  inRepository,
  inside,
  sometimes,
  whileWriting,
} from "../docs/answers.ts";
import { uploadId as exampleId, layerDigest } from "../docs/examples.ts";
import {
  digestAlgorithm,
  askedDigest as digestQuery,
  mount,
  name as nameParameter,
  session as sessionParameter,
} from "../docs/parameters.ts";
import {
  bodyOf,
  curlUpload,
  octets,
  ofBytes,
  ofSession,
  progress,
  sessionsUrl,
  storedAnswer,
} from "../docs/uploads.ts";
import { linkRights } from "../door.ts";
import { uploadHeaders } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { mountAsked } from "./mounts.ts";
import { askedDigest, chunkOf, created } from "./received.ts";

const session = "/v2/:name/blobs/uploads/:uploadId";

const sessions = "/v2/:name/blobs/uploads/";
/**
 * The algorithm that a new session's bytes are hashed under as they come: the one that is named, that of the digest which was to be
 * mounted, else sha256. @throws RegistryError DIGEST_INVALID for one that content is not stored under.
 */
function askedAlgorithm(query: URLSearchParams): Algorithm {
  const [text, ...others] = query.getAll("digest-algorithm");
  if (others.length === 0 && (text === "sha256" || text === "sha512")) return text;
  if (text !== undefined) {
    throw new RegistryError("DIGEST_INVALID", {
      message: "digest-algorithm must be sha256 or sha512, given once",
    });
  }
  const mounted = readDigest(query.get("mount") ?? "");
  return mounted === null ? "sha256" : algorithmOf(mounted);
}

/** Mounts a blob, takes a whole one when the query names its digest, or opens a session. */
async function start(call: Call<typeof sessions>, services: Services): Promise<Response> {
  const { name } = call.params;
  const query = queryOf(call);
  const algorithm = askedAlgorithm(query);
  const mounted = await mountAsked({ ...services, rights: linkRights(call) }, name, query);
  if (mounted !== null) {
    services.telemetry.metrics.mounted(mounted.size);
    return created(name, mounted.digest);
  }
  if (query.has("digest")) {
    const digest = askedDigest(query);
    const chunk = chunkOf(call, services);
    const startedBy = authorOf(call).who;
    await uploadInOneRequest(services.uploads, { repository: name, digest, chunk, startedBy });
    services.telemetry.metrics.uploadEnded("completed");
    return created(name, digest);
  }
  const { id } = await startUpload(services.uploads, name, algorithm, authorOf(call).who);
  return empty(202, { ...uploadHeaders(name, id, 0), ...chunkHint(services) });
}

/** Only a hint: which chunk is the last one, and may be shorter, shows when the session is closed. A cut one is short as well. */
function chunkHint({ chunkMinBytes }: Services): Record<string, string> {
  return chunkMinBytes === 0 ? {} : { "oci-chunk-min-length": String(chunkMinBytes) };
}

async function status(call: Call<typeof session>, { uploads }: Services): Promise<Response> {
  const { name, uploadId } = call.params;
  const { offset } = await uploadStatus(uploads, name, uploadId);
  return empty(204, uploadHeaders(name, uploadId, offset));
}

async function cancel(
  call: Call<typeof session>,
  { uploads, telemetry }: Services,
): Promise<Response> {
  const { name, uploadId } = call.params;
  await cancelUpload(uploads, name, uploadId);
  telemetry.metrics.uploadEnded("cancelled");
  return empty(204, { "docker-upload-uuid": uploadId });
}

/** `/v2/<name>/blobs/uploads/`, and GET and DELETE of `/v2/<name>/blobs/uploads/<id>`. */
export const uploadOperations = [
  ...operation({
    id: "startUpload",
    method: "POST",
    path: sessions,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "uploads",
    summary: "Start an upload, or push a whole blob",
    handle: start,
    doc: () => ({
      description: `Opens an upload session. With \`?digest=\`, the body is the whole blob: it is stored at once, and no session is opened.

A mount (\`?mount=<digest>&from=<repository>\`) needs no upload when that repository holds the blob: 201. Without \`from\`, the first 5000 repositories that hold it are searched for one that the client may pull from. A blob that cannot be mounted is answered as if there was no \`mount\`: with an upload session. Source: distribution-spec, _Pushing blobs_ (end-4a, end-4b, end-4c, end-11). The slash at the end may be left out.`,
      parameters: [
        nameParameter,
        digestQuery(false, "Digest of the body, when the body is the whole blob."),
        digestAlgorithm,
        ...mount,
      ],
      requestBody: bodyOf(false, "The blob, when `?digest=` names it; nothing otherwise."),
      responses: {
        202: {
          description: "A session is open.",
          headers: {
            ...progress,
            Range: always("No bytes are stored yet.", "0-0"),
            "OCI-Chunk-Min-Length": sometimes(
              "When `registry.chunkMinSize` is set: the smallest chunk that is asked for.",
              "1048576",
            ),
          },
        },
        ...storedAnswer,
        ...failures(...inRepository, "DIGEST_INVALID", ...ofBytes, ...whileWriting, ...inside),
      },
      "x-codeSamples": [
        curlUpload("Start with curl", "--request POST", sessionsUrl),
        curlUpload(
          "Push whole with curl",
          octets,
          "--data-binary @layer.tar.gz",
          `'${sessionsUrl}?digest=${layerDigest}'`,
        ),
      ],
    }),
  }),
  ...operation({
    id: "getUpload",
    method: "GET",
    path: session,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "uploads",
    summary: "Get the offset of an upload",
    handle: status,
    head: { description: "As `GET`." },
    doc: () => ({
      description:
        "The position after which an interrupted client resumes: the bytes in `Range` are on disk. Source: distribution-spec, _Pushing a blob in chunks_ (end-13).",
      parameters: [nameParameter, sessionParameter],
      responses: {
        204: { description: "The session is open.", headers: progress },
        ...failures(...ofSession, ...inside),
      },
    }),
  }),
  ...operation({
    id: "cancelUpload",
    method: "DELETE",
    path: session,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "uploads",
    summary: "Cancel an upload",
    handle: cancel,
    doc: () => ({
      description:
        "Cancels a session and removes its bytes. Source: distribution-spec, _Cancel a blob upload_ (end-14).",
      parameters: [nameParameter, sessionParameter],
      responses: {
        204: {
          description: "The session is removed.",
          headers: { "Docker-Upload-UUID": always("Its id.", exampleId) },
        },
        ...failures(...ofSession, ...whileWriting, ...inside),
      },
    }),
  }),
];
