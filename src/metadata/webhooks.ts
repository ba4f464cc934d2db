// PORT 2, the group of webhooks: the outbox. An event is written in the transaction of the change that it is about, once for each webhook
// that asks for it, and stays until its receiver has accepted it.
import type { HookEvent, HookRule } from "../model/hookEvents.ts";

/** An event for one webhook. */
export interface OutboxEvent {
  /** UUIDv7; the same for every attempt. */
  readonly id: string;
  readonly hook: string;
  readonly event: HookEvent;
  /** A repository, `bucket:NAME`, `bucket:NAME/OBJECT`, or "" for what is about none. */
  readonly resource: string;
  /** Unix ms. */
  readonly at: number;
  /** JSON of an object: what happened. */
  readonly data: string;
  /** Since when it waits to be delivered, Unix ms. */
  readonly since: number;
  /** Attempts so far. */
  readonly attempts: number;
  /** Why the last attempt failed; null before it. */
  readonly reason: string | null;
}

/** An event that was given up. */
export interface DeadLetter extends OutboxEvent {
  /** Unix ms. */
  readonly endedAt: number;
}

/** Events of one webhook, which may not be configured any more. */
export interface OutboxCount {
  readonly hook: string;
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest that waits happened, Unix ms; null for none. */
  readonly oldestAt: number | null;
}

export interface WebhooksMetadata {
  /** From now on, changes of this process are written down for these webhooks. */
  setHooks(rules: readonly HookRule[]): void;
  /** Writes one event for one webhook. @returns its id. */
  addEvent(event: Pick<OutboxEvent, "hook" | "event" | "at" | "data">): Promise<string>;
  /** Events that are due at `now` (Unix ms), the longest due first. */
  listDue(hook: string, now: number, limit: number): Promise<readonly OutboxEvent[]>;
  /** @returns null when it was delivered, or is a dead letter. */
  findWaiting(id: string): Promise<OutboxEvent | null>;
  /** Its receiver has accepted it. Not durable on purpose: one that is lost with the power is delivered once more. */
  removeEvent(id: string): Promise<void>;
  /** An attempt failed. @param next when it is due again, Unix ms; null: given up, at `now`. */
  failEvent(
    id: string,
    failure: { readonly reason: string; readonly now: number; readonly next: number | null },
  ): Promise<void>;
  countEvents(): Promise<readonly OutboxCount[]>;
  /** Dead letters of a webhook with an id after `after`, in the order of their ids. */
  listDead(
    hook: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly DeadLetter[]>;
  /** Dead letters are due at `now` again, as new ones; `id` null: all of the webhook. @returns how many. */
  retryDead(hook: string, id: string | null, now: number): Promise<number>;
  /**
   * Keeps the outbox within its bounds: more than `mostWaiting` of a webhook are given up, the oldest first; more than `mostDead` of its
   * dead letters, and whatever waits since before `before` (Unix ms), is deleted. What is due after `latestDue` was written at a clock that
   * was ahead: it is due at `now`.
   */
  trimOutbox(limits: OutboxLimits): Promise<Trimmed>;
}

/** Bounds of the outbox. */
export interface OutboxLimits {
  readonly mostWaiting: number;
  readonly mostDead: number;
  /** Unix ms. */
  readonly before: number;
  /** Unix ms. */
  readonly now: number;
  /** Unix ms. */
  readonly latestDue: number;
}

/** What keeping within the bounds cost. */
export interface Trimmed {
  /** Events that were given up. */
  readonly givenUp: number;
  /** Events that were deleted. */
  readonly deleted: number;
  /** Events that would have waited for a clock that was ahead. */
  readonly hastened: number;
}
