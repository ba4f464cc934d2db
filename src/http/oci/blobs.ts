// Blobs: GET and HEAD (distribution-spec, "Pulling blobs").
import { Elysia } from "elysia";
import { openBlob, statBlob } from "../../registry/blobs.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { contentHeaders, notModified } from "../answers.ts";
import type { Rights } from "../guard.ts";
import { etagOf, matchesEtag } from "../headers.ts";
import { asAttachment, headContent, sendContent } from "../sendContent.ts";
import { matchOf } from "../visit.ts";

/** What these routes work with. */
export interface BlobRoutesDeps {
  readonly registry: RegistryDeps;
  readonly rights: Pick<Rights, "mayPush">;
  readonly telemetry: Telemetry;
  /** Not to be guessed: parts of an answer are told apart by it. */
  readonly newId: () => string;
}

const address = "/v2/:name/blobs/:digest";

async function pull(
  { registry, telemetry, newId }: BlobRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const blob = await openBlob(registry, name, digest);
  const headers = { ...contentHeaders(digest, blob.mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  const sent = (bytes: number) => telemetry.metrics.sent(bytes);
  return sendContent({ sent, newId }, request, { ...blob, etag: etagOf(digest), headers });
}

/** Answered from the rows and the file's size: no byte of the blob is read. */
async function stat({ registry, rights }: BlobRoutesDeps, request: Request): Promise<Response> {
  const { name, digest } = matchOf(request, address);
  const { mediaType, size } = await statBlob(registry, name, digest, rights.mayPush(name));
  const headers = { ...contentHeaders(digest, mediaType, true), ...asAttachment };
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  return headContent({ size, headers });
}

/** `/v2/<name>/blobs/<digest>`. */
export const blobRoutes = (deps: BlobRoutesDeps) =>
  new Elysia({ name: "oci.blobs" })
    .get(address, ({ request }) => pull(deps, request), {
      detail: { operationId: "getBlob", tags: ["blobs"], summary: "Pull a blob, or ranges of it" },
    })
    .head(address, ({ request }) => stat(deps, request), {
      detail: {
        operationId: "headBlob",
        tags: ["blobs"],
        summary: "Ask whether a blob exists, and its size",
      },
    });
