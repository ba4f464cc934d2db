// Rows in every table of a database, made from the schema: a table that is added later has some as well.

import type { CopiedTable, CopyTarget, Row } from "../../src/metadata/copy.ts";
import { digestOf } from "../../src/model/digest.ts";

/** Texts of these columns are digests, and refer to each other. */
const namesOfDigests: ReadonlySet<string> = new Set(["digest", "manifest", "subject"]);

/** The same number everywhere, so that all references between rows hold. */
function rowOf({ columns }: CopiedTable, number: number): Row {
  return columns.map(({ kind, name }) => {
    if (kind === "integer") return number;
    if (namesOfDigests.has(name)) return digestOf(new TextEncoder().encode(String(number)));
    // Beyond ASCII, and in an order that no locale has.
    const text = `${number % 2 === 0 ? "Z" : "a"}-${number}-é\u{1f35e}`;
    return kind === "text" ? text : new TextEncoder().encode(text);
  });
}

/** Puts rows with these numbers into every table. */
export async function fillAll(target: CopyTarget, numbers: readonly number[]): Promise<void> {
  for (const table of target.tables) {
    await target.put(
      table,
      numbers.map((number) => rowOf(table, number)),
    );
  }
}

/** Removes the rows with this number. */
export async function removeAll(target: CopyTarget, number: number): Promise<void> {
  for (const table of target.tables.toReversed()) {
    const row = rowOf(table, number);
    await target.remove(table, [table.key.map((place) => row[place] ?? null)]);
  }
}

/** Numbers from 1. */
export const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);
