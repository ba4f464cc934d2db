// The table of webhooks, in the terms of schema.ts: the same rules hold.
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { HookEvent } from "../../model/hookEvents.ts";

/** Dead letters: the condition of their index, and of the statements that use it. */
export const isDead = sql`ended_at IS NOT NULL`;

/** The outbox: events that wait for their receiver, and dead letters. */
export const webhookEvents = sqliteTable(
  "webhook_events",
  {
    id: text("id").primaryKey(), // UUIDv7
    hook: text("hook").notNull(),
    event: text("event").$type<HookEvent>().notNull(),
    resource: text("resource").notNull(),
    at: integer("at").notNull(), // Unix ms
    data: text("data").notNull(), // JSON
    attempts: integer("attempts").notNull(),
    reason: text("reason"), // why the last attempt failed
    since: integer("since").notNull(), // Unix ms; since when it waits: of a dead letter that is sent again, since then
    dueAt: integer("due_at"), // Unix ms; null: given up
    endedAt: integer("ended_at"), // Unix ms; when it was given up
  },
  (row) => [
    index("webhook_events_by_due").on(row.hook, row.dueAt, row.id),
    index("webhook_events_dead").on(row.hook, row.id).where(isDead),
    index("webhook_events_by_time").on(row.since),
  ],
);
