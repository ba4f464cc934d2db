// The page of garbage: collections, by the functions of `/v1/gc`.
import { RegistryError } from "../../../errors.ts";
import { at } from "../../../pages/addresses.ts";
import { operation } from "../../operation.ts";
import { queryOf, type RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { runIdIn } from "../../v1/gc.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { type Refused, refusedBy } from "../refused.ts";
import { mayOperate, operating } from "./shared.ts";

/** Rows of a page. */
const limit = 25;

async function draw(
  call: RequestContext,
  services: Services,
  refused: Refused | null,
): Promise<Response> {
  const { gcRuns } = services;
  const after = runIdIn(queryOf(call));
  const [{ runs, more }, { runs: newest }, refusals] = await Promise.all([
    gcRuns.list({ after, limit }),
    gcRuns.list({ after: null, limit: 1 }),
    gcRuns.findRefusals(),
  ]);
  const next = more ? at.garbage({ after: runs.at(-1)?.id ?? null }) : null;
  const { said = null, status = 200 } = refused ?? {};
  const { garbagePage } = await import("../../../pages/server/garbage.tsx");
  const view = {
    ...{ runs, latest: newest[0] ?? null, next, refusals, said },
    mayCollect: mayOperate(call),
  };
  return sendPage(garbagePage(await framed(call, services), view), { status });
}

async function collect(call: RequestContext, services: Services): Promise<Response> {
  const asked = (await readForm(call, services)).get("do");
  if (asked !== "look" && asked !== "collect") throw new RegistryError("REQUEST_INVALID");
  try {
    await services.gcRuns.request({ dryRun: asked === "look" });
  } catch (error) {
    return draw(call, services, refusedBy(error));
  }
  return seeOther(at.garbage());
}

/** `/server/garbage`. */
export const garbagePages = [
  ...operation({
    ...{ ...operating, id: "showGarbage", method: "GET", path: "/server/garbage" },
    ...{ needs: { right: "pull", on: "gc" }, summary: "The page of garbage" },
    handle: (call, services) => draw(call, services, null),
  }),
  ...operation({
    ...{ ...operating, id: "collectByForm", method: "POST", path: "/server/garbage" },
    ...{ needs: { right: "admin", on: "gc" }, summary: "Collect garbage", handle: collect },
  }),
];
