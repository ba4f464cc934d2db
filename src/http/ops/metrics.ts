// For Prometheus.
import { failures } from "../docs/answers.ts";
import { operation } from "../operation.ts";
import type { Services } from "../services.ts";

async function answer(_call: unknown, { telemetry }: Services): Promise<Response> {
  const { contentType, text } = await telemetry.metrics.text();
  return new Response(text, { headers: { "content-type": contentType } });
}

/** `/metrics` in Prometheus' text format. */
export const metricsOperations = [
  ...operation({
    id: "getMetrics",
    method: "GET",
    path: "/metrics",
    action: "read",
    target: "server",
    needs: { right: "pull", on: "metrics" },
    tag: "operations",
    summary: "Metrics in Prometheus' text format",
    servedIf: "metrics",
    handle: answer,
    head: {
      description: "As `GET`, without a body: to see whether metrics are enabled.",
    },
    doc: () => ({
      description:
        "Counters and gauges of the server and of its process. The setting `metrics.enabled` switches them off; then the answer is 404.",
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
    }),
  }),
];
