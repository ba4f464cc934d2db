// The pages of buckets, by the functions of `/v1/buckets`.
import { findSharing, type Sharing } from "../../images/sharing.ts";
import { parseBucketName, parseObjectName } from "../../model/objectNames.ts";
import { createBucket, findBucket, removeBucket } from "../../objects/buckets.ts";
import { listObjects, removeObject } from "../../objects/objects.ts";
import { preconditionOf } from "../../objects/preconditions.ts";
import { at } from "../../pages/addresses.ts";
import { logBucket, logObjectDeletion } from "../../telemetry/objectEvents.ts";
import { authorOf, whoAsked } from "../author.ts";
import { readConditions } from "../conditions.ts";
import { assertMay } from "../door.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { visibleBuckets } from "../v1/buckets.ts";
import { objectPath } from "../v1/printObject.ts";
import { viewerOf } from "../viewer.ts";
import { framed, seeOther, sendPage } from "./answer.ts";
import { linkContent, putFile } from "./bucketPuts.ts";
import { readForm } from "./forms.ts";
import { type Refused, refusedBy } from "./refused.ts";

const address = "/buckets/:bucket";
/** Rows of a page. */
const limit = 100;

async function drawList(
  call: RequestContext,
  services: Services,
  again: (Refused & { readonly typed: string }) | null,
): Promise<Response> {
  const after = queryOf(call).get("after");
  const { items: buckets, more } = await visibleBuckets(call, services, { after, limit });
  const next = more ? at.buckets({ after: buckets.at(-1)?.name ?? null }) : null;
  const { said = null, status = 200, typed = "" } = again ?? {};
  const { bucketsPage } = await import("../../pages/buckets/buckets.tsx");
  const frame = await framed(call, services);
  return sendPage(bucketsPage(frame, { buckets, next, typed, said }), { status });
}

async function create(call: RequestContext, services: Services): Promise<Response> {
  const typed = (await readForm(call, services)).get("name") ?? "";
  try {
    const name = parseBucketName(typed);
    assertMay(call, "admin", { kind: "bucket", bucket: name });
    await createBucket(services.objects, name, authorOf(call));
    logBucket(services.telemetry.log, "create", { bucket: name, ...whoAsked(call) });
  } catch (error) {
    return drawList(call, services, { ...refusedBy(error), typed });
  }
  return seeOther(at.bucket(typed));
}

async function drawBucket(
  call: Call<typeof address>,
  services: Services,
  refused: Refused | null,
): Promise<Response> {
  const { objects, readOnly } = services;
  const { bucket } = call.params;
  const query = queryOf(call);
  const [prefix, after] = [query.get("prefix") ?? "", query.get("after")];
  const asked = { after, limit, prefix, delimiter: "/" };
  const { objects: records, prefixes, last } = await listObjects(objects, bucket, asked);
  const may = (action: "push" | "delete" | "admin" | "pull", object = prefix) =>
    call.rights.may(action, { kind: "objects", bucket, prefix: object });
  const whole = may("pull", "") ? await findBucket(objects, bucket) : null;
  const digests = records.map(({ digest }) => digest);
  const sharing = await findSharing(services.images, viewerOf(call), digests);
  const { said = null, status = 200 } = refused ?? {};
  const view = {
    ...{ bucket: whole, name: bucket, prefix, folders: prefixes, said },
    objects: records.map(({ object, size, createdAt, digest }) => ({
      ...{ object, size, createdAt, href: objectPath(bucket, object) },
      sharing: sharedWith(sharing.get(digest)),
      mayDelete: !readOnly && call.rights.may("delete", { kind: "object", bucket, object }),
    })),
    next: last === null ? null : at.bucket(bucket, { prefix: prefix || null, after: last }),
    mayPut: !readOnly && may("push"),
    mayRemove: !readOnly && call.rights.may("admin", { kind: "bucket", bucket }),
  };
  const { bucketPage } = await import("../../pages/buckets/bucket.tsx");
  return sendPage(bucketPage(await framed(call, services), view), { status });
}

