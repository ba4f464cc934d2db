// A configuration file of distribution/distribution → the settings that it is here. Each of its keys is judged as the variable of the
// same name is: it works, is refused, or is ignored with a word about it.
import { leavesOf } from "./distribution.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { ConfigError, type Notice, type Problem } from "./problem.ts";
import { ReadError, readText } from "./readText.ts";

const LIMIT = 1024 * 1024;

/** Reads the file at `path`. Its settings have `environment` as their origin. @throws ConfigError with every problem of it. */
export async function loadForeignFile(path: string): Promise<LoadedConfig> {
  const keys = keysOf(path);
  const env = Object.fromEntries([...keys].map(([name, { text }]) => [name, text]));
  const spoken = (message: string): string => inWordsOfFiles(message, keys);
  try {
    const loaded = await loadConfig({ flags: {}, file: null, env, directory: "." });
    return { ...loaded, notices: loaded.notices.map((notice) => noticeIn(notice, spoken)) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ where, message }) => ({
      where: `${path}: ${spoken(where)}`,
      message: spoken(message),
    }));
    throw new ConfigError(
      problems,
      error.notices.map((notice) => noticeIn(notice, spoken)),
    );
  }
}

interface ForeignKey {
  /** `http.addr`. */
  readonly path: string;
  readonly text: string;
}

/** The file's values, by the variables that set the same. */
function keysOf(path: string): ReadonlyMap<string, ForeignKey> {
  const refuse = (message: string): never => {
    throw new ConfigError([{ where: path, message } satisfies Problem], []);
  };
  const root = parse(path, refuse);
  if (typeof root !== "object" || root === null || !("version" in root)) {
    return refuse(
      "is no configuration file of distribution/distribution: those begin with version: 0.1.",
    );
  }
  const keys = new Map<string, ForeignKey>();
  for (const { name, text } of leavesOf({ name: "", text: JSON.stringify(root), where: path })) {
    const words = name.slice(1);
    if (words === "VERSION") continue;
    keys.set(`REGISTRY_${words}`, { path: words.toLowerCase().replaceAll("_", "."), text });
  }
  return keys;
}

function parse(path: string, refuse: (message: string) => never): unknown {
  try {
    return Bun.YAML.parse(readText(path, LIMIT));
  } catch (error) {
    if (error instanceof ReadError || error instanceof SyntaxError) return refuse(error.message);
    throw error;
  }
}

/** The longest names first: some begin with others. */
function inWordsOfFiles(message: string, keys: ReadonlyMap<string, ForeignKey>): string {
  const names = [...keys.keys()].sort((a, b) => b.length - a.length);
  const named = names.reduce(
    (text, name) => text.replaceAll(name, keys.get(name)?.path ?? name),
    message,
  );
  return named.replaceAll("Unset it", "Remove it").replaceAll("unset it", "remove it");
}

const noticeIn = ({ level, message }: Notice, spoken: (message: string) => string): Notice => ({
  level,
  message: spoken(message),
});
