// For Prometheus.
import { Elysia } from "elysia";
import type { Metrics } from "../../telemetry/metrics.ts";

/** `/metrics` in Prometheus' text format. After a HEAD the server drops the body. */
export const metricsRoutes = (metrics: Metrics) => {
  const answer = async (): Promise<Response> => {
    const { contentType, text } = await metrics.text();
    return new Response(text, { headers: { "content-type": contentType } });
  };
  const detail = { tags: ["operations"], summary: "Metrics in Prometheus' text format" };
  return new Elysia({ name: "ops.metrics" })
    .get("/metrics", answer, { detail: { ...detail, operationId: "getMetrics" } })
    .head("/metrics", answer, { detail: { ...detail, operationId: "headMetrics" } });
};
