// For Prometheus.
import { Elysia } from "elysia";
import type { Metrics } from "../../telemetry/metrics.ts";

/** `/metrics` in Prometheus' text format. */
export const metricsRoutes = (metrics: Metrics) =>
  new Elysia({ name: "ops.metrics" }).get(
    "/metrics",
    async () => {
      const { contentType, text } = await metrics.text();
      return new Response(text, { headers: { "content-type": contentType } });
    },
    {
      detail: {
        operationId: "getMetrics",
        tags: ["operations"],
        summary: "Metrics in Prometheus' text format",
      },
    },
  );
