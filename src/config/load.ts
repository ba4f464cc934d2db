// Puts the sources together: flag > BREADBOX_* > REGISTRY_* > file > default. Reports everything that is wrong at once.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { backupProblems } from "./backupSettings.ts";
import { CONFIG_VARIABLE, type Environment, readEnvironment } from "./environment.ts";
import type { GivenValue, Reading } from "./file.ts";
import { ConfigError, type Notice, type Problem } from "./problem.ts";
import { type Config, type SettingKey, settingKeys, settingOf } from "./settings.ts";
import { tlsProblems } from "./tls.ts";
import { ValueError } from "./values.ts";

/** Where a value came from. `where` is for people: `breadbox.yml:3:5`, a variable, an option; "" for a default. */
export interface Origin {
  readonly source: "default" | "file" | "environment" | "flag";
  readonly where: string;
}

export type Origins = { readonly [K in SettingKey]: Origin };

/** Where settings may come from. */
export interface Sources {
  /** Texts given on the command line, by setting. */
  readonly flags: Partial<Record<SettingKey, string>>;
  /** The file named on the command line; null where none is looked for. */
  readonly file?: string | null | undefined;
  readonly env: Environment;
  /** Working directory: where relative paths start and a file is looked for when none is named. */
  readonly directory: string;
}

/** A usable configuration. */
export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Origins;
  /** The file that was read, or null. */
  readonly file: string | null;
  readonly notices: readonly Notice[];
}

/** Name of a configuration file that is found without being named. */
export const DEFAULT_FILE = "breadbox.yml";
/** Where it is looked for when the working directory has none. */
export const SYSTEM_FILE = "/etc/breadbox/breadbox.yml";

/** Loads the configuration.
 *  @throws ConfigError with every problem of every source. */
export async function loadConfig(sources: Sources): Promise<LoadedConfig> {
  const file = findFile(sources);
  const fromFile = await readFile(file, sources.directory);
  const environment = readEnvironment(sources.env, sources.directory);
  const problems: Problem[] = [...fromFile.problems, ...environment.problems];
  // Weakest first: each source replaces what the one before it set.
  const layers = [
    { source: "file", given: fromFile.values },
    { source: "environment", given: environment.distribution },
    { source: "environment", given: environment.own },
    { source: "flag", given: flagValues(sources.flags) },
  ] as const;
  const merged = defaults();
  for (const { source, given } of layers) {
    for (const { key, text, where } of given) {
      const value = parseValue({ key, text, where }, problems);
      merged.values.set(key, value);
      merged.origins.set(key, { source, where });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems, environment.notices);
  // The table's parsers made these values, so their types are those of the table.
  const config = Object.fromEntries(merged.values) as Config;
  const origins = Object.fromEntries(merged.origins) as Origins;
  const where = (key: SettingKey): string => origins[key].where;
  const contradictions = [...tlsProblems(config, where), ...backupProblems(config, where)];
  if (contradictions.length > 0) throw new ConfigError(contradictions, environment.notices);
  return {
    config,
    origins,
    file,
    notices: environment.notices,
  };
}

function findFile({ file, env, directory }: Sources): string | null {
  if (file === null) return null;
  const named = file ?? env[CONFIG_VARIABLE];
  if (named) return named;
  if (existsSync(join(directory, DEFAULT_FILE))) return DEFAULT_FILE;
  return existsSync(SYSTEM_FILE) ? SYSTEM_FILE : null;
}

async function readFile(file: string | null, directory: string): Promise<Reading> {
  if (file === null) return { values: [], problems: [] };
  const { readConfigFile } = await import("./file.ts");
  return readConfigFile(resolve(directory, file), file);
}

function flagValues(flags: Sources["flags"]): GivenValue[] {
  return settingKeys.flatMap((key) => {
    const text = flags[key];
    return text === undefined ? [] : [{ key, text, where: settingOf(key).flag?.long ?? key }];
  });
}

function defaults() {
  const values = new Map<SettingKey, unknown>();
  const origins = new Map<SettingKey, Origin>();
  for (const key of settingKeys) {
    const { kind, fallback } = settingOf(key);
    values.set(key, kind.parse(fallback));
    origins.set(key, { source: "default", where: "" });
  }
  return { values, origins };
}

/** @returns undefined after adding a problem. */
function parseValue({ key, text, where }: GivenValue, problems: Problem[]): unknown {
  const { kind, secret } = settingOf(key);
  const { structured } = kind;
  try {
    return kind.parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const quoted =
      secret || structured ? "the value" : JSON.stringify(withoutLogin(text).slice(0, 100));
    problems.push({ where, message: `${key}: ${quoted} ${error.message}` });
    return undefined;
  }
}

/** A URL may hold a password where none belongs, or a token behind its question mark. */
const withoutLogin = (text: string): string =>
  text.replace(/:\/\/.*@/s, "://(hidden)@").replace(/(:\/\/[^?]*\?).*$/s, "$1(hidden)");
