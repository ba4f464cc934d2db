// What says which store a target belongs to: one file of it.
import { BackupError } from "./target.ts";

/** The file's name. */
export const markName = "breadbox-backups.json";

/** Its text. */
export const markOf = (store: string): string => `${JSON.stringify({ version: 1, store })}\n`;

/** What was found in a target. */
export interface FoundTarget {
  /** For people. */
  readonly name: string;
  /** The kind of place that it is. */
  readonly noun: string;
  /** The text of the mark; null for none. */
  readonly mark: string | null;
  /** Where there is no mark: what else is there. */
  readonly others: readonly string[];
}

/** @returns false when it is new. @throws BackupError when it has other files in it, or another store's backups. */
export function assertOurs({ name, noun, mark, others }: FoundTarget, store: string): boolean {
  if (mark !== null && storeOf(mark) === store) return true;
  if (mark !== null) {
    throw new BackupError(
      `${name} has backups of another store: name another ${noun} for this one`,
    );
  }
  const [other] = others;
  if (other === undefined) return false;
  throw new BackupError(
    `${name} has other files in it (${other}): name an empty ${noun}, or one with backups`,
  );
}

function storeOf(text: string): string | null {
  try {
    const { store } = Object(JSON.parse(text));
    return typeof store === "string" ? store : null;
  } catch {
    return null;
  }
}
