// Manifests: PUT, GET, HEAD (distribution-spec, "Pulling manifests" and "Pushing Manifests"). Bytes and media type as they were pushed.
import { Elysia } from "elysia";
import { RegistryError } from "../../errors.ts";
import type { Digest } from "../../model/digest.ts";
import { parseTag, type Reference, type RepositoryName, type Tag } from "../../model/names.ts";
import {
  getManifest,
  type ManifestReceipt,
  putManifest,
  type RegistryDeps,
  statManifest,
} from "../../registry/manifests.ts";
import { logPull, logPush, type ManifestEvent } from "../../telemetry/events.ts";
import type { Telemetry } from "../../telemetry/metrics.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import { type Pace, readSmallBody } from "../body.ts";
import { assertNotEncoded, matchesEtag } from "../headers.ts";
import { answerBytes } from "../sharedBodies.ts";
import { matchOf, queryOf, type Visit, visitOf } from "../visit.ts";
import { warningOf } from "../warnings.ts";

const address = "/v2/:name/manifests/:reference";
/** The specification asks for at least 10 tags in one request. */
const mostTags = 100;

function spell(reference: Reference): string {
  return "tag" in reference ? reference.tag : reference.digest;
}

/** Each tag once. @throws RegistryError TAGS_TOO_MANY, MANIFEST_INVALID for a malformed tag. */
function tagsOf(query: URLSearchParams): readonly Tag[] {
  const texts = new Set(query.getAll("tag"));
  if (texts.size > mostTags) {
    throw new RegistryError("TAGS_TOO_MANY", {
      message: `${texts.size} tags in one request; this registry takes ${mostTags}`,
    });
  }
  return [...texts].map(parseTag);
}

async function pull(
  { registry, telemetry }: ManifestRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, reference } = matchOf(request, address);
  const manifest = await getManifest(registry, name, reference);
  const { digest, mediaType, size, body } = manifest;
  const headers = contentHeaders(digest, mediaType, "digest" in reference);
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  telemetry.metrics.pulled();
  logPull(telemetry.log, eventOf(visitOf(request), { name, reference }, manifest));
  headers["content-length"] = String(size);
  return answerBytes(body, { headers }, headers["etag"]);
}

async function stat({ registry }: ManifestRoutesDeps, request: Request): Promise<Response> {
  const { name, reference } = matchOf(request, address);
  const { digest, mediaType, size } = await statManifest(registry, name, reference);
  const headers = contentHeaders(digest, mediaType, "digest" in reference);
  if (matchesEtag(request.headers.get("if-none-match"), digest)) return notModified(headers);
  headers["content-length"] = String(size);
  return new Response(null, { headers });
}

async function push(
  { registry, telemetry, pace }: ManifestRoutesDeps,
  request: Request,
): Promise<Response> {
  const { name, reference } = matchOf(request, address);
  const visit = visitOf(request);
  assertNotEncoded(request.headers);
  const tags = tagsOf(queryOf(request));
  const mediaType = request.headers.get("content-type");
  const body = await readSmallBody(visit, registry.manifestMaxBytes, pace);
  const receipt = await putManifest(registry, {
    repository: name,
    reference,
    mediaType,
    body,
    tags,
    pushedBy: null,
  });
  const { contentSize, references } = receipt;
  telemetry.metrics.pushed();
  logPush(telemetry.log, {
    ...eventOf(visit, { name, reference }, receipt),
    contentSize,
    references,
    ofManifests: mediaType !== null && /index|manifest\.list/.test(mediaType),
  });
  return empty(201, pushHeaders(name, receipt, tags));
}

/** `OCI-Subject` promises that the referrers API lists the manifest: the client does not keep a referrers tag any more. */
function pushHeaders(
  name: RepositoryName,
  { digest, subject, deprecations }: ManifestReceipt,
  tags: readonly Tag[],
): Record<string, string> {
  return {
    location: `/v2/${name}/manifests/${digest}`,
    "docker-content-digest": digest,
    ...(subject !== null && { "oci-subject": subject }),
    ...(deprecations.length > 0 && { warning: warningOf(deprecations) }),
    ...(tags.length > 0 && { "oci-tag": tags.join(", ") }),
  };
}

interface Named {
  readonly name: string;
  readonly reference: Reference;
}

interface Sized {
  readonly digest: Digest;
  readonly size: number;
}

function eventOf(visit: Visit, { name, reference }: Named, { digest, size }: Sized): ManifestEvent {
  return {
    repository: name,
    reference: spell(reference),
    digest,
    size,
    requestId: visit.requestId,
    address: () => visit.address(),
  };
}

/** What these routes work with. */
export interface ManifestRoutesDeps {
  readonly registry: RegistryDeps;
  readonly telemetry: Telemetry;
  readonly pace: Pace;
}

/** `/v2/<name>/manifests/<reference>`. */
export const manifestRoutes = (deps: ManifestRoutesDeps) =>
  new Elysia({ name: "oci.manifests" })
    .get(address, ({ request }) => pull(deps, request), {
      detail: { operationId: "getManifest", tags: ["manifests"], summary: "Pull a manifest" },
    })
    .head(address, ({ request }) => stat(deps, request), {
      detail: {
        operationId: "headManifest",
        tags: ["manifests"],
        summary: "Ask for a manifest without its bytes",
      },
    })
    .put(address, ({ request }) => push(deps, request), {
      parse: "none",
      detail: { operationId: "putManifest", tags: ["manifests"], summary: "Push a manifest" },
    });
