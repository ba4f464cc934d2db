// Metrics of the process: those that every program has under the names that Prometheus gives them, and the delays of the server's thread.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";

/** How often the delay is looked at, ms. */
const everyMs = 10;
const nanoseconds = 1e9;

/** Adds `process_…` and `breadbox_event_loop_delay_seconds`. */
export function addRuntimeGauges(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  // Those of the runtime are about Node.js, which this is not.
  for (const { name } of registry.getMetricsAsArray()) {
    if (name.startsWith("nodejs_")) registry.removeSingleMetric(name);
  }
  const delays = monitorEventLoopDelay({ resolution: everyMs });
  delays.enable();
  new Gauge({
    name: "breadbox_event_loop_delay_seconds",
    help: "How long work waited for the server's thread since the last reading, by percentile.",
    labelNames: ["percentile"],
    registers: [registry],
    collect() {
      for (const percentile of [50, 99, 100]) {
        this.set({ percentile: String(percentile) }, delays.percentile(percentile) / nanoseconds);
      }
      delays.reset();
    },
  });
}
