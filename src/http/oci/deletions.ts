// DELETE of tags, manifests and blobs (distribution-spec, "Content Management"). Apart from the routes that serve them: these take
// things away, and can be switched off as a whole.
import { Elysia } from "elysia";
import { RegistryError } from "../../errors.ts";
import { deleteBlob, deleteManifest } from "../../registry/deletions.ts";
import type { RegistryDeps } from "../../registry/manifests.ts";
import { logDeletion } from "../../telemetry/events.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { empty } from "../answers.ts";
import { AnswerError } from "../errors.ts";
import { matchOf, visitOf } from "../visit.ts";

/** What these routes work with. */
export interface DeletionRoutesDeps {
  readonly registry: RegistryDeps;
  readonly telemetry: Telemetry;
}

const manifests = "/v2/:name/manifests/:reference";
const blobs = "/v2/:name/blobs/:digest";

async function removeManifest(
  { registry, telemetry }: DeletionRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, reference } = matchOf(request, manifests);
  const { digest, tags } = await deleteManifest(registry, name, reference);
  const byTag = "tag" in reference;
  const kind = byTag ? "tag" : "manifest";
  telemetry.metrics.deleted(kind);
  logDeletion(telemetry.log, {
    ...eventOf(request),
    kind,
    repository: name,
    reference: byTag ? reference.tag : digest,
    digest,
    tags,
  });
  return empty(202, { "docker-content-digest": digest });
}

async function removeBlob(
  { registry, telemetry }: DeletionRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, digest } = matchOf(request, blobs);
  await deleteBlob(registry, name, digest).catch((error) => {
    throw withMethods(error);
  });
  telemetry.metrics.deleted("blob");
  const what = { kind: "blob", repository: name, reference: digest, digest, tags: 0 } as const;
  logDeletion(telemetry.log, { ...eventOf(request), ...what });
  return empty(202, { "docker-content-digest": digest });
}

/** 405 says what can be done with a blob that is in use (RFC 9110, 15.5.6). */
function withMethods(error: unknown): unknown {
  const isInUse = error instanceof RegistryError && error.situation === "BLOB_IN_USE";
  return isInUse ? new AnswerError(error, { allow: "GET, HEAD" }) : error;
}

function eventOf(request: Request) {
  const visit = visitOf(request);
  return { requestId: visit.requestId, deletedBy: null, address: () => visit.address() };
}

/** `DELETE /v2/<name>/manifests/<reference>` and `DELETE /v2/<name>/blobs/<digest>`. A body is never parsed. */
export const deletionRoutes = (deps: DeletionRoutesDeps) =>
  new Elysia({ name: "oci.deletions" })
    .delete(manifests, ({ request }) => removeManifest(deps, request), {
      parse: "none",
      detail: {
        operationId: "deleteManifest",
        tags: ["manifests"],
        summary: "Delete a tag, or a manifest with its tags",
      },
    })
    .delete(blobs, ({ request }) => removeBlob(deps, request), {
      parse: "none",
      detail: {
        operationId: "deleteBlob",
        tags: ["blobs"],
        summary: "Take a blob out of a repository",
      },
    });
