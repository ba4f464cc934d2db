// Names in a data directory that Breadbox does not use: never read, never removed, only listed.
import { join } from "node:path";
import { isPartsName } from "./partNames.ts";
import { readFolderName } from "./stagedPlaces.ts";
import { entriesOf, readStoredName } from "./storedNames.ts";

/** How a name below a folder looks: each level has its own rule. */
type Rule = (path: readonly string[]) => boolean;

const stagedNames: ReadonlySet<string> = new Set(["data", "data.copy", "startedat"]);

const isId: Rule = ([id = ""]) => readFolderName(id) !== null;
const storedRules: readonly Rule[] = [
  ([algorithm = ""]) => algorithm === "sha256" || algorithm === "sha512",
  ([, prefix = ""]) => /^[0-9a-f]{2}$/.test(prefix),
  (path) => readStoredName(path.join("/")) !== null,
];

/** Folders of the data directory, and the names below them. */
const folders = new Map<string, readonly Rule[]>([
  ["blobs", storedRules],
  ["damaged", storedRules],
  ["uploads", [isId, ([, name = ""]) => stagedNames.has(name)]],
  ["tls", [([name = ""]) => /^(?:ca\.crt|ca\.key|server\.pem)(?:\.new)?$/.test(name)]],
  ["tmp", [([name = ""]) => ["backup", "discarded", "multipart"].includes(name)]],
]);
const partsRules: readonly Rule[] = [isId, ([, name = ""]) => isPartsName(name)];

/** Of the database, its log, the format and the hold: those who write them know more. */
const files: ReadonlySet<string> = new Set([
  "backup.lock",
  "breadbox.db",
  "breadbox.db-wal",
  "breadbox.db-shm",
  "format",
  "generation",
  "generation.new",
  "lock",
  "migration.db",
  "migration.db-wal",
  "migration.db-shm",
  "pid",
  "settings.json",
  "settings.json.new",
]);

/** The database as it was before its schema was changed. */
const isSavedDatabase = (name: string): boolean => /^breadbox\.db\.before-\w+$/.test(name);

/** @returns paths relative to the data directory. @throws when a folder cannot be read. */
export async function* listUnknown(directory: string): AsyncGenerator<string> {
  for (const { name } of await entriesOf(directory)) {
    const rules = folders.get(name);
    if (rules !== undefined) yield* listBelow(join(directory, name), [], rules, name);
    else if (!files.has(name) && !isSavedDatabase(name)) yield name;
  }
  yield* listBelow(join(directory, "tmp", "multipart"), [], partsRules, "tmp/multipart");
}

async function* listBelow(
  folder: string,
  above: readonly string[],
  rules: readonly Rule[],
  top: string,
): AsyncGenerator<string> {
  const [rule, ...deeper] = rules;
  if (rule === undefined) return;
  for (const entry of await entriesOf(folder)) {
    const path = [...above, entry.name];
    if (!rule(path)) yield join(top, ...path);
    else if (entry.isDirectory()) yield* listBelow(join(folder, entry.name), path, deeper, top);
    // A link or a file where a folder belongs.
    else if (deeper.length > 0) yield join(top, ...path);
  }
}
