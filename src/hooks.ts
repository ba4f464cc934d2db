// Settings → the deliveries of webhooks, and what an operator hears of them.
import { hostname } from "node:os";
import { newId, random } from "./ambient.ts";
import type { AgeClock } from "./clock/ageClock.ts";
import type { Config } from "./config/settings.ts";
import type { WebhookConfig } from "./config/webhooks.ts";
import type { Leadership } from "./jobs/leadership.ts";
import type { Ports } from "./ports.ts";
import type { Log } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { reportTrimmed, reportWebhook } from "./telemetry/webhooks.ts";
import { Deliveries } from "./webhooks/deliveries.ts";

/** The dependencies of deliveries. */
export interface HookParts {
  readonly config: Config;
  /** With their secrets. */
  readonly hooks: readonly WebhookConfig[];
  readonly ports: Pick<Ports, "metadata" | "clock" | "latch">;
  readonly ages: Pick<AgeClock, "now">;
  readonly leadership: Pick<Leadership, "hold"> | null;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly http: { readonly url: string; readonly port: number };
}

/** It begins with `start`. */
export function makeDeliveries(parts: HookParts): Deliveries {
  const { config, hooks, ports, ages, leadership, log, metrics, http } = parts;
  const { metadata, clock, latch } = ports;
  return new Deliveries({
    hooks,
    metadata: metadata.webhooks,
    sender: {
      url: config["http.url"] || http.url,
      address: `${hostname()}:${http.port}`,
      instanceId: newId(),
    },
    // What can not be noted as delivered would be sent for ever.
    isLeading: () => latch.reason === null && (leadership === null || leadership.hold() !== null),
    ...{ clock, ageNow: ages.now, now: () => performance.now(), random },
    onAttempt: (attempt) => reportWebhook(log, metrics, attempt),
    onTrimmed: (trimmed) => reportTrimmed(log, trimmed),
    onTrouble: (err) => log.warn({ err }, "events of webhooks could not be read or noted"),
  });
}
