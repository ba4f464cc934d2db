// The table of the audit trail, in the terms of schema.ts: the same rules hold.
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AuditEvent } from "../audit.ts";

/** Who did what. Rows are added in the transactions that they are about, and removed by their age. */
export const auditEntries = sqliteTable(
  "audit_entries",
  {
    id: integer("id").primaryKey(),
    at: integer("at").notNull(), // Unix ms
    event: text("event").$type<AuditEvent>().notNull(),
    who: text("who"), // null: nobody in particular
    address: text("address"),
    requestId: text("request_id"),
    resource: text("resource"),
    detail: text("detail"),
    digest: text("digest"),
    previous: text("previous"), // digest that the name stood for before
    times: integer("times").notNull(),
  },
  (row) => [
    index("audit_entries_by_time").on(row.at, row.id),
    index("audit_entries_by_who").on(row.who, row.at, row.id),
    index("audit_entries_by_resource").on(row.resource, row.at, row.id),
  ],
);
