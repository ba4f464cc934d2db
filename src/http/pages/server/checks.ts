// The pages of checks, by the functions of `/v1/checks`.
import { RegistryError } from "../../../errors.ts";
import { at } from "../../../pages/addresses.ts";
import { type Call, operation } from "../../operation.ts";
import { queryOf, type RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { tellChecks } from "../../v1/checks.ts";
import { runIdIn } from "../../v1/gc.ts";
import { framed, seeOther, sendPage } from "../answer.ts";
import { readForm } from "../forms.ts";
import { type Refused, refusedBy } from "../refused.ts";
import { mayOperate, operating } from "./shared.ts";

const address = "/server/checks/:checkId";
/** Rows of a page. */
const limit = 25;

async function draw(
  call: RequestContext,
  services: Services,
  refused: Refused | null,
): Promise<Response> {
  const { checks } = services;
  const after = runIdIn(queryOf(call), "check");
  const [{ checks: found, more }, newest, standing] = await Promise.all([
    checks.list({ after, limit }),
    checks.listCurrent(),
    checks.findStanding(),
  ]);
  const last = newest.find(({ state }) => state === "clean" || state === "problems");
  const next = more ? at.checks({ after: found.at(-1)?.id ?? null }) : null;
  const { said = null, status = 200 } = refused ?? {};
  const { checksPage } = await import("../../../pages/server/checks.tsx");
  const view = {
    ...{ checks: found, standing, next, said },
    running: newest.filter(({ state }) => state === "running"),
    last: last === undefined ? null : await checks.find(last.id),
    shown: shownOf(newest),
    mayCheck: mayOperate(call),
  };
  return sendPage(checksPage(await framed(call, services), view), { status });
}

/** The script compares it with what `/v1/events` tells, without the progress. */
const shownOf = (newest: Parameters<typeof tellChecks>[0]): string =>
  JSON.stringify(tellChecks(newest).map(({ id, state }) => ({ id, state })));

async function begin(call: RequestContext, services: Services): Promise<Response> {
  const asked = (await readForm(call, services)).get("do");
  if (asked !== "quick" && asked !== "full") throw new RegistryError("REQUEST_INVALID");
  try {
    await services.checks.request({ full: asked === "full" });
  } catch (error) {
    return draw(call, services, refusedBy(error));
  }
  return seeOther(at.checks());
}

async function showOne(call: Call<typeof address>, services: Services): Promise<Response> {
  const { checks } = services;
  const [check, newest] = await Promise.all([
    checks.find(call.params.checkId),
    checks.listCurrent(),
  ]);
  const { checkPage } = await import("../../../pages/server/checks.tsx");
  return sendPage(checkPage(await framed(call, services), check, shownOf(newest)));
}

/** `/server/checks`. */
export const checkPages = [
  ...operation({
    ...{ ...operating, id: "showChecksPage", method: "GET", path: "/server/checks" },
    ...{ needs: { right: "pull", on: "gc" }, summary: "The page of checks" },
    handle: (call, services) => draw(call, services, null),
  }),
  ...operation({
    ...{ ...operating, id: "checkByForm", method: "POST", path: "/server/checks" },
    ...{ needs: { right: "admin", on: "gc" }, summary: "Check the store", handle: begin },
  }),
  ...operation({
    ...{ ...operating, id: "showCheckPage", method: "GET", path: address },
    ...{ needs: { right: "pull", on: "gc" }, summary: "The page of one check", handle: showOne },
  }),
];
