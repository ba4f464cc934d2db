// The bytes of an upload session: append a chunk, finish under a digest (distribution-spec, "Pushing a blob in chunks"). Bodies stream.

import { RegistryError } from "../../errors.ts";
import type { RepositoryName } from "../../model/names.ts";
import type { UploadId } from "../../model/uploadId.ts";
import { appendChunk, finishUpload } from "../../uploads/uploads.ts";
import { empty } from "../answers.ts";
import { uploadId as exampleId, layerDigest } from "../docs/examples.ts";
import {
  contentRange,
  askedDigest as digestQuery,
  name as nameParameter,
  session as sessionParameter,
} from "../docs/parameters.ts";
import {
  bodyOf,
  curlUpload,
  notAppended,
  octets,
  progress,
  sessionsUrl,
  storedAnswer,
} from "../docs/uploads.ts";
import { AnswerError } from "../errors.ts";
import { uploadHeaders } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { askedDigest, chunkOf, created } from "./received.ts";

const session = "/v2/:name/blobs/uploads/:uploadId";

/** The session as the address names it. */
interface SessionAddress {
  readonly name: RepositoryName;
  readonly uploadId: UploadId;
}

/** Gives a client whose chunk is out of order the offset to continue from: it saves a round trip, and some clients need it. */
async function withOffset<T>({ name, uploadId }: SessionAddress, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const offset = offsetOf(error);
    if (!(error instanceof RegistryError) || offset === null) throw error;
    throw new AnswerError(error, uploadHeaders(name, uploadId, offset));
  }
}

function offsetOf(error: unknown): number | null {
  if (!(error instanceof RegistryError) || error.situation !== "CHUNK_OUT_OF_ORDER") return null;
  const { detail } = error;
  if (typeof detail !== "object" || detail === null || !("offset" in detail)) return null;
  return typeof detail.offset === "number" ? detail.offset : null;
}

async function append(call: Call<typeof session>, services: Services): Promise<Response> {
  const address = call.params;
  const { name, uploadId } = address;
  const chunk = chunkOf(call, services);
  const { offset } = await withOffset(
    address,
    appendChunk(services.uploads, { repository: name, id: uploadId, chunk }),
  );
  return empty(202, uploadHeaders(name, uploadId, offset));
}

async function finish(call: Call<typeof session>, services: Services): Promise<Response> {
  const address = call.params;
  const { name, uploadId } = address;
  const digest = askedDigest(queryOf(call));
  const chunk = chunkOf(call, services);
  await withOffset(
    address,
    finishUpload(services.uploads, { repository: name, id: uploadId, digest, chunk }),
  );
  services.telemetry.metrics.uploadEnded("completed");
  return created(name, digest);
}

/** PATCH and PUT of `/v2/<name>/blobs/uploads/<id>`. */
export const chunkOperations = [
  ...operation({
    id: "appendUpload",
    method: "PATCH",
    path: session,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "uploads",
    summary: "Append a chunk",
    handle: append,
    doc: () => ({
      description:
        "Appends bytes to a session: all of the blob, or a chunk of any length, with a `Content-Length` or without. When a request is cut off, the bytes that arrived are kept. Source: distribution-spec, _Pushing a blob in chunks_ (end-5).",
      parameters: [nameParameter, sessionParameter, contentRange],
      requestBody: bodyOf(true, "The bytes."),
      responses: {
        202: { description: "The bytes are on disk.", headers: progress },
        ...notAppended(),
      },
      "x-codeSamples": [
        curlUpload(
          "Append with curl",
          "--upload-file layer.tar.gz",
          "--request PATCH",
          octets,
          sessionsUrl + exampleId,
        ),
      ],
    }),
  }),
  ...operation({
    id: "finishUpload",
    method: "PUT",
    path: session,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "uploads",
    summary: "Finish an upload",
    handle: finish,
    doc: () => ({
      description:
        "Finishes a session: appends the body, if any, verifies the whole against `?digest=`, and stores it. It takes as long for 10 GiB as for 1 MiB. If the answer is lost, the same request can be repeated for 15 minutes. If the digest does not match, the session is removed. Source: distribution-spec, _Pushing blobs_ (end-6).",
      parameters: [
        nameParameter,
        sessionParameter,
        digestQuery(true, "Digest of the whole blob, SHA-256 or SHA-512."),
        contentRange,
      ],
      requestBody: bodyOf(false, "The last bytes, or nothing."),
      responses: {
        ...storedAnswer,
        ...notAppended("DIGEST_INVALID"),
      },
      "x-codeSamples": [
        curlUpload(
          "Finish with curl",
          "--request PUT",
          `'${sessionsUrl}${exampleId}?digest=${layerDigest}'`,
        ),
      ],
    }),
  }),
];
