// Blobs: GET, HEAD, DELETE (distribution-spec, "Pulling blobs" and "Content Management").

import { RegistryError } from "../../errors.ts";
import { type OpenBlob, openBlob, statBlob } from "../../registry/blobs.ts";
import { deleteBlob } from "../../registry/deletions.ts";
import { logDeletion } from "../../telemetry/events.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import {
  always,
  failures,
  inRepository,
  inside,
  rangeAnswers,
  whileWriting,
} from "../docs/answers.ts";
import { blobFailures, content, validators, whole } from "../docs/blobs.ts";
import { layerDigest, layerSize } from "../docs/examples.ts";
import {
  digest as digestParameter,
  ifNoneMatch,
  ifRange,
  name as nameParameter,
  range,
} from "../docs/parameters.ts";
import { AnswerError } from "../errors.ts";
import { etagOf, matchesEtag } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { mayRedirect, maySend, type RedirectRule } from "../redirects.ts";
import { contextOf } from "../requestContext.ts";
import { asAttachment, headContent, sendContent } from "../sendContent.ts";
import type { Services } from "../services.ts";

/** A signed URL is good for minutes, and for one client. */
const unkept = { "cache-control": "private, no-store" };
const address = "/v2/:name/blobs/:digest";
/** Pages have an address of their own for the same. */
type BlobCall = Call<typeof address>;

/** The bytes of a blob, or a redirect to where they are. */
export async function sendBlob(
  call: BlobCall,
  { registry, telemetry, redirects, uploads: { newId } }: Services,
): Promise<Response> {
  const { name, digest } = call.params;
  const blob = await openBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, blob.mediaType, true), ...asAttachment };
  if (matchesEtag(call.request.headers.get("if-none-match"), digest)) return notModified(headers);
  const url = await linkOf(call, blob, redirects);
  if (url !== null)
    return empty(307, { location: url, "docker-content-digest": digest, ...unkept });
  const sent = (bytes: number) => telemetry.metrics.sent(bytes);
  return sendContent({ sent, newId }, call.request, { ...blob, etag: etagOf(digest), headers });
}

/** Where the store itself sends the blob to this client; null: this server sends it. */
async function linkOf(
  { request }: BlobCall,
  { link, size, mediaType }: OpenBlob,
  rule: RedirectRule,
): Promise<string | null> {
  if (link === null) return null;
  const context = contextOf(request);
  const { headers } = request;
  if (!mayRedirect({ headers, size, address: context.address() }, rule)) return null;
  const url = await link({ mediaType, disposition: asAttachment["content-disposition"] });
  return maySend({ headers, origin: context.origin() }, url) ? url : null;
}

/** Answered from the rows and the file's size: no byte of the blob is read. */
export async function statBlobOf(
  call: BlobCall,
  { registry, readOnly }: Services,
): Promise<Response> {
  const { name, digest } = call.params;
  const mayPush = !readOnly && call.rights.may("push", { kind: "repository", repository: name });
  const { mediaType, size } = await statBlob(registry, name, digest, mayPush);
  const headers = { ...contentHeaders(digest, mediaType, true), ...asAttachment };
  if (matchesEtag(call.request.headers.get("if-none-match"), digest)) return notModified(headers);
  return headContent({ size, headers });
}

async function removeBlob(call: BlobCall, { registry, telemetry }: Services): Promise<Response> {
  const { name, digest } = call.params;
  await deleteBlob(registry, name, digest, authorOf(call)).catch((error) => {
    throw withMethods(error);
  });
  telemetry.metrics.deleted("blob");
  const what = { kind: "blob", repository: name, reference: digest, digest, tags: 0 } as const;
  logDeletion(telemetry.log, { ...whoAsked(call), ...what });
  return empty(202, { "docker-content-digest": digest });
}

/** 405 says what can be done with a blob that is in use (RFC 9110, 15.5.6). */
function withMethods(error: unknown): unknown {
  const isInUse = error instanceof RegistryError && error.situation === "BLOB_IN_USE";
  return isInUse ? new AnswerError(error, { allow: "GET, HEAD" }) : error;
}

/** `/v2/<name>/blobs/<digest>`. */
export const blobOperations = [
  ...operation({
    id: "getBlob",
    method: "GET",
    path: address,
    action: "pull",
    target: "repository",
    needs: { right: "pull", on: "repository" },
    tag: "blobs",
    summary: "Pull a blob, or ranges of it",
    handle: sendBlob,
    head: {
      summary: "Check whether a blob exists, and get its size",
      description:
        "Returns whether this repository holds a blob, and its size. Clients ask before they upload; a blob that was found is kept for `gc.minAge`, so that a manifest can name it.",
      without: ["Range", "If-Range"],
      responses: () => ({ ...whole, ...blobFailures() }),
      handle: statBlobOf,
    },
    doc: () => ({
      description:
        "A blob that this repository holds, whole or in ranges. Content that only another repository holds is not served: 404. Source: distribution-spec, _Pulling blobs_ (end-2).",
      parameters: [nameParameter, digestParameter, range, ifRange, ifNoneMatch],
      responses: {
        ...whole,
        ...rangeAnswers("blob", { size: layerSize, headers: validators, content }),
        307: {
          description:
            "The bytes are in a bucket that this client reaches itself: `storage.s3.redirect`.",
          headers: {
            Location: always("Signed URL, good for minutes.", "https://s3.example.com/…"),
            "Docker-Content-Digest": always("Digest of the whole blob.", layerDigest),
            "Cache-Control": always("It is not to be kept.", unkept["cache-control"]),
          },
        },
        ...blobFailures(),
      },
    }),
  }),
  ...operation({
    id: "deleteBlob",
    method: "DELETE",
    path: address,
    action: "delete",
    target: "repository",
    needs: { right: "delete", on: "repository" },
    tag: "blobs",
    summary: "Remove a blob from a repository",
    handle: removeBlob,
    doc: () => ({
      description:
        "Removes a blob from this repository at once; other repositories that hold it keep it. A blob that a manifest of this repository uses is refused with 405, and `detail` names the manifest. Source: distribution-spec, _Content Management_ (end-10).",
      parameters: [nameParameter, digestParameter],
      responses: {
        202: {
          description: "Deleted, durably.",
          headers: { "Docker-Content-Digest": always("Digest of the blob.", layerDigest) },
        },
        ...failures(
          "BLOB_UNKNOWN",
          "DIGEST_INVALID",
          "BLOB_IN_USE",
          "DELETE_DISABLED",
          ...inRepository,
          ...whileWriting,
          ...inside,
        ),
      },
    }),
  }),
];
