// Webhooks as operators see them: a line when a receiver begins to fail and when it is back, and the counts of its events.
import type { OutboxCount, OutboxEvent, Trimmed } from "../metadata/webhooks.ts";
import type { Log } from "./log.ts";
import { Counter, Gauge, type Registry } from "./prometheus.ts";
import { shared } from "./shared.ts";

/** Sources of the gauge, called when it is read. */
export interface WebhookSources {
  /** Events that wait and dead letters, by webhook; null where there is no webhook. */
  readonly countEvents: (() => Promise<readonly OutboxCount[]>) | null;
}

/** What became of an attempt. */
export interface WebhookAttempt {
  readonly hook: string;
  readonly event: Pick<OutboxEvent, "id" | "event" | "resource" | "attempts">;
  readonly outcome: "delivered" | "failed" | "dead";
  readonly reason: string | null;
  /** Attempts of this receiver in a row that failed before. */
  readonly failures: number;
}

/** Counters of the attempts that this server made. Names of webhooks are those of its configuration. */
export class WebhookMetrics {
  readonly #attempts: Counter<"hook" | "outcome">;

  constructor(registry: Registry, { countEvents }: WebhookSources) {
    const registers = [registry];
    this.#attempts = new Counter({
      name: "breadbox_webhook_attempts_total",
      help: "Events sent to webhooks, by outcome: delivered, failed (sent again) or dead (given up).",
      labelNames: ["hook", "outcome"],
      registers,
    });
    new Gauge({
      name: "breadbox_webhook_events",
      help: shared("Events of webhooks by state: waiting or dead."),
      labelNames: ["hook", "state"],
      registers,
      async collect() {
        this.reset();
        const counts = (await countEvents?.().catch(() => [])) ?? [];
        for (const { hook, waiting, dead } of counts) {
          this.set({ hook, state: "waiting" }, waiting);
          this.set({ hook, state: "dead" }, dead);
        }
      },
    });
  }

  attempted({ hook, outcome }: Pick<WebhookAttempt, "hook" | "outcome">): void {
    this.#attempts.inc({ hook, outcome });
  }
}

/** Counts an attempt, and writes a line when it is news. */
export function reportWebhook(
  log: Pick<Log, "debug" | "info" | "warn" | "error">,
  metrics: { readonly webhooks: Pick<WebhookMetrics, "attempted"> },
  { hook, event, outcome, reason, failures }: WebhookAttempt,
): void {
  metrics.webhooks.attempted({ hook, outcome });
  const { id, event: what, resource } = event;
  const attempts = event.attempts + 1;
  const fields = {
    event: "webhook",
    hook,
    outcome,
    webhookId: id,
    what,
    resource,
    attempts,
    reason,
  };
  const named = resource === "" ? what : `${what} ${resource}`;
  if (outcome === "dead") {
    const remedy = `breadbox webhook retry ${hook} sends it again`;
    log.error(fields, `webhook ${hook}: ${named} was given up (${reason}): ${remedy}`);
  } else if (outcome === "failed" && failures === 0) {
    log.warn(
      fields,
      `webhook ${hook}: ${named} was not accepted (${reason}), it will be sent again`,
    );
  } else if (outcome === "delivered" && failures > 0) {
    log.info(fields, `webhook ${hook} accepts events again`);
  } else {
    log.debug(fields, `webhook ${hook}: ${named} ${outcome}`);
  }
}

/** More events wait than the outbox may hold, for a receiver that fails. */
export function reportTrimmed(log: Pick<Log, "error">, { givenUp, deleted }: Trimmed): void {
  log.error(
    { event: "webhook", givenUp, deleted },
    `webhooks: too many events wait: ${givenUp} were given up, ${deleted} old ones were deleted; see breadbox webhook ls`,
  );
}
