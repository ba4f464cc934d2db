// One connection for a piece of work, without a pool.
import { Line } from "./line.ts";
import { type PostgresDatabase, readCa } from "./open.ts";

/** Connects. @throws DatabaseUnfitError for CA certificates that cannot be read; the driver's errors. */
export async function connect(database: PostgresDatabase): Promise<Line> {
  return Line.open({ ...database, ca: await readCa(database.ca) });
}

/** Connects for as long as `use` takes. */
export async function withLine<T>(
  database: PostgresDatabase,
  use: (line: Line) => Promise<T>,
): Promise<T> {
  const line = await connect(database);
  try {
    return await use(line);
  } finally {
    line.drop();
  }
}
