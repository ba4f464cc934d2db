// Manifests: GET, HEAD, PUT, DELETE (distribution-spec, "Pulling manifests", "Pushing Manifests", "Content Management"). Bytes and media type
// as they were pushed.

import { RegistryError } from "../../errors.ts";
import type { Digest } from "../../model/digest.ts";
import { parseTag, type Reference, type RepositoryName, type Tag } from "../../model/names.ts";
import { deleteManifest } from "../../registry/deletions.ts";
import { withoutMoves } from "../../registry/immutableTags.ts";
import {
  getManifest,
  type ManifestReceipt,
  putManifest,
  statManifest,
} from "../../registry/manifests.ts";
import { logDeletion, logPull, logPush, type ManifestEvent } from "../../telemetry/events.ts";
import { contentHeaders, empty, notModified } from "../answers.ts";
import { authorOf, whoAsked } from "../author.ts";
import { readSmallBody } from "../body.ts";
import {
  always,
  failures,
  inRepository,
  inside,
  sometimes,
  whileWriting,
} from "../docs/answers.ts";
import { manifestDigest, repository } from "../docs/examples.ts";
import { answers, bodies, parameters } from "../docs/manifests.ts";
import {
  furtherTags,
  name as nameParameter,
  reference as referenceParameter,
} from "../docs/parameters.ts";
import { originOf } from "../door.ts";
import { assertNotEncoded, matchesEtag } from "../headers.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { answerBytes } from "../sharedBodies.ts";
import { warningOf } from "../warnings.ts";

const address = "/v2/:name/manifests/:reference";
/** The specification asks for at least 10 tags in one call.request. */
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
  call: Call<typeof address>,
  { registry, pulls, telemetry }: Services,
): Promise<Response> {
  const { name, reference } = call.params;
  const manifest = await getManifest(registry, name, reference);
  const { digest, mediaType, size, body } = manifest;
  const headers = contentHeaders(digest, mediaType, "digest" in reference);
  if (matchesEtag(call.request.headers.get("if-none-match"), digest)) return notModified(headers);
  telemetry.metrics.pulled();
  pulls.note(name, digest);
  logPull(telemetry.log, eventOf(call, { name, reference }, manifest));
  headers["content-length"] = String(size);
  return answerBytes(body, { headers }, headers["etag"]);
}

async function stat(call: Call<typeof address>, { registry }: Services): Promise<Response> {
  const { name, reference } = call.params;
  const { digest, mediaType, size } = await statManifest(registry, name, reference);
  const headers = contentHeaders(digest, mediaType, "digest" in reference);
  if (matchesEtag(call.request.headers.get("if-none-match"), digest)) return notModified(headers);
  headers["content-length"] = String(size);
  return new Response(null, { headers });
}

