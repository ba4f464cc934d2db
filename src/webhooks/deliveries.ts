// Takes events from the outbox to their receivers, on the server that tends the store: in the order of their repository as far as that
// succeeds, again and again until each is accepted or given up.
import type { OutboxEvent, Trimmed, WebhooksMetadata } from "../metadata/webhooks.ts";
import { type HookFormat, mediaTypeOf, type Sender, writeEvent } from "./forms.ts";
import { longestDueMs, nextAttempt, pauseAfter } from "./retries.ts";
import { type Receiver, type Refusal, sendEvent } from "./send.ts";

/** A receiver and what it wants. */
export interface Hook extends Receiver {
  readonly format: HookFormat;
  /** Manifests of these types are left out. */
  readonly ignoredMediaTypes: readonly string[];
}

/** What became of an attempt. */
export interface Attempt {
  readonly hook: string;
  readonly event: OutboxEvent;
  readonly outcome: "delivered" | "failed" | "dead";
  readonly reason: Refusal;
  /** Attempts of this receiver in a row that failed before. */
  readonly failures: number;
}

/** Dependencies. */
export interface DeliveriesOptions {
  readonly hooks: readonly Hook[];
  readonly metadata: WebhooksMetadata;
  readonly sender: Sender;
  /** False while another server delivers. */
  readonly isLeading: () => boolean;
  /** Unix ms. */
  readonly clock: () => number;
  /** Unix ms, for ages; null while they prove nothing. */
  readonly ageNow: () => number | null;
  /** Monotonic ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly onAttempt: (attempt: Attempt) => void;
  /** The outbox had more than it may hold. */
  readonly onTrimmed: (trimmed: Trimmed) => void;
  /** The database did not answer. */
  readonly onTrouble: (error: unknown) => void;
}

const lookEveryMs = 500;
/** How long a stopping server waits for receivers. */
const lastMs = 2_000;
/** Pause after the database did not answer. */
const troubleMs = 5_000;
/** Events of one look. */
const batch = 32;
/** Attempts to one receiver at a time, each about another repository. */
const together = 8;
const trimEveryMs = 60_000;
const bounds = { mostWaiting: 100_000, mostDead: 10_000 };
const keptMs = 30 * 24 * 60 * 60 * 1000;

/** A receiver's recent past. */
interface Health {
  failures: number;
  /** Monotonic ms. */
  pausedUntil: number;
}

/** One per server. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #health = new Map<string, Health>();
  #timer: Timer | null = null;
  #trimmedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  #isStopping = false;
  /** Accepted, but still in the outbox: the database did not answer. They are not sent again. */
  readonly #accepted = new Set<string>();
  /** Monotonic ms. */
  #troubledUntil = Number.NEGATIVE_INFINITY;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Begins, unless there is nobody to deliver to. */
  start(): void {
    if (this.#options.hooks.length === 0) return;
    this.#timer = setInterval(() => void this.look(), lookEveryMs);
    void this.look();
  }

  /** Begins no attempt any more, and gives those that are running a moment. */
  async close(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const patience = setTimeout(() => this.#stopping.abort(), lastMs);
    await this.#looking;
    clearTimeout(patience);
  }

  /** Delivers what is due. Resolves when nothing is due any more, or its receivers fail. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAtAll()
      .catch((error) => {
        this.#troubledUntil = this.#options.now() + troubleMs;
        this.#options.onTrouble(error);
      })
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    const { hooks, isLeading, now } = this.#options;
    if (!isLeading() || now() < this.#troubledUntil) return;
    await this.#trim();
    await Promise.all(hooks.map((hook) => this.#deliver(hook)));
  }

  async #trim(): Promise<void> {
    const { metadata, clock, ageNow, now, onTrimmed } = this.#options;
    if (now() - this.#trimmedAt < trimEveryMs) return;
    this.#trimmedAt = now();
    const at = clock();
    const before = (ageNow() ?? keptMs) - keptMs;
    const limits = { ...bounds, before, now: at, latestDue: at + longestDueMs };
    const trimmed = await metadata.trimOutbox(limits);
    if (trimmed.givenUp + trimmed.deleted > 0) onTrimmed(trimmed);
  }

  async #deliver(hook: Hook): Promise<void> {
    const { metadata, clock } = this.#options;
    const health = this.#healthOf(hook);
    while (this.#mayGoOn(health)) {
      // After failures one event is enough to see whether the receiver is back.
      const limit = health.failures === 0 ? batch : 1;
      const due = await metadata.listDue(hook.name, clock(), limit);
      if (due.length === 0) return;
      await this.#sendAll(hook, due);
    }
  }

  #mayGoOn({ pausedUntil }: Health): boolean {
    const { isLeading, now } = this.#options;
    return !this.#isStopping && isLeading() && now() >= pausedUntil;
  }

  #healthOf({ name }: Hook): Health {
    const known = this.#health.get(name);
    if (known !== undefined) return known;
    const health: Health = { failures: 0, pausedUntil: Number.NEGATIVE_INFINITY };
    this.#health.set(name, health);
    return health;
  }

  /** Events of one repository follow each other. */
  async #sendAll(hook: Hook, due: readonly OutboxEvent[]): Promise<void> {
    const queues = [...Map.groupBy(due, ({ resource }) => resource).values()];
    const takers = Array.from({ length: Math.min(together, queues.length) }, async () => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        for (const event of queue) {
          if (!this.#mayGoOn(this.#healthOf(hook))) return;
          await this.#send(hook, event);
        }
      }
    });
    await Promise.all(takers);
  }

  async #send(hook: Hook, event: OutboxEvent): Promise<void> {
    const { metadata, sender, clock } = this.#options;
    if (this.#accepted.has(event.id)) return this.#remove(event);
    const mediaType = mediaTypeOf(event);
    const isIgnored = mediaType !== null && hook.ignoredMediaTypes.includes(mediaType);
    const written = isIgnored ? null : writeEvent(hook.format, event, sender);
    if (written === null) return metadata.removeEvent(event.id);
    const reason = await sendEvent(hook, {
      ...{ id: event.id, written, timestamp: Math.floor(clock() / 1000) },
      stopping: this.#stopping.signal,
    });
    if (reason === null) await this.#take(hook, event);
    // What was cut off is sent again after the next start.
    else if (!this.#stopping.signal.aborted) await this.#refused(hook, event, reason);
  }

  async #remove({ id }: OutboxEvent): Promise<void> {
    this.#accepted.add(id);
    await this.#options.metadata.removeEvent(id);
    this.#accepted.delete(id);
  }

  /** Its receiver has accepted it. */
  async #take(hook: Hook, event: OutboxEvent): Promise<void> {
    const { onAttempt } = this.#options;
    const health = this.#healthOf(hook);
    const { failures } = health;
    health.failures = 0;
    health.pausedUntil = Number.NEGATIVE_INFINITY;
    await this.#remove(event);
    onAttempt({ hook: hook.name, event, outcome: "delivered", reason: null, failures });
  }

  async #refused(hook: Hook, event: OutboxEvent, reason: string): Promise<void> {
    const { metadata, clock, ageNow, now, random, onAttempt } = this.#options;
    const health = this.#healthOf(hook);
    const { failures } = health;
    health.failures += 1;
    health.pausedUntil = now() + pauseAfter(failures, random());
    const at = clock();
    const next = nextAttempt(event, { now: at, aged: ageNow() }, random());
    await metadata.failEvent(event.id, { reason, now: at, next });
    const outcome = next === null ? "dead" : "failed";
    onAttempt({ hook: hook.name, event, outcome, reason, failures });
  }
}
