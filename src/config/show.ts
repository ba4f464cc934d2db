// Prints a loaded configuration so that it can be used as a configuration file again.
import type { LoadedConfig, Origin } from "./load.ts";
import { type Setting, type SettingKey, settingKeys, settingOf } from "./settings.ts";
import type { Plain } from "./values.ts";

/** What is printed instead of a secret. */
const HIDDEN = "(hidden)";

/** A value as it may be printed: canonical, and hidden when the setting is a secret. */
export function shownValue<T>({ kind, secret }: Setting<T>, value: T): Plain {
  return secret ? HIDDEN : kind.show(value);
}

/** `default`, `breadbox.yml:3:5`, `BREADBOX_DATA` or `--data`. */
export const showOrigin = ({ source, where }: Origin): string => where || source;

const shown = ({ config }: LoadedConfig, key: SettingKey): Plain =>
  shownValue(settingOf(key), config[key]);

interface Tree {
  [name: string]: Plain | Tree;
}

/** The values as nested sections. */
export function configTree(loaded: LoadedConfig): Tree {
  const root: Tree = {};
  for (const key of settingKeys) {
    const names = key.split(".");
    const last = names.pop() ?? key;
    let section = root;
    for (const name of names) {
      const below = section[name];
      const next: Tree = typeof below === "object" ? below : {};
      section[name] = next;
      section = next;
    }
    section[last] = shown(loaded, key);
  }
  return root;
}

/** By setting: value and where it came from. */
export const configOrigins = (loaded: LoadedConfig) =>
  Object.fromEntries(
    settingKeys.map((key) => [
      key,
      { value: shown(loaded, key), origin: showOrigin(loaded.origins[key]) },
    ]),
  );

// JSON's quoting is YAML's too. Words and paths need none, save the one that means "nothing": what looks
// like a number is read as it is written.
const scalar = (value: Plain): string =>
  typeof value === "string" && !/^(?!null$)[\w./][\w./-]*$/i.test(value)
    ? JSON.stringify(value)
    : String(value);

function* yamlLines(tree: Tree, indent: string, path: string): Generator<[string, string]> {
  for (const [name, value] of Object.entries(tree)) {
    const key = path === "" ? name : `${path}.${name}`;
    if (typeof value === "object") {
      yield [`${indent}${name}:`, ""];
      yield* yamlLines(value, `${indent}  `, key);
    } else yield [`${indent}${name}: ${scalar(value)}`, key];
  }
}

/** The configuration as YAML; with `withOrigin`, each line says where its value came from. */
export function configYaml(loaded: LoadedConfig, withOrigin: boolean): string {
  const lines = [...yamlLines(configTree(loaded), "", "")];
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
