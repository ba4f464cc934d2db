// For process supervisors and load balancers: is the process alive, and should it get traffic?
import { json } from "../answers.ts";
import { always, failures, jsonLike } from "../docs/answers.ts";
import type { Headers } from "../docs/types.ts";
import { understand } from "../errors.ts";
import { operation } from "../operation.ts";
import type { RequestContext } from "../requestContext.ts";
import type { Services } from "../services.ts";

const uncached = { "cache-control": "no-store" };

const alive = (): Response => json({ status: "ok" }, { headers: uncached });

async function able(context: RequestContext, services: Services): Promise<Response> {
  const { ready, isDraining } = services;
  const reason = isDraining() ? "the server is stopping" : await reasonNotReady(ready, context);
  return reason === null
    ? json({ status: "ready", ...(await worries(services)) }, { headers: uncached })
    : json({ status: "not ready", reason }, { status: 503, headers: uncached });
}

/** A condition that needs attention although requests are served: the disk fills while no collection runs. */
async function worries({ gcRuns }: Services) {
  const refused = await gcRuns.findRefusals().catch(() => null);
  if (refused === null) return {};
  const { since, reason } = refused;
  return { gc: { refused_since: new Date(since).toISOString(), reason } };
}

/** @returns null when ready; otherwise a reason for clients. The full one is logged. */
async function reasonNotReady(
  ready: Services["ready"],
  context: RequestContext,
): Promise<string | null> {
  try {
    await ready();
    return null;
  } catch (error) {
    const { situation, message } = understand(error, context);
    return situation === "UNKNOWN" ? "the data directory cannot be read" : message;
  }
}

const uncachedHeader: Headers = {
  "Cache-Control": always("Never cached.", "no-store"),
};
const status = (...values: string[]) => ({ type: "string" as const, enum: values });

const gcRefusal = {
  type: "object" as const,
  description:
    "Only while scheduled collections are refused and no space is freed: since when, and what to do.",
  properties: {
    refused_since: { type: "string" as const, format: "date-time" },
    reason: { type: "string" as const },
  },
};

/** `/healthz`: the process answers. `/readyz`: it can do its work; 503 says why not. Some load balancers probe with HEAD. */
export const healthOperations = [
  ...operation({
    id: "getHealth",
    method: "GET",
    path: "/healthz",
    action: "read",
    target: "server",
    needs: "nothing",
    tag: "operations",
    summary: "Check liveness",
    handle: alive,
    doc: () => ({
      description: "For a process supervisor: 200 for as long as the process answers.",
      responses: {
        200: {
          description: "It does.",
          headers: uncachedHeader,
          content: jsonLike(
            { type: "object", properties: { status: status("ok") } },
            { status: "ok" },
          ),
        },
        ...failures(),
      },
    }),
  }),
  ...operation({
    id: "getReadiness",
    method: "GET",
    path: "/readyz",
    action: "read",
    target: "server",
    needs: "nothing",
    tag: "operations",
    summary: "Check readiness",
    handle: able,
    head: { description: "As `GET`, without a body: the status is the answer." },
    doc: () => ({
      description:
        "For a load balancer: 200 when the data directory can be read and the store accepts writes; otherwise, and while the server is stopping, 503 with the reason. `gc` reports that scheduled collections are refused; requests are still answered.",
      responses: {
        200: {
          description: "It should.",
          headers: uncachedHeader,
          content: jsonLike(
            { type: "object", properties: { status: status("ready"), gc: gcRefusal } },
            { status: "ready" },
          ),
        },
        503: {
          description: "The server should not get traffic.",
          headers: uncachedHeader,
          content: jsonLike(
            {
              type: "object",
              properties: { status: status("not ready"), reason: { type: "string" } },
            },
            { status: "not ready", reason: "the server is stopping" },
          ),
        },
        ...failures(),
      },
    }),
  }),
];
