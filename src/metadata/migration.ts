// Generated migrations, for every database: which of them are still to be applied, and whether this build knows those that were.
import { SchemaTooNewError } from "./openErrors.ts";

/** One generated file: its name without `.sql`, and its statements. */
export interface Migration {
  readonly tag: string;
  readonly sql: string;
}

/** One that was applied to a database. */
export interface AppliedMigration {
  readonly tag: string;
  /** Of its file, hexadecimal. */
  readonly sha256: string;
}

/**
 * Those that are still to be applied. @param place the database, for the operator.
 * @throws SchemaTooNewError when one was applied that this build does not know.
 */
export function pendingOf(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
  place: string,
): readonly Migration[] {
  for (const [position, { tag, sha256 }] of applied.entries()) {
    const migration = known[position];
    if (migration === undefined || migration.tag !== tag || hashOf(migration) !== sha256) {
      throw new SchemaTooNewError(place, tag);
    }
  }
  return known.slice(applied.length);
}

/** SHA-256 of its statements, hexadecimal. */
export function hashOf({ sql }: Migration): string {
  return new Bun.CryptoHasher("sha256").update(sql).digest("hex");
}
