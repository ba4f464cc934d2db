// The page of open uploads, by the functions of `/v1/uploads`.
import { RegistryError } from "../../../errors.ts";
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
  const { uploads, more } = await openUploads(services, { after: null, limit });
  const { uploadsPage } = await import("../../../pages/server/uploads.tsx");
  const view = { uploads, more, mayEnd: mayOperate(call) };
  return sendPage(uploadsPage(await framed(call, services), view));
}

async function end(call: RequestContext, services: Services): Promise<Response> {
  const id = (await readForm(call, services)).get("id") ?? "";
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
