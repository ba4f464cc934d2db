// What is said of upload sessions.
import type { Situation } from "../../errors.ts";
import {
  always,
  bytes,
  failures,
  inRepository,
  inside,
  sometimes,
  whileWriting,
  withHeaders,
  withoutBodies,
} from "./answers.ts";
import { layerDigest, repository, uploadId } from "./examples.ts";
import { askedDigest, contentRange, digestAlgorithm, mount, name, session } from "./parameters.ts";
import type { CodeSample, Documentation, Headers, RequestBody, Responses } from "./types.ts";

const progress: Headers = {
  Location: always(
    "Address of the session, for the next request.",
    `/v2/${repository}/blobs/uploads/${uploadId}`,
  ),
  Range: always(
    "The bytes that are on disk, first and last; `0-0` also stands for none.",
    "0-1048575",
  ),
  "Docker-Upload-UUID": always("Id of the session.", uploadId),
};

const stored: Responses = {
  201: {
    description: "The bytes have this digest, are safe on disk, and belong to the repository.",
    headers: {
      Location: always("Address of the blob.", `/v2/${repository}/blobs/${layerDigest}`),
      "Docker-Content-Digest": always("Digest of the blob.", layerDigest),
    },
  },
};

const body = (required: boolean, description: string): RequestBody => ({
  required,
  description: `${description} \`Content-Encoding\` is not supported.`,
  content: { "application/octet-stream": bytes },
});

const sessions = `http://localhost:5000/v2/${repository}/blobs/uploads/`;
const curl = (label: string, ...words: string[]): CodeSample => ({
  lang: "shell",
  label,
  source: ["curl --include", ...words].join(" \\\n  "),
});
const octets = "--header 'Content-Type: application/octet-stream'";

const ofBytes = [
  "UPLOAD_INVALID",
  "CHUNK_SIZE_MISMATCH",
  "BODY_TOO_LARGE",
  "BODY_TOO_SLOW",
  "ENCODING_UNSUPPORTED",
  "CHUNK_OUT_OF_ORDER",
] as const;
const ofSession = [...inRepository, "UPLOAD_UNKNOWN"] as const;

/** What may go wrong while bytes are appended. A chunk out of order is told where to go on. */
const notAppended = (...further: readonly Situation[]): Responses =>
  withHeaders(
    failures(
      ...ofSession,
      "UPLOAD_DAMAGED",
      ...further,
      ...ofBytes,
      "UPLOAD_BUSY",
      ...whileWriting,
      ...inside,
    ),
    "416",
    progress,
  );

export const startUpload: Documentation = {
  description: `Opens an upload session. With \`?digest=\` it opens none: the body is the whole blob, and is stored at once.

A mount (\`?mount=<digest>&from=<repository>\`) needs no upload when that repository holds the blob: 201. Without \`from\`, any repository will do that the client may pull from. What cannot be mounted is answered as if there was no \`mount\`. Source: distribution-spec, _Pushing blobs_ (end-4a, end-4b, end-4c, end-11). The slash at the end may be left out.`,
  parameters: [
    name,
    askedDigest(false, "Digest of the body, when the body is the whole blob."),
    digestAlgorithm,
    ...mount,
  ],
  requestBody: body(false, "The blob, when `?digest=` names it; nothing otherwise."),
  responses: {
    202: {
      description: "A session is open.",
      headers: {
        ...progress,
        Range: always("Nothing is there yet.", "0-0"),
        "OCI-Chunk-Min-Length": sometimes(
          "When `registry.chunkMinSize` asks for chunks of at least so many bytes.",
          "1048576",
        ),
      },
    },
    ...stored,
    ...failures(...inRepository, "DIGEST_INVALID", ...ofBytes, ...whileWriting, ...inside),
  },
  "x-codeSamples": [
    curl("Start with curl", "--request POST", sessions),
    curl(
      "Push whole with curl",
      octets,
      "--data-binary @layer.tar.gz",
      `'${sessions}?digest=${layerDigest}'`,
    ),
  ],
};

export const getUpload: Documentation = {
  description:
    "Where to go on after a connection was cut: the bytes in `Range` are on disk. Source: distribution-spec, _Pushing a blob in chunks_ (end-13).",
  parameters: [name, session],
  responses: {
    204: { description: "The session is open.", headers: progress },
    ...failures(...ofSession, ...inside),
  },
};

export const headUpload: Documentation = {
  ...getUpload,
  description: "As `GET`.",
  responses: withoutBodies(getUpload.responses),
};

export const appendUpload: Documentation = {
  description:
    "Appends bytes to a session: all of the blob, or a chunk of any length, with a `Content-Length` or without. A request that is cut keeps what arrived. Source: distribution-spec, _Pushing a blob in chunks_ (end-5).",
  parameters: [name, session, contentRange],
  requestBody: body(true, "The bytes."),
  responses: {
    202: { description: "The bytes are on disk.", headers: progress },
    ...notAppended(),
  },
  "x-codeSamples": [
    curl(
      "Append with curl",
      "--upload-file layer.tar.gz",
      "--request PATCH",
      octets,
      sessions + uploadId,
    ),
  ],
};

export const finishUpload: Documentation = {
  description:
    "Ends a session: appends the body, if there is one, verifies the whole against `?digest=`, and stores it. It takes as long for 10 GiB as for 1 MiB. The same request, sent again because its answer was lost, is answered again for a quarter of an hour. With another digest than that of the bytes the session is gone. Source: distribution-spec, _Pushing blobs_ (end-6).",
  parameters: [
    name,
    session,
    askedDigest(true, "Digest of the whole blob, SHA-256 or SHA-512."),
    contentRange,
  ],
  requestBody: body(false, "The last bytes, or nothing."),
  responses: {
    ...stored,
    ...notAppended("DIGEST_INVALID"),
  },
  "x-codeSamples": [
    curl("Finish with curl", "--request PUT", `'${sessions}${uploadId}?digest=${layerDigest}'`),
  ],
};

export const cancelUpload: Documentation = {
  description:
    "Ends a session and drops its bytes. Source: distribution-spec, _Cancel a blob upload_ (end-14).",
  parameters: [name, session],
  responses: {
    204: {
      description: "The session is gone.",
      headers: { "Docker-Upload-UUID": always("Its id.", uploadId) },
    },
    ...failures(...ofSession, ...whileWriting, ...inside),
  },
};
