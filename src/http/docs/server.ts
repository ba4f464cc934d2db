// What is said of health, metrics and the explorer.
import { always, failures, jsonLike, withoutBodies } from "./answers.ts";
import { ifNoneMatch } from "./parameters.ts";
import type { Content, Documentation, Headers, Responses } from "./types.ts";

const uncached: Headers = { "Cache-Control": always("True at this moment only.", "no-store") };
const status = (...values: string[]) => ({ type: "string" as const, enum: values });

export const getHealth: Documentation = {
  description: "For a process supervisor: 200 for as long as the process answers.",
  responses: {
    200: {
      description: "It does.",
      headers: uncached,
      content: jsonLike({ type: "object", properties: { status: status("ok") } }, { status: "ok" }),
    },
    ...failures(),
  },
};

export const headHealth: Documentation = {
  description: "As `GET`, without a body.",
  responses: withoutBodies(getHealth.responses),
};

const refusals = {
  type: "object" as const,
  description:
    "Only while scheduled collections are refused, so that nothing frees space: since when, and what to do.",
  properties: {
    refused_since: { type: "string" as const, format: "date-time" },
    reason: { type: "string" as const },
  },
};

export const getReadiness: Documentation = {
  description:
    "For a load balancer: 200 when the data directory can be read and the store takes writes, 503 with the reason otherwise, and from the moment the server begins to stop. `gc` says that scheduled collections are refused; requests are answered all the same.",
  responses: {
    200: {
      description: "It should.",
      headers: uncached,
      content: jsonLike(
        { type: "object", properties: { status: status("ready"), gc: refusals } },
        { status: "ready" },
      ),
    },
    503: {
      description: "It should not.",
      headers: uncached,
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
};

export const headReadiness: Documentation = {
  description: "As `GET`, without a body: the status says it.",
  responses: withoutBodies(getReadiness.responses),
};

export const getMetrics: Documentation = {
  description:
    "Counters and gauges of the server and of its process. The setting `metrics.enabled` switches them off; then there is no such address.",
  responses: {
    200: {
      description: "All metrics.",
      content: {
        "text/plain": {
          schema: { type: "string" },
          example: 'breadbox_http_requests_total{operation="getManifest",status="200"} 42\n',
        },
      },
    },
    ...failures(),
  },
};

export const headMetrics: Documentation = {
  description: "As `GET`, without a body: for whoever asks whether there is such an address.",
  responses: withoutBodies(getMetrics.responses),
};

const fileHeaders: Headers = {
  ETag: always("For `If-None-Match`.", `"sha256:${"0".repeat(64)}"`),
  "Cache-Control": always("Kept, and asked for again.", "no-cache"),
};

const file = (description: string, content: Content): Responses => ({
  200: { description, headers: fileHeaders, content },
  304: { description: "It is still the one that `If-None-Match` names.", headers: fileHeaders },
  ...failures(),
});

const page = file("The page.", { "text/html": { schema: { type: "string" } } });
const document = file("An OpenAPI 3.0.3 document.", {
  "application/json": { schema: { type: "object" } },
});

const switchedOff = "The setting `swagger.enabled` switches it off; then there is no such address.";
const parameters = [ifNoneMatch];

export const getExplorer: Documentation = {
  description: `This page. It loads nothing from other hosts. ${switchedOff}`,
  parameters,
  responses: page,
};

export const headExplorer: Documentation = {
  description: "As `GET`, without a body.",
  parameters,
  responses: withoutBodies(page),
};

export const getApiDocument: Documentation = {
  description: `What this page shows, for generators of clients and for tests. ${switchedOff}`,
  parameters,
  responses: document,
};

export const headApiDocument: Documentation = {
  description: "As `GET`, without a body.",
  parameters,
  responses: withoutBodies(document),
};
