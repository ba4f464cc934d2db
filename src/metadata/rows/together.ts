// Transactions that wait at the same moment become one: they share its beginning, its end and the sync of the database's log.
import { RegistryError, type Situation } from "../../errors.ts";

/** Most of them in one. */
export const mostTogether = 32;

/** What the database says of itself. Everything else is about the caller who hears it. */
const ofAll: ReadonlySet<Situation> = new Set(["BUSY", "DISK_FULL", "READ_ONLY"]);

/** A caller who waits for a transaction. */
export interface Caller {
  fail(error: unknown): void;
}

/**
 * Runs a group as one transaction, and each on its own where one of them is at fault: a transaction that failed has written nothing.
 * @param run runs those given as one transaction. @returns what tells each its outcome, once it is committed.
 */
export async function runTogether<C extends Caller>(
  group: readonly C[],
  run: (group: readonly C[]) => Promise<readonly (() => void)[]>,
): Promise<void> {
  try {
    for (const answer of await run(group)) answer();
  } catch (error) {
    const areRefused = error instanceof RegistryError && ofAll.has(error.situation);
    for (const each of group) {
      if (areRefused || group.length === 1) each.fail(error);
      else await runTogether([each], run);
    }
  }
}
