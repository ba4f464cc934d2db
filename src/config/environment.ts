// Environment variables: BREADBOX_<PATH>, BREADBOX_<PATH>_FILE, and those of distribution/distribution.
import { resolve } from "node:path";
import { didYouMean, nearest } from "../spelling.ts";
import { readDistribution } from "./distribution.ts";
import type { GivenValue, Reading } from "./file.ts";
import { envName } from "./names.ts";
import type { Notice, Problem } from "./problem.ts";
import { ReadError, readText } from "./readText.ts";
import { type SettingKey, settingKeys } from "./settings.ts";

/** Variables by name, as `process.env` has them. An empty value counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process: the only place that reads them. */
export const processEnvironment = (): Environment => process.env;

/** Names the configuration file. */
export const CONFIG_VARIABLE = "BREADBOX_CONFIG";

/** Names the server that `breadbox bucket` speaks to. */
export const SERVER_VARIABLE = "BREADBOX_SERVER";

const SECRET_LIMIT = 64 * 1024;

/** Values from the environment. `own` outranks `distribution`. */
export interface EnvironmentReading {
  readonly own: readonly GivenValue[];
  readonly distribution: readonly GivenValue[];
  readonly problems: readonly Problem[];
  readonly notices: readonly Notice[];
}

/** Reads every variable that concerns Breadbox. Relative paths of `_FILE` variables start at `directory`. */
export function readEnvironment(env: Environment, directory: string): EnvironmentReading {
  const own: Reading = { values: [], problems: [] };
  for (const key of settingKeys) readOwn({ env, directory }, key, own);
  const given = new Map(
    Object.entries(env).flatMap(([name, text]) =>
      text && !isServiceLink(name, text) ? [[name, text] as const] : [],
    ),
  );
  const distribution = readDistribution(given);
  return {
    own: own.values,
    distribution: distribution.values,
    problems: [...own.problems, ...distribution.problems],
    notices: [...unknownOwn([...given.keys()]), ...distribution.notices],
  };
}

interface Surroundings {
  readonly env: Environment;
  readonly directory: string;
}

function readOwn({ env, directory }: Surroundings, key: SettingKey, reading: Reading): void {
  const name = envName(key);
  const fileName = `${name}_FILE`;
  const [text, file] = [env[name], env[fileName]];
  if (text && file) {
    const message = `${name} is set too. Keep one of the two.`;
    reading.problems.push({ where: fileName, message });
  } else if (text) {
    reading.values.push({ key, text, where: name });
  } else if (file) {
    readOwnFile(key, { name: fileName, file, path: resolve(directory, file) }, reading);
  }
}

function readOwnFile(
  key: SettingKey,
  variable: { readonly name: string; readonly file: string; readonly path: string },
  reading: Reading,
): void {
  const where = `${variable.name} (${variable.file})`;
  try {
    // Editors and `echo` end a file with a line break that is no part of the value.
    const text = readText(variable.path, SECRET_LIMIT).replace(/\r?\n$/, "");
    reading.values.push({ key, text, where });
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    reading.problems.push({ where: variable.name, message: `${variable.file} ${error.message}` });
  }
}

/** Variables that Kubernetes sets in every pod for a service called "breadbox" or "registry". */
function isServiceLink(name: string, value: string | undefined): boolean {
  if (/_SERVICE_(?:HOST|PORT(?:_\w+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?$/.test(name))
    return true;
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value ?? "");
}

const PREFIX = "BREADBOX_";

const ownNames = [
  CONFIG_VARIABLE,
  SERVER_VARIABLE,
  ...settingKeys.flatMap((key) => [envName(key), `${envName(key)}_FILE`]),
];

function unknownOwn(names: readonly string[]): Notice[] {
  const endings = ownNames.map((name) => name.slice(PREFIX.length));
  return names
    .filter((name) => name.startsWith(PREFIX) && !ownNames.includes(name))
    .map((name) => {
      const near = nearest(name.slice(PREFIX.length), endings);
      const suggestion = didYouMean(near === null ? null : `${PREFIX}${near}`);
      return {
        level: "warn",
        message: `${name} is set, but no setting has that name.${suggestion}`,
      };
    });
}
