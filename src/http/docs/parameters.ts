// Parameters in paths, queries and headers of requests. The patterns are those of the grammars that read the values.
import {
  checkId,
  layerDigest,
  manifestDigest,
  repository,
  runId,
  tag,
  uploadId,
} from "./examples.ts";
import type { Parameter } from "./types.ts";

const digestPattern = "(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})";
const namePart = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const tagPattern = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

/** `{name}` of every repository's address. */
export const name: Parameter = {
  in: "path",
  name: "name",
  required: true,
  description:
    "Name of the repository. It may contain slashes, which are not escaped: `/v2/team/app/…`.",
  schema: { type: "string", maxLength: 255, pattern: `^${namePart}(?:/${namePart})*$` },
  example: repository,
};

/** `{reference}` of a manifest. */
export const reference: Parameter = {
  in: "path",
  name: "reference",
  required: true,
  description: "A tag, or the digest of the manifest.",
  schema: { type: "string", pattern: `^(?:${digestPattern}|${tagPattern})$` },
  example: tag,
};

/** `{digest}` of a blob. */
export const digest: Parameter = {
  in: "path",
  name: "digest",
  required: true,
  description: "Digest of the blob: of a layer, a config, or a manifest of this repository.",
  schema: { type: "string", pattern: `^${digestPattern}$` },
  example: layerDigest,
};

/** `{digest}` of the manifest that referrers are about. */
export const subject: Parameter = {
  ...digest,
  description: "Digest of the subject: the manifest that others refer to.",
  example: manifestDigest,
};

/** `{uploadId}` of a session. */
export const session: Parameter = {
  in: "path",
  name: "uploadId",
  required: true,
  description: "Id of the upload session: the end of the `Location` that its `POST` answered.",
  schema: { type: "string", format: "uuid" },
  example: uploadId,
};

/** `?digest=` of an upload. @param required false where it makes the difference. */
export const askedDigest = (required: boolean, description: string): Parameter => ({
  in: "query",
  name: "digest",
  required,
  description,
  schema: { type: "string", pattern: `^${digestPattern}$` },
  ...(required && { example: layerDigest }),
});

/** `?digest-algorithm=` of a new upload. */
export const digestAlgorithm: Parameter = {
  in: "query",
  name: "digest-algorithm",
  required: false,
  description:
    "The digest algorithm with which the session will be finished. The server hashes the bytes with it as they arrive; if the session is finished with another one, it reads them again.",
  schema: { type: "string", enum: ["sha256", "sha512"], default: "sha256" },
};

/** `?mount=` and `?from=` of a new upload. */
export const mount: readonly Parameter[] = [
  {
    in: "query",
    name: "mount",
    required: false,
    description: "Digest of the blob to mount instead of an upload.",
    schema: { type: "string", pattern: `^${digestPattern}$` },
  },
  {
    in: "query",
    name: "from",
    required: false,
    description: "Name of the repository that holds it. Default: any repository.",
    schema: { type: "string" },
  },
];

/** `?tag=` of a manifest's push. */
export const furtherTags: Parameter = {
  in: "query",
  name: "tag",
  required: false,
  description:
    "Further tags for the same manifest, up to 100: `?tag=1.0&tag=latest`. All of them are set, or none.",
  schema: { type: "array", items: { type: "string", pattern: `^${tagPattern}$` }, maxItems: 100 },
  style: "form",
  explode: true,
};

/** `?n=` and `?last=` of a list. @param last an example of a name. */
export const page = (last: string): readonly Parameter[] => [
  {
    in: "query",
    name: "n",
    required: false,
    description:
      "Largest number of names on a page. 1000 is the default and the maximum; a larger number gets a page of 1000.",
    schema: { type: "integer", minimum: 0, default: 1000 },
  },
  {
    in: "query",
    name: "last",
    required: false,
    description: `The page begins after this name, which need not exist: \`last=${last}\`. The \`Link\` of the previous page contains it.`,
    schema: { type: "string" },
  },
];

/** A header of a request that need not be there. */
export const header = (name: string, description: string, example: string): Parameter => ({
  in: "header",
  name,
  required: false,
  description: `${description} For example \`${example}\`.`,
  schema: { type: "string" },
});

export const ifNoneMatch = header(
  "If-None-Match",
  "The ETag of the client's copy, a list of them, or `*`: 304 when it is still the same.",
  `"${manifestDigest}"`,
);

export const range = header(
  "Range",
  "Ranges of bytes, up to 1024: answered with 206. More ranges, or a malformed header, are answered with the whole.",
  "bytes=0-1023",
);

export const ifRange = header(
  "If-Range",
  "The ETag of the client's partial copy: if it differs, the whole is sent.",
  `"${layerDigest}"`,
);

export const contentRange = header(
  "Content-Range",
  "The first and the last position of these bytes, inclusive. The first must be the session's offset. Without this header the bytes are appended.",
  "0-1048575",
);

/** `{runId}` of a collection. */
export const run: Parameter = {
  in: "path",
  name: "runId",
  required: true,
  description: "Id of the run: the end of the `Location` that its `POST` answered.",
  schema: { type: "string", format: "uuid" },
  example: runId,
};

/** `{checkId}` of a check. */
export const check: Parameter = {
  ...run,
  name: "checkId",
  description: "Id of the check: the end of the `Location` that its `POST` answered.",
  example: checkId,
};

/** `?limit=` and `?after=` of the list of runs. */
export const runsPage: readonly Parameter[] = [
  {
    in: "query",
    name: "limit",
    required: false,
    description: "Largest number of runs on a page; 500 is the maximum.",
    schema: { type: "integer", minimum: 1, default: 50 },
  },
  {
    in: "query",
    name: "after",
    required: false,
    description: "The page begins after this run. The `Link` of the previous page contains it.",
    schema: { type: "string", format: "uuid" },
  },
];
