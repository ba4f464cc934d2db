// Options that come from the settings table, so that --help and the table cannot differ.
import { type Command, Option } from "commander";
import { processEnvironment } from "../config/environment.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { type Flag, flagText } from "../config/setting.ts";
import { type SettingKey, settingKeys, settingOf } from "../config/settings.ts";

/** Parsed options of one command; commander leaves out what was not given. */
export type Options = Readonly<Record<string, unknown>>;

/** @returns the text given for an option, or undefined. */
export const textOf = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
};

const plainDoc = (doc: string): string => doc.replaceAll("`", "");

/** Adds `--config` and an option for every setting that has a flag. */
export function addSettingFlags(command: Command): Command {
  for (const key of settingKeys) addSettingFlag(command, key, settingOf(key).doc);
  return addConfigFlag(command);
}

/** Adds `--config` and `--data`, for a command that works on what is there. */
export function addDataFlags(command: Command): Command {
  addSettingFlag(command, "data", "Data directory of the server.");
  return addConfigFlag(command);
}

function addSettingFlag(command: Command, key: SettingKey, doc: string): void {
  const { flag, fallback } = settingOf(key);
  if (flag === undefined) return;
  const text = flag.doc ?? `${plainDoc(doc)} Default: ${fallback}`;
  command.addOption(
    new Option(
      flagText(flag, (value) => `<${value}>`),
      text,
    ),
  );
}

/** Adds `--config`. */
export function addConfigFlag(command: Command): Command {
  return command.option(
    "-c, --config <FILE>",
    "Configuration file (YAML). Default: $BREADBOX_CONFIG, breadbox.yml or /etc/breadbox/breadbox.yml",
  );
}

/** Loads the configuration for a command with `addSettingFlags` or `addDataFlags`.
 *  @throws ConfigError */
export function loadFrom(
  options: Options,
  file = textOf(options, "config"),
): Promise<LoadedConfig> {
  const flags: Partial<Record<SettingKey, string>> = {};
  for (const key of settingKeys) {
    const { flag } = settingOf(key);
    const text = flag === undefined ? undefined : flagValue(options, flag);
    if (text !== undefined) flags[key] = text;
  }
  return loadConfig({ flags, file, env: processEnvironment(), directory: process.cwd() });
}

/** The options of the settings, without --data, as they were given. */
export function givenFlags(options: Options): readonly string[] {
  return settingKeys.flatMap((key) => {
    const { flag } = settingOf(key);
    const text = flag === undefined || key === "data" ? undefined : flagValue(options, flag);
    if (flag === undefined || text === undefined) return [];
    return typeof flag.value === "string" ? [flag.long, text] : [flag.long];
  });
}

function flagValue(options: Options, { long, value }: Flag): string | undefined {
  const name = long.slice(2);
  if (typeof value === "string") return textOf(options, name);
  return options[name] === true ? value.meaning : undefined;
}
