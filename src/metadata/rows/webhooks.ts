// The outbox of webhooks: what is due, what was given up, and its bounds. Rows are added by outbox.ts.
import {
  and,
  asc,
  count,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  lte,
  sql,
} from "drizzle-orm";
import type { DeadLetter, OutboxLimits, Trimmed, WebhooksMetadata } from "../webhooks.ts";
import { insertEvent } from "./outbox.ts";
import type { Body, Rows, Tx } from "./rows.ts";
import { command, type Params, statement } from "./statement.ts";
import { webhookEvents as events, isDead } from "./webhooksSchema.ts";

interface Id {
  readonly id: string;
}
interface Hook {
  readonly hook: string;
}
interface Limit {
  readonly limit: number;
}
/** Unix ms. */
interface Now {
  readonly now: number;
}

const columns = getTableColumns(events);

const listDue = statement((db, { hook, now, limit }: Params<Hook & Now & Limit>) =>
  db
    .select(columns)
    .from(events)
    .where(and(eq(events.hook, hook), lte(events.dueAt, now)))
    .orderBy(asc(events.dueAt), asc(events.id))
    .limit(limit),
);
const findWaiting = statement((db, { id }: Params<Id>) =>
  db
    .select(columns)
    .from(events)
    .where(and(eq(events.id, id), isNotNull(events.dueAt))),
);
const remove = command((db, { id }: Params<Id>) => db.delete(events).where(eq(events.id, id)));

interface Failure extends Id {
  readonly reason: string;
  readonly dueAt: number | null;
  readonly endedAt: number | null;
}
const fail = command((db, { id, reason, dueAt, endedAt }: Params<Failure>) =>
  db
    .update(events)
    .set({ attempts: sql`${events.attempts} + 1`, reason, dueAt, endedAt })
    .where(eq(events.id, id)),
);
const listHooks = statement((db) =>
  db
    .select({
      hook: events.hook,
      waiting: count(events.dueAt),
      dead: count(events.endedAt),
      oldestAt: sql<
        number | null
      >`min(CASE WHEN ${events.dueAt} IS NULL THEN NULL ELSE ${events.at} END)`,
    })
    .from(events)
    .groupBy(events.hook)
    .orderBy(asc(events.hook)),
);
const listDead = statement((db, { hook, after, limit }: Params<Hook & Limit & { after: string }>) =>
  db
    .select(columns)
    .from(events)
    .where(and(eq(events.hook, hook), isDead, gt(events.id, after)))
    .orderBy(asc(events.id))
    .limit(limit),
);
const retryDead = statement((db, { hook, id, now }: Params<Hook & Id & Now>) =>
  db
    .update(events)
    .set({ attempts: 0, since: now, dueAt: now, endedAt: null })
    .where(
      and(eq(events.hook, hook), isDead, sql`(CAST(${id} AS text) = '' OR ${events.id} = ${id})`),
    )
    .returning({ id: events.id }),
);
const giveUpOldest = statement((db, { hook, now, limit }: Params<Hook & Now & Limit>) =>
  db
    .update(events)
    .set({ dueAt: null, endedAt: now, reason: tooMany })
    .where(
      inArray(
        events.id,
        db
          .select({ id: events.id })
          .from(events)
          .where(and(eq(events.hook, hook), isNotNull(events.dueAt)))
          .orderBy(asc(events.dueAt), asc(events.id))
          .limit(limit),
      ),
    )
    .returning({ id: events.id }),
);
const deleteOldestDead = statement((db, { hook, limit }: Params<Hook & Limit>) =>
  db
    .delete(events)
    .where(
      inArray(
        events.id,
        db
          .select({ id: events.id })
          .from(events)
          .where(and(eq(events.hook, hook), isDead))
          .orderBy(asc(events.id))
          .limit(limit),
      ),
    )
    .returning({ id: events.id }),
);
const hasten = statement((db, { hook, now, latest }: Params<Hook & Now & { latest: number }>) =>
  db
    .update(events)
    .set({
      dueAt: now,
      since: sql`CASE WHEN ${events.since} > ${now} THEN ${now} ELSE ${events.since} END`,
    })
    .where(and(eq(events.hook, hook), gt(events.dueAt, latest)))
    .returning({ id: events.id }),
);
const deleteBefore = statement((db, { before }: Params<{ before: number }>) =>
  db.delete(events).where(sql`${events.since} < ${before}`).returning({ id: events.id }),
);

/** Why an event was given up without a last attempt. */
const tooMany = "too many events were waiting";

/** Builds this part of the port. */
export function webhooksMetadata(rows: Rows): WebhooksMetadata {
  return {
    setHooks: (rules) => rows.outbox.set(rules),
    async addEvent(event) {
      const id = rows.outbox.newId();
      await rows.run(insertEvent, { ...event, id, resource: "" });
      return id;
    },
    listDue: (hook, now, limit) => rows.list(listDue, { hook, now, limit }),
    findWaiting: (id) => rows.find(findWaiting, { id }),
    removeEvent: (id) => rows.runLazily(remove, { id }),
    failEvent: (id, { reason, now, next }) =>
      rows.run(fail, { id, reason, dueAt: next, endedAt: next === null ? now : null }),
    countEvents: () => rows.list(listHooks, {}),
    listDead: async (hook, { after, limit }) =>
      (await rows.list(listDead, { hook, after: after ?? "", limit })).map(
        (row): DeadLetter => ({ ...row, endedAt: row.endedAt ?? 0 }),
      ),
    retryDead: (hook, id, now) =>
      rows.write(
        function* (tx) {
          return (yield* tx.all(retryDead, { hook, id: id ?? "", now })).length;
        },
        (retried) => retried > 0,
      ),
    trimOutbox: (limits) =>
      rows.write(
        (tx) => trim(tx, limits),
        ({ givenUp, deleted, hastened }) => givenUp + deleted + hastened > 0,
      ),
  };
}

function* trim(tx: Tx, limits: OutboxLimits): Body<Trimmed> {
  const { mostWaiting, mostDead, before, now, latestDue: latest } = limits;
  let [givenUp, hastened] = [0, 0];
  let deleted = (yield* tx.all(deleteBefore, { before })).length;
  for (const { hook, waiting, dead } of yield* tx.all(listHooks, {})) {
    hastened += (yield* tx.all(hasten, { hook, now, latest })).length;
    const over = Math.max(0, waiting - mostWaiting);
    if (over > 0) givenUp += (yield* tx.all(giveUpOldest, { hook, now, limit: over })).length;
    const beyond = dead + over - mostDead;
    if (beyond > 0) deleted += (yield* tx.all(deleteOldestDead, { hook, limit: beyond })).length;
  }
  return { givenUp, deleted, hastened };
}
