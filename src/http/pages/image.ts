// A tag or a manifest, and the files in it.

import { RegistryError } from "../../errors.ts";
import { readChartFiles } from "../../images/chartFiles.ts";
import { imageOf } from "../../images/compare.ts";
import { describeImage, type ImageDetail } from "../../images/detail.ts";
import type { Reference } from "../../model/names.ts";
import { sendBlob, statBlobOf } from "../oci/blobs.ts";
import { type Call, operation } from "../operation.ts";
import { queryOf } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { isStranger, viewerOf } from "../viewer.ts";
import { framed, sendPage } from "./answer.ts";
import { withoutPeople } from "./people.ts";
import { mayDelete } from "./repository.ts";

const address = "/repositories/:name/-/images/:reference";

/** As it is written. */
export const textOf = (reference: Reference): string =>
  "tag" in reference ? reference.tag : reference.digest;

async function show(call: Call<typeof address>, services: Services): Promise<Response> {
  const { name, reference } = call.params;
  const { images } = services;
  const found = await describeImage(images, viewerOf(call), name, reference);
  const shown = await findShown(call, services, found);
  const files = shown?.kind === "helm" ? await readChartFiles(images, shown) : null;
  const { imagePage } = await import("../../pages/image.tsx");
  const html = imagePage(await framed(call, services), {
    detail: isStranger(call) ? strangersView(found) : found,
    ...{ reference: textOf(reference), shown, files },
    mayDelete: mayDelete(call, services, name),
  });
  return sendPage(html);
}

function strangersView(detail: ImageDetail): ImageDetail {
  const referrers = detail.referrers.map((each) => ({ ...each, pushedBy: null }));
  return { ...withoutPeople(detail), referrers };
}

/** Of an index, the image of the platform that is asked for; null when it is not stored. */
async function findShown(
  call: Call<typeof address>,
  { images }: Services,
  detail: ImageDetail,
): Promise<ImageDetail | null> {
  try {
    return await imageOf(images, viewerOf(call), detail, queryOf(call).get("platform"));
  } catch (error) {
    const isAbsent = error instanceof RegistryError && error.situation === "MANIFEST_UNKNOWN";
    if (isAbsent) return null;
    throw error;
  }
}

const ofRepository = {
  method: "GET",
  action: "pull",
  target: "repository",
  needs: { right: "pull", on: "repository" },
  doc: null,
} as const;

/** `/repositories/<name>/-/images/<reference>` and `/repositories/<name>/-/files/<digest>`. */
export const imagePageOperations = [
  ...operation({
    ...ofRepository,
    id: "getImagePage",
    path: address,
    tag: "manifests",
    summary: "The page of a tag or a manifest",
    handle: show,
  }),
  // Logins of browsers do not count below /v2.
  ...operation({
    ...ofRepository,
    id: "getFile",
    path: "/repositories/:name/-/files/:digest",
    tag: "blobs",
    summary: "Download a file of an artifact",
    handle: sendBlob,
    head: { handle: statBlobOf },
  }),
];
