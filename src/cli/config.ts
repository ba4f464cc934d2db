// `breadbox config check`, `show`, `import` and `docs`: the effective configuration, with a running server or without one.

import type { LoadedConfig, Origin } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { exitCode } from "./exitCode.ts";
import { complain, print, printJson } from "./print.ts";
import { loadFrom, type Options, textOf } from "./settingFlags.ts";

const printNotices = ({ notices }: Pick<LoadedConfig, "notices">): void => {
  for (const { level, message } of notices) {
    complain(level === "warn" ? `Warning: ${message}` : `Note: ${message}`);
  }
};

/**
 * Checks a file, named with or without `--config`, or the one that would be used, together with the environment.
 * @throws ConfigError
 */
export async function checkConfig(file: string | undefined, options: Options): Promise<number> {
  if (file !== undefined && textOf(options, "config") !== undefined) {
    complain("error: two files are named; name one, with or without --config.");
    return exitCode.badUsage;
  }
  if (options["json"] === true) return checkForPrograms(file, options);
  const loaded = await loadFrom(options, file);
  printNotices(loaded);
  print(`The configuration is good: ${usedSources(loaded)}.`);
  return exitCode.done;
}

/** As `checkConfig`, with problems and notices as JSON. */
async function checkForPrograms(file: string | undefined, options: Options): Promise<number> {
  try {
    const { notices, file: used } = await loadFrom(options, file);
    printJson({ valid: true, file: used, problems: [], notices });
    return exitCode.done;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems, notices } = error;
    printJson({ valid: false, file: file ?? textOf(options, "config") ?? null, problems, notices });
    return exitCode.badConfig;
  }
}

/** `breadbox.yml (3 settings), 1 environment variable`. */
function usedSources({ file, origins }: LoadedConfig): string {
  const count = (source: Origin["source"], word: string): string => {
    const found = Object.values<Origin>(origins).filter((origin) => origin.source === source);
    return `${found.length} ${word}${found.length === 1 ? "" : "s"}`;
  };
  const fromFile = file === null ? "built-in defaults" : `${file} (${count("file", "setting")})`;
  return `${fromFile}, ${count("environment", "environment variable")}`;
}

/** Prints every setting. @throws ConfigError */
export async function showConfig(options: Options): Promise<number> {
  const loaded = await loadFrom(options);
  printNotices(loaded);
  const { configOrigins, configTree, configYaml } = await import("../config/show.ts");
  const withOrigin = options["origin"] === true;
  if (options["json"] === true) {
    const shown = withOrigin ? configOrigins(loaded) : configTree(loaded);
    printJson(shown);
  } else {
    print(configYaml(loaded, withOrigin));
  }
  return exitCode.done;
}

/** Prints a configuration file of distribution/distribution as one of ours. @throws ConfigError when it asks for what is not to be had. */
export async function importConfig(file: string): Promise<number> {
  const { loadForeignFile } = await import("../config/foreignFile.ts");
  const { givenYaml } = await import("../config/show.ts");
  const loaded = await loadForeignFile(file);
  printNotices(loaded);
  print(`# From ${file}, a configuration file of distribution/distribution.`);
  const yaml = givenYaml(loaded);
  if (yaml !== "") print(yaml);
  return exitCode.done;
}

/** Prints docs/CONFIGURATION.md. */
export async function printConfigDocument(): Promise<number> {
  const { configurationDocument } = await import("../config/document.ts");
  print(configurationDocument().trimEnd());
  return exitCode.done;
}
