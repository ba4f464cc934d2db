// Stored names that do not tell their digest: rows are found by such names, and only they are worth an index.
import { sql } from "drizzle-orm";

/** They are less than this: names of files begin with their algorithm (`sha256/`, `sha512/`), those of a bucket with a word before it. */
export const toldFrom = "sha";

/** Of `contents`. Word for word the condition of its index, which is used only then. */
export const isUntold = sql.raw(`"locator" < '${toldFrom}'`);
