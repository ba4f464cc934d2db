// Prints a loaded configuration so that it can be used as a configuration file again.
import type { LoadedConfig, Origin } from "./load.ts";
import type { Setting } from "./setting.ts";
import { type SettingKey, settingKeys, settingOf } from "./settings.ts";
import type { Plain } from "./values.ts";

/** Printed instead of a secret. */
const HIDDEN = "(hidden)";

/** A value as it may be printed: canonical, and hidden when the setting is a secret. One that is not set is none. */
export function shownValue<T>({ kind, secret }: Setting<T>, value: T): Plain {
  const shown = kind.show(value);
  return secret && shown !== "" ? HIDDEN : shown;
}

/** `default`, `breadbox.yml:3:5`, `BREADBOX_DATA` or `--data`. */
export const showOrigin = ({ source, where }: Origin): string => where || source;

const shown = ({ config }: LoadedConfig, key: SettingKey): Plain =>
  shownValue(settingOf(key), config[key]);

/** As `shown`, for JSON: a list is a list there. */
function shownToPrograms(loaded: LoadedConfig, key: SettingKey): Plain | readonly string[] {
  const value = shown(loaded, key);
  const isList = settingOf(key).kind.list === true;
  return isList ? String(value).split(",").filter(Boolean) : value;
}

interface Tree<T> {
  [name: string]: T | Tree<T>;
}

/** The values as nested sections, for programs. */
export const configTree = (loaded: LoadedConfig) =>
  treeOf(settingKeys, (key) => shownToPrograms(loaded, key));

function treeOf<T extends Plain | readonly string[]>(
  keys: readonly SettingKey[],
  read: (key: SettingKey) => T,
): Tree<T> {
  const root: Tree<T> = {};
  for (const key of keys) {
    const names = key.split(".");
    const last = names.pop() ?? key;
    let section = root;
    for (const name of names) {
      const below = section[name];
      const next: Tree<T> = isSection(below) ? below : {};
      section[name] = next;
      section = next;
    }
    section[last] = read(key);
  }
  return root;
}

function isSection<T>(value: T | Tree<T> | undefined): value is Tree<T> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** By setting: value and where it came from. */
export const configOrigins = (loaded: LoadedConfig) =>
  Object.fromEntries(
    settingKeys.map((key) => [
      key,
      { value: shownToPrograms(loaded, key), origin: showOrigin(loaded.origins[key]) },
    ]),
  );

// JSON's quoting is YAML's too. Words and paths need none, save the one that means "nothing": what looks
// like a number is read as it is written.
const scalar = (value: Plain): string =>
  typeof value === "string" && !/^(?!null$)[\w./][\w./-]*$/i.test(value)
    ? JSON.stringify(value)
    : String(value);

const isStructured = (key: string): boolean =>
  settingKeys.some((known) => known === key && settingOf(known).kind.structured === true);

function* yamlLines(tree: Tree<Plain>, indent: string, path: string): Generator<[string, string]> {
  for (const [name, value] of Object.entries(tree)) {
    const key = path === "" ? name : `${path}.${name}`;
    if (typeof value === "object") {
      yield [`${indent}${name}:`, ""];
      yield* yamlLines(value, `${indent}  `, key);
    } else if (isStructured(key) && value !== "") {
      // JSON is YAML: the list stays a list.
      yield [`${indent}${name}: ${value}`, key];
    } else yield [`${indent}${name}: ${scalar(value)}`, key];
  }
}

const linesOf = (loaded: LoadedConfig, keys: readonly SettingKey[]): [string, string][] => [
  ...yamlLines(
    treeOf(keys, (key) => shown(loaded, key)),
    "",
    "",
  ),
];

/** As YAML, what is not a default. */
export function givenYaml(loaded: LoadedConfig): string {
  const given = settingKeys.filter((key) => loaded.origins[key].source !== "default");
  return linesOf(loaded, given)
    .map(([line]) => line)
    .join("\n");
}

/** The configuration as YAML; with `withOrigin`, each line says where its value came from. */
export function configYaml(loaded: LoadedConfig, withOrigin: boolean): string {
  const lines = linesOf(loaded, settingKeys);
  if (!withOrigin) return lines.map(([line]) => line).join("\n");
  const width = Math.max(...lines.map(([line]) => line.length)) + 2;
  const origins = new Map(settingKeys.map((key) => [String(key), showOrigin(loaded.origins[key])]));
  return lines
    .map(([line, key]) => {
      const origin = origins.get(key);
      return origin === undefined ? line : `${line.padEnd(width)}# ${origin}`;
    })
    .join("\n");
}
