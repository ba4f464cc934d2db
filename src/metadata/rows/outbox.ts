// Who is told of a change, and the row that says so: written by the transaction of the change itself.
import {
  type HookEvent,
  type HookRule,
  nobodyListens,
  subscribersOf,
} from "../../model/hookEvents.ts";
import type { Author } from "../audit.ts";
import type { OutboxEvent } from "../webhooks.ts";
import type { Tx } from "./rows.ts";
import { command, type Params } from "./statement.ts";
import { webhookEvents } from "./webhooksSchema.ts";

export const insertEvent = command(
  (db, given: Params<Omit<OutboxEvent, "attempts" | "reason" | "since">>) => {
    const { id, hook, event, resource, at, data } = given;
    const row = { id, hook, event, resource, at, data, since: at, dueAt: at };
    return db.insert(webhookEvents).values({ ...row, attempts: 0, reason: null, endedAt: null });
  },
);

/** The webhooks that this process writes events for. One for each open database. */
export class Outbox {
  readonly newId: () => string;
  #subscribers = nobodyListens;

  constructor(newId: () => string) {
    this.newId = newId;
  }

  set(rules: readonly HookRule[]): void {
    this.#subscribers = subscribersOf(rules);
  }

  subscribers(happened: string, resource: string) {
    return this.#subscribers(happened, resource);
  }
}

/** Something that webhooks are told of. */
export interface News {
  /** As the audit trail calls it, or `collection`, `backup.succeeded`, `backup.failed`. */
  readonly happened: string;
  /** As `OutboxEvent.resource`. */
  readonly resource: string;
  /** Unix ms. */
  readonly at: number;
}

/** Writes an event for each webhook that asks for it: nothing where there is none. @param data is asked for only then. */
export function announce(
  tx: Tx,
  { happened, resource, at }: News,
  data: (event: HookEvent) => Readonly<Record<string, unknown>>,
): void {
  for (const { hook, event } of tx.outbox.subscribers(happened, resource)) {
    const id = tx.outbox.newId();
    tx.note(insertEvent, { id, hook, event, resource, at, data: JSON.stringify(data(event)) });
  }
}

/** A change as its author and the audit trail describe it. */
interface Described {
  readonly event: string;
  readonly resource: string;
  readonly detail: string | null;
  readonly digest: string | null;
  readonly previous: string | null;
  readonly mediaType?: string | undefined;
  readonly size?: number | undefined;
}

/** What receivers get as `data`. */
export function dataOf(by: Author, deed: Described): Readonly<Record<string, unknown>> {
  const { who, address, requestId } = by;
  return { ...subjectOf(deed), actor: who, address, request_id: requestId };
}

const bucketStart = "bucket:";

function subjectOf(deed: Described): Readonly<Record<string, unknown>> {
  const { resource, detail, digest, previous, mediaType, size } = deed;
  const versions = { digest, previous_digest: previous };
  if (!resource.startsWith(bucketStart)) {
    const tag = detail === digest ? null : detail;
    const manifest = { media_type: mediaType ?? null, size: size ?? null };
    return { repository: resource, tag, ...versions, ...manifest };
  }
  const [bucket = "", ...object] = resource.slice(bucketStart.length).split("/");
  if (object.length === 0) return { bucket };
  return { bucket, object: object.join("/"), ...versions };
}