async function push(
  call: Call<typeof address>,
  { registry, telemetry, pace }: Services,
): Promise<Response> {
  const { name, reference } = call.params;
  const context = call;
  assertNotEncoded(call.request.headers);
  const tags = tagsOf(queryOf(call));
  const mediaType = call.request.headers.get("content-type");
  const body = await readSmallBody(
    context,
    { kind: "manifest", maxBytes: registry.manifestMaxBytes },
    pace,
  );
  const mayMove = call.rights.may("overwrite", { kind: "repository", repository: name });
  const immutable = mayMove ? registry.immutable : withoutMoves(registry.immutable);
  const receipt = await putManifest(
    { ...registry, immutable },
    {
      repository: name,
      reference,
      mediaType,
      body,
      tags,
      by: authorOf(call),
      origin: originOf(call.rights.principal),
    },
  );
  const { contentSize, references } = receipt;
  telemetry.metrics.pushed();
  logPush(telemetry.log, {
    ...eventOf(context, { name, reference }, receipt),
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

function eventOf(
  context: RequestContext,
  { name, reference }: Named,
  { digest, size }: Sized,
): ManifestEvent {
  return {
    repository: name,
    reference: spell(reference),
    digest,
    size,
    ...whoAsked(context),
  };
}

async function removeManifest(
  call: Call<typeof address>,
  { registry, telemetry }: Services,
): Promise<Response> {
  const { name, reference } = call.params;
  const { digest, tags } = await deleteManifest(registry, name, reference, authorOf(call));
  const byTag = "tag" in reference;
  const kind = byTag ? "tag" : "manifest";
  telemetry.metrics.deleted(kind);
  logDeletion(telemetry.log, {
    ...whoAsked(call),
    kind,
    repository: name,
    reference: byTag ? reference.tag : digest,
    digest,
    tags,
  });
  return empty(202, { "docker-content-digest": digest });
}

/** `/v2/<name>/manifests/<reference>`. */
export const manifestOperations = [
  ...operation({
    id: "getManifest",
    method: "GET",
    path: address,
    action: "pull",
    target: "repository",
    needs: { right: "pull", on: "repository" },
    tag: "manifests",
    summary: "Pull a manifest",
    handle: pull,
    head: {
      summary: "Check whether a manifest exists",
      description:
        "As `GET`, without the bytes: to get the digest of a tag, or to see whether it has moved.",
      handle: stat,
    },
    doc: () => ({
      description:
        "A manifest by tag or by digest. `Accept` is ignored: a manifest exists in one version only. A malformed reference is answered with 404. Source: distribution-spec, _Pulling manifests_ (end-3).",
      parameters,
      responses: answers(),
    }),
  }),
  ...operation({
    id: "putManifest",
    method: "PUT",
    path: address,
    action: "push",
    target: "repository",
    needs: { right: "push", on: "repository" },
    tag: "manifests",
    summary: "Push a manifest",
    handle: push,
    doc: () => ({
      description: `Stores a manifest byte for byte, and sets its tags. All content that it refers to must be in this repository already: config and layers pushed as blobs, the manifests of an index as manifests (or, as BuildKit does for its caches, as blobs). A \`subject\` need not exist; the manifest is listed among its referrers at once. Addressed by digest, the bytes must have that digest, and no tag is set unless \`?tag=\` names one.

The media type comes from \`Content-Type\`, else from \`mediaType\` in the body; other JSON media types are accepted as well. The setting \`registry.manifestMaxSize\` limits the size, 4 MiB by default. Source: distribution-spec, _Pushing Manifests_ (end-7).`,
      parameters: [nameParameter, referenceParameter, furtherTags],
      requestBody: {
        required: true,
        description: "The manifest. `Content-Encoding` is not supported.",
        content: bodies,
      },
      responses: {
        201: {
          description: "Stored, tagged, and safe on disk.",
          headers: {
            Location: always(
              "Address of the manifest by digest.",
              `/v2/${repository}/manifests/${manifestDigest}`,
            ),
            "Docker-Content-Digest": always("Digest of the manifest's bytes.", manifestDigest),
            "OCI-Subject": sometimes(
              "The digest of the manifest's `subject`, when it has one.",
              manifestDigest,
            ),
            Warning: sometimes(
              "When the manifest uses a feature that the specifications call deprecated. It is stored all the same.",
              '299 - "Non-distributable layers are deprecated (OCI image-spec 1.1)."',
            ),
            "OCI-Tag": sometimes("The tags of `?tag=`, if any.", "1.0, latest"),
          },
        },
        ...failures(
          ...inRepository,
          "MANIFEST_INVALID",
          "DIGEST_INVALID",
          "MANIFEST_BLOB_UNKNOWN",
          "DESCRIPTOR_SIZE_INVALID",
          "TAG_IMMUTABLE",
          "TAGS_TOO_MANY",
          "MANIFEST_TOO_LARGE",
          "BODY_TOO_SLOW",
          "ENCODING_UNSUPPORTED",
          ...whileWriting,
          ...inside,
        ),
      },
    }),
  }),
  ...operation({
    id: "deleteManifest",
    method: "DELETE",
    path: address,
    action: "delete",
    target: "repository",
    needs: { right: "delete", on: "repository" },
    tag: "manifests",
    summary: "Delete a tag, or a manifest with its tags",
    handle: removeManifest,
    doc: () => ({
      description:
        "By tag: the tag is deleted; the manifest and its other tags stay. By digest: the manifest and all its tags are deleted, and it is no longer listed among the referrers of its subject. Nothing else is deleted: its blobs and manifests stay in the repository until they are deleted or collected. Tags that `registry.immutableTags` locks cannot be deleted, nor can their manifests. Source: distribution-spec, _Content Management_ (end-9).",
      parameters: [nameParameter, referenceParameter],
      responses: {
        202: {
          description: "Deleted, durably.",
          headers: {
            "Docker-Content-Digest": always("Digest of the manifest.", manifestDigest),
          },
        },
        ...failures(
          "MANIFEST_UNKNOWN",
          "TAG_IMMUTABLE",
          "DELETE_DISABLED",
          ...inRepository,
          ...whileWriting,
          ...inside,
        ),
      },
    }),
  }),
];
