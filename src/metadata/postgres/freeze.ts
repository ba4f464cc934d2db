// Closes a database to changes, so that nothing is written to it while another place takes over: its servers go on to read from it.
import { DatabaseUnfitError } from "../openErrors.ts";
import type { Line } from "./line.ts";
import { withLine } from "./oneLine.ts";
import { type PostgresDatabase, placeOf } from "./open.ts";

/** Also in a database that refuses changes. */
const alterText = (text: string): string =>
  `begin read write; do $$ begin execute format('${text}', current_database()); end $$; commit`;

const close = alterText("alter database %I set default_transaction_read_only to on");
const open = alterText("alter database %I reset default_transaction_read_only");

/** How long a connection may take to end, ms. */
const longestEndMs = 10_000;
const mostTries = 20;

/** Connections that began before, of those that this user may end or that are a server's. Waits until they have ended. */
const endEarlier = `select pg_terminate_backend(pid, ${longestEndMs}) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
  and backend_start <= cast($1 as timestamptz) and (pg_has_role(usesysid, 'member') or application_name = 'breadbox')`;
/** A connection that was being made is not listed at first; ms. */
const lateMs = 500;

/**
 * Makes a database refuse all changes, and ends the connections that could still make some: when this resolves, whatever they had
 * committed can be seen. @returns what takes it back. @throws DatabaseUnfitError when a connection does not end.
 */
export async function freezePostgres(database: PostgresDatabase): Promise<() => Promise<void>> {
  await withLine(database, async (line) => {
    await line.send(close);
    const [[now] = []] = (await line.send("select cast(clock_timestamp() as text)")).rows;
    for (const pause of [0, lateMs]) {
      await Bun.sleep(pause);
      if (await endAll(line, String(now))) continue;
      await line.send(open);
      throw new DatabaseUnfitError(
        `a connection to ${placeOf(database.url)} does not end: stop the servers, and run the command again`,
      );
    }
  });
  return () => thawPostgres(database);
}

/** One that ended by itself after it was listed counts as not ended; the next time it is not listed. */
async function endAll(line: Line, before: string): Promise<boolean> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const began = performance.now();
    const { rows } = await line.send(endEarlier, [before]);
    if (rows.every(([hasEnded]) => hasEnded === true)) return true;
    if (performance.now() - began >= longestEndMs) return false;
  }
  return false;
}

/** Takes `freezePostgres` back, also that of a run that was killed. */
export function thawPostgres(database: PostgresDatabase): Promise<void> {
  return withLine(database, async (line) => {
    await line.send(open);
  });
}
