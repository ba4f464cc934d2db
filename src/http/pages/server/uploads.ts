// The page of open uploads, by the functions of `/v1/uploads`.
import { RegistryError } from "../../../errors.ts";
import { readBucketName } from "../../../model/objectNames.ts";
import { readUploadId, type UploadId } from "../../../model/uploadId.ts";
import { abortMultipart } from "../../../objects/multipart.ts";
import { listOpenParts } from "../../../objects/operate.ts";
import { at } from "../../../pages/addresses.ts";
import { dropUpload } from "../../../uploads/operate.ts";
import { operation } from "../../operation.ts";
import type { RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { openUploads } from "../../v1/uploads.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { mayOperate, operating } from "./shared.ts";

/** Rows of the page. */
const limit = 200;

async function show(call: RequestContext, services: Services): Promise<Response> {
  const { images, objects, telemetry } = services;
  const [{ uploads, more }, parts, { kept }] = await Promise.all([
    openUploads(services, { after: null, limit }),
    listOpenParts(objects, { after: null, limit }),
    images.book.read(),
  ]);
  const { uploadsPage } = await import("../../../pages/server/uploads.tsx");
  const view = {
    ...{ uploads, inParts: parts.uploads, more: more || parts.more, mayEnd: mayOperate(call) },
    ...{ savedBytes: kept.savedBytes, mountedBytes: telemetry.metrics.mountedBytes },
  };
  return sendPage(uploadsPage(await framed(call, services), view));
}

/** @throws RegistryError UPLOAD_UNKNOWN */
function parseId(text: string): UploadId {
  const id = readUploadId(text);
  if (id === null) throw new RegistryError("UPLOAD_UNKNOWN");
  return id;
}

async function end(call: RequestContext, services: Services): Promise<Response> {
  const form = await readForm(call, services);
  const id = form.get("id") ?? "";
  const bucket = readBucketName(form.get("bucket") ?? "");
  if (bucket !== null) {
    await abortMultipart(services.objects, { bucket, id: parseId(id) });
    return seeOther(at.uploads);
  }
  if ((await dropUpload(services.operate, id)) === null) throw new RegistryError("UPLOAD_UNKNOWN");
  return seeOther(at.uploads);
}

/** `/server/uploads`. */
export const uploadPages = [
  ...operation({
    ...{ ...operating, id: "showUploadsPage", method: "GET", path: "/server/uploads" },
    ...{ needs: { right: "pull", on: "gc" }, summary: "The page of open uploads", handle: show },
  }),
  ...operation({
    ...{ ...operating, id: "endUploadByForm", method: "POST", path: "/server/uploads" },
    ...{ needs: { right: "admin", on: "gc" }, summary: "End an upload", handle: end },
  }),
];
