// The audit trail for administrators: a page of entries, the latest first.
import { isoTime } from "../../amounts.ts";
import type { AuditCursor, StoredAuditEntry } from "../../metadata/audit.ts";
import { json } from "../answers.ts";
import { failures, inside } from "../docs/answers.ts";
import { auditPage, entrySchema, moved } from "../docs/audit.ts";
import { pageAnswer } from "../docs/listed.ts";
import { operation } from "../operation.ts";
import { queryOf, type RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";
import { invalid, pageHeaders, readLimit } from "./requests.ts";

const address = "/v1/audit";
const usualPage = 100;
const longestPage = 1000;
const cursor = /^([0-9]{1,15})\.([0-9]{1,15})$/;
const isoForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** As this API prints it: time in ISO 8601. */
function printed({ at, event, who, requestId, previous, ...entry }: StoredAuditEntry) {
  return {
    at: isoTime(at),
    event,
    who,
    address: entry.address,
    request_id: requestId,
    resource: entry.resource,
    detail: entry.detail,
    digest: entry.digest,
    previous_digest: previous,
    times: entry.times,
  };
}

/** @throws RegistryError REQUEST_INVALID */
export function readCursor(given: string | null): AuditCursor | null {
  if (given === null) return null;
  const [, at, id] = cursor.exec(given) ?? [];
  if (at === undefined) throw invalid("after must be the `next` of another page");
  return { at: Number(at), id: Number(id) };
}

/** @returns Unix ms. @throws RegistryError REQUEST_INVALID */
function readSince(given: string | null): number | null {
  if (given === null) return null;
  const at = isoForm.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(at)) throw invalid("since must be a time, such as 2026-01-01T00:00:00Z");
  return at;
}

async function list(call: RequestContext, { audit }: Services): Promise<Response> {
  const query = queryOf(call);
  const limit = readLimit(query, { usual: usualPage, longest: longestPage });
  const asked = {
    since: query.get("since"),
    who: query.get("who"),
    resource: query.get("resource"),
  };
  const { entries, more } = await audit.listEntries({
    ...asked,
    ...{ limit, after: readCursor(query.get("after")), since: readSince(asked.since) },
  });
  const last = more ? entries.at(-1) : undefined;
  const next = last === undefined ? null : `${last.at}.${last.id}`;
  const headers = pageHeaders(address, { limit, ...asked }, next);
  return json({ entries: entries.map(printed), next }, { headers });
}

/** `/v1/audit`. */
export const auditOperations = operation({
  id: "listAudit",
  method: "GET",
  path: address,
  action: "operate",
  target: "server",
  needs: { right: "pull", on: "audit" },
  tag: "operations",
  summary: "List who did what",
  handle: list,
  doc: () => ({
    description:
      "Logins, pushes, deletions, and changes of users, tokens and rules, the latest first. Entries are kept for `audit.keep`. Logins appear a second later; an account that logs in again from the same address is written down once an hour, and failures are summed up. For administrators, and those to whom a rule gives `pull` on `server:audit`.",
    parameters: auditPage,
    responses: {
      200: pageAnswer({
        member: "entries",
        schema: entrySchema,
        example: moved,
        path: "/v1/audit",
        after: "1767236400000.42",
      }),
      ...failures("PAGE_INVALID", "REQUEST_INVALID", ...inside),
    },
  }),
});
