// The page of the audit trail, which shows what `/v1/audit` lists.
import { at } from "../../../pages/addresses.ts";
import { operation } from "../../operation.ts";
import { queryOf, type RequestContext } from "../../requestContext.ts";
import type { Services } from "../../services.ts";
import { readCursor } from "../../v1/audit.ts";
import { framed, sendPage } from "../answer.ts";

/** Rows of a page. */
const limit = 100;

async function show(call: RequestContext, services: Services): Promise<Response> {
  const query = queryOf(call);
  // An empty field of the form asks for everything.
  const [who, resource] = [query.get("who") || null, query.get("resource") || null];
  const { entries, more } = await services.audit.listEntries({
    ...{ who, resource, limit, since: null, after: readCursor(query.get("after")) },
  });
  const last = more ? entries.at(-1) : undefined;
  const next =
    last === undefined ? null : at.audit({ who, resource, after: `${last.at}.${last.id}` });
  const { auditPage } = await import("../../../pages/access/audit.tsx");
  const contents = { entries, next, who: who ?? "", resource: resource ?? "" };
  return sendPage(auditPage(await framed(call, services), contents));
}

/** `/access/audit`. */
export const auditPages = operation({
  id: "showAuditPage",
  method: "GET",
  path: "/access/audit",
  action: "operate",
  target: "server",
  needs: { right: "pull", on: "audit" },
  tag: "operations",
  summary: "The page of the audit trail",
  doc: null,
  handle: show,
});
