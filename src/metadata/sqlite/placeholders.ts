// Placeholders of prepared statements where drizzle takes no bare one.
import { sql } from "drizzle-orm";

const { placeholder } = sql;

/** A value of `set`. */
export const given = (name: string) => sql`${placeholder(name)}`;

/** A JSON list of texts, as the right side of IN. */
export const listed = (name: string) => sql`(SELECT value FROM json_each(${placeholder(name)}))`;
