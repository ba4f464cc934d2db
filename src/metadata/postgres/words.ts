// What SQLite spells in its own way, as Postgres has it. Statements stand once, in SQLite's spelling (rows/); a test prepares all of
// them on Postgres, so that a word that is missing here is noticed.

const words: readonly (readonly [RegExp, string])[] = [
  // Postgres has figures about its rows, and chooses the index and the order of joins itself.
  [/ INDEXED BY "?\w+"?/g, ""],
  [/\bCROSS JOIN\b/g, "JOIN"],
  // As an array, its values are looked up in an index one by one; as rows, Postgres may walk the whole index beside them.
  [/(?<!not )\bin \((SELECT \S+(?: AS bigint\))? FROM json_each\(\$\d+\))\)/gi, "= ANY(ARRAY($1))"],
  // A list travels as JSON (`listed`).
  [
    /\bjson_each\((\$\d+)\)/g,
    "jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb)) AS each(value)",
  ],
  [/\btemp\./g, "pg_temp."],
  // Moves on within a transaction, as that of SQLite does.
  [/\bunixepoch\('subsec'\)/g, "extract(epoch from clock_timestamp())"],
];

/** Drizzle's builder for SQLite qualifies the columns of a conflict's target; Postgres takes bare names only. */
const target = /(\bon conflict \()([^)]*)\)/g;

/** A statement in Postgres's spelling. */
export function inPostgresWords(text: string): string {
  const spelled = words.reduce((before, [word, there]) => before.replace(word, there), text);
  return spelled.replace(
    target,
    (_, before: string, columns: string) => `${before}${columns.replaceAll(/"\w+"\./g, "")})`,
  );
}

/** The definition of a table that each connection has for itself. */
export function temporaryInPostgresWords(definition: string): string {
  const table = definition
    .replaceAll("TEXT", 'text COLLATE "C"')
    .replaceAll("INTEGER", "bigint")
    .replace(" WITHOUT ROWID", "");
  return `${table} ON COMMIT DELETE ROWS`;
}
