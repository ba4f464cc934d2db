// Documentation of upload sessions.
import type { Situation } from "../../errors.ts";
import {
  always,
  bytes,
  failures,
  inRepository,
  inside,
  whileWriting,
  withHeaders,
} from "./answers.ts";
import { layerDigest, repository, uploadId } from "./examples.ts";
import type { CodeSample, Headers, RequestBody, Responses } from "./types.ts";

export const progress: Headers = {
  Location: always(
    "Address of the session, for the next request.",
    `/v2/${repository}/blobs/uploads/${uploadId}`,
  ),
  Range: always(
    "First and last position of the bytes that are on disk; `0-0` also means none.",
    "0-1048575",
  ),
  "Docker-Upload-UUID": always("Id of the session.", uploadId),
};

export const storedAnswer: Responses = {
  201: {
    description: "The bytes have this digest, are on disk, and belong to the repository.",
    headers: {
      Location: always("Address of the blob.", `/v2/${repository}/blobs/${layerDigest}`),
      "Docker-Content-Digest": always("Digest of the blob.", layerDigest),
    },
  },
};

export const bodyOf = (required: boolean, description: string): RequestBody => ({
  required,
  description: `${description} \`Content-Encoding\` is not supported.`,
  content: { "application/octet-stream": bytes },
});

export const sessionsUrl = `http://localhost:5000/v2/${repository}/blobs/uploads/`;
export const curlUpload = (label: string, ...words: string[]): CodeSample => ({
  lang: "shell",
  label,
  source: ["curl --include", ...words].join(" \\\n  "),
});
export const octets = "--header 'Content-Type: application/octet-stream'";

export const ofBytes = [
  "UPLOAD_INVALID",
  "CHUNK_SIZE_MISMATCH",
  "BODY_TOO_LARGE",
  "BODY_TOO_SLOW",
  "ENCODING_UNSUPPORTED",
  "CHUNK_OUT_OF_ORDER",
] as const;
export const ofSession = [...inRepository, "UPLOAD_UNKNOWN"] as const;

/** Failures while bytes are appended. A chunk out of order is answered with the offset to continue from. */
export const notAppended = (...further: readonly Situation[]): Responses =>
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
