// Metrics of the process: those that every program has under the names that Prometheus gives them, and the delays of the server's thread.
import type { monitorEventLoopDelay } from "node:perf_hooks";
import addMemory from "prom-client/lib/metrics/osMemoryHeap.js";
import addDescriptorLimit from "prom-client/lib/metrics/processMaxFileDescriptors.js";
import addDescriptors from "prom-client/lib/metrics/processOpenFileDescriptors.js";
import addStartTime from "prom-client/lib/metrics/processStartTime.js";
import { Counter, Gauge, type Registry } from "./prometheus.ts";

/** How often the delay is looked at, ms. */
const everyMs = 10;
const nanoseconds = 1e9;
const microseconds = 1e6;

/** The library's file for these loads a tracing library. */
const cpuTimes: Readonly<Record<string, (used: NodeJS.CpuUsage) => number>> = {
  process_cpu_user_seconds_total: ({ user }) => user,
  process_cpu_system_seconds_total: ({ system }) => system,
  process_cpu_seconds_total: ({ user, system }) => user + system,
};

/** Adds `process_…` and `breadbox_event_loop_delay_seconds`. */
export function addRuntimeGauges(registry: Registry): void {
  for (const [name, read] of Object.entries(cpuTimes)) {
    new Counter({
      ...{ name, help: "CPU time that the process has used, seconds.", registers: [registry] },
      collect() {
        this.reset();
        this.inc(read(process.cpuUsage()) / microseconds);
      },
    });
  }
  for (const add of [addStartTime, addMemory, addDescriptors, addDescriptorLimit]) add(registry);
  addDelays(registry);
}

function addDelays(registry: Registry): void {
  // Watched from the first reading on: it wakes the process a hundred times a second, for nothing where nobody reads.
  let watching: Promise<ReturnType<typeof monitorEventLoopDelay>> | null = null;
  new Gauge({
    name: "breadbox_event_loop_delay_seconds",
    help: "How long work waited for the server's thread since the last reading, by percentile. The first reading is 0.",
    labelNames: ["percentile"],
    registers: [registry],
    async collect() {
      watching ??= watchDelays();
      const delays = await watching;
      for (const percentile of [50, 99, 100]) {
        this.set({ percentile: String(percentile) }, delays.percentile(percentile) / nanoseconds);
      }
      delays.reset();
    },
  });
}

async function watchDelays(): Promise<ReturnType<typeof monitorEventLoopDelay>> {
  const { monitorEventLoopDelay } = await import("node:perf_hooks");
  const delays = monitorEventLoopDelay({ resolution: everyMs });
  delays.enable();
  return delays;
}
