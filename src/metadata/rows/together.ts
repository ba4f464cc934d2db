// Transactions that wait at the same moment become one: they share its beginning, its end and the sync of the database's log.
import { RegistryError } from "../../errors.ts";

/** Most of them in one. */
export const mostTogether = 32;

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
    // The database refuses them all, or one of them is at fault.
    const isOfAll = error instanceof RegistryError || group.length === 1;
    for (const each of group) {
      if (isOfAll) each.fail(error);
      else await runTogether([each], run);
    }
  }
}