/** Other repositories with the same content; null for none. In which buckets it is says nothing of this one. */
function sharedWith(sharing: Sharing | undefined): Sharing | null {
  if (sharing === undefined) return null;
  const count = sharing.repositories.length + (sharing.others ?? 0);
  return count === 0 ? null : { ...sharing, buckets: [] };
}

async function removeOne(
  call: Call<typeof address>,
  { objects, telemetry, pace }: Services,
): Promise<Response> {
  const { bucket } = call.params;
  const object = parseObjectName((await readForm(call, { pace })).get("object") ?? "");
  assertMay(call, "delete", { kind: "object", bucket, object });
  const allows = preconditionOf(readConditions(call.request.headers));
  await removeObject(objects, { bucket, object }, allows, authorOf(call));
  telemetry.metrics.deleted("object");
  logObjectDeletion(telemetry.log, { bucket, object, ...whoAsked(call) });
  const prefix = object.slice(0, object.lastIndexOf("/") + 1);
  return seeOther(at.bucket(bucket, { prefix: prefix || null }));
}

async function removeWhole(call: Call<typeof address>, services: Services): Promise<Response> {
  const { bucket } = call.params;
  try {
    await removeBucket(services.objects, bucket, authorOf(call));
    logBucket(services.telemetry.log, "delete", { bucket, ...whoAsked(call) });
  } catch (error) {
    return drawBucket(call, services, refusedBy(error));
  }
  return seeOther(at.buckets());
}

/** What is refused is said above the listing, to those who may see it. */
const orSaid =
  (act: (call: Call<typeof address>, services: Services) => Promise<Response>) =>
  (call: Call<typeof address>, services: Services): Promise<Response> =>
    act(call, services).catch((error: unknown) => {
      const prefix = queryOf(call).get("prefix") ?? "";
      const { bucket } = call.params;
      if (!call.rights.may("pull", { kind: "objects", bucket, prefix })) throw error;
      return drawBucket(call, services, refusedBy(error));
    });

const shared = { tag: "buckets", doc: null } as const;

/** `/buckets` and what is below it. */
export const bucketPages = [
  ...operation({
    ...{ ...shared, id: "showBucketsPage", method: "GET", path: "/buckets" },
    ...{ action: "catalog", target: "server", needs: "own", summary: "The page of buckets" },
    handle: (call, services) => drawList(call, services, null),
  }),
  ...operation({
    ...{ ...shared, id: "createBucketByForm", method: "POST", path: "/buckets" },
    ...{ action: "push", target: "server", needs: "body", summary: "Create a bucket" },
    handle: create,
  }),
  ...operation({
    ...{ ...shared, id: "showBucketPage", method: "GET", path: address },
    ...{ action: "pull", target: "bucket", needs: { right: "pull", on: "objects" } },
    ...{ summary: "The page of a bucket" },
    handle: (call, services) => drawBucket(call, services, null),
  }),
  ...operation({
    ...{ ...shared, id: "putFileByForm", method: "POST", path: `${address}/files` },
    ...{ action: "push", target: "bucket", needs: "body", summary: "Store a file" },
    handle: orSaid(putFile),
  }),
  ...operation({
    ...{ ...shared, id: "linkByForm", method: "POST", path: `${address}/links` },
    ...{ action: "push", target: "bucket", needs: "body", summary: "Link content to an object" },
    handle: orSaid(linkContent),
  }),
  ...operation({
    ...{ ...shared, id: "deleteObjectByForm", method: "POST", path: `${address}/delete` },
    ...{ action: "delete", target: "bucket", needs: "body", summary: "Delete an object" },
    handle: removeOne,
  }),
  ...operation({
    ...{ ...shared, id: "deleteBucketByForm", method: "POST", path: `${address}/remove` },
    ...{ action: "delete", target: "bucket", needs: { right: "admin", on: "bucket" } },
    ...{ summary: "Delete an empty bucket", handle: removeWhole },
  }),
];
