// The variables that distribution/distribution takes, REGISTRY_<PATH>: which of them work here, which are refused because ignoring them
// would make a store that is open, writable or somewhere else than its owner thinks, and which may be ignored. Pure.
import type { GivenValue } from "./file.ts";
import type { Notice, Problem } from "./problem.ts";
import { type SettingKey, settingKeys, settingOf } from "./settings.ts";

const PREFIX = "REGISTRY_";

/** Values from distribution's variables, and notices about the others. */
export interface DistributionReading {
  readonly values: readonly GivenValue[];
  readonly problems: readonly Problem[];
  readonly notices: readonly Notice[];
}

/** One value. A variable may hold a whole section, as YAML or JSON: then it has several, each under the name that it has alone. */
export interface Leaf {
  /** Without `REGISTRY_`: `STORAGE_DELETE_ENABLED`. */
  readonly name: string;
  readonly text: string;
  /** The variable that gave it. */
  readonly where: string;
}

/** Rules for names and values that no setting has. The first rule that matches applies. */
interface Rule {
  readonly names: RegExp;
  /** Values that ask for it; any when it is absent. */
  readonly values?: RegExp;
  readonly verdict: "refused" | "warned" | "harmless";
  /** Continues a sentence that begins with the variable. */
  readonly message?: string;
}

const off = /^(?:false|off|no|0)$/i;
const section = 'is a section: it takes YAML or JSON such as {"enabled":true}, or use';

/** Everything that `distribution`'s documentation names and that is no setting here. */
const rules: readonly Rule[] = [
  {
    names: /^AUTH$/,
    values: /^htpasswd$/i,
    verdict: "harmless",
  },
  {
    names: /^AUTH_HTPASSWD_REALM$/,
    verdict: "harmless",
  },
  {
    names: /^AUTH(?:_|$)/,
    verdict: "refused",
    message:
      "asks for a kind of login that Breadbox does not have. It has users of its own (breadbox user add) and htpasswd files (BREADBOX_AUTH_HTPASSWD).",
  },
  {
    names: /^HTTP_TLS_LETSENCRYPT(?:_|$)/,
    verdict: "refused",
    message:
      "asks for certificates of Let's Encrypt, and this version of Breadbox requests none: name the files of an ACME client (docs/TLS.md), or put a proxy such as Caddy in front, then unset it.",
  },
  {
    names: /^HTTP_TLS_CLIENTCAS(?:_|$)/,
    verdict: "refused",
    message:
      "names several files of CAs, or none in a list: put them into one, and name it with REGISTRY_HTTP_TLS_CLIENTCAS_0.",
  },
  {
    names: /^HTTP_TLS_CLIENTAUTH$/,
    values: /^(?!require-and-verify-client-cert$)/,
    verdict: "refused",
    message:
      "asks for another check of client certificates than require-and-verify-client-cert, and Breadbox has none. Unset it.",
  },
  {
    names: /^HTTP_TLS_MINIMUMTLS$/,
    values: /^tls1\.3$/i,
    verdict: "refused",
    message: "asks for TLS 1.3 alone, and Breadbox also takes TLS 1.2. Unset it.",
  },
  {
    names: /^HTTP_TLS_CIPHERSUITES(?:_|$)/,
    verdict: "warned",
    message: "is ignored: Breadbox chooses the ciphers.",
  },
  {
    names: /^HTTP_TLS$/,
    verdict: "refused",
    message: `${section} REGISTRY_HTTP_TLS_CERTIFICATE and REGISTRY_HTTP_TLS_KEY.`,
  },
  {
    names: /^PROXY(?:_REMOTEURL)?$/,
    verdict: "refused",
    message:
      "asks for a cache of another registry, and this version of Breadbox is none: it would be an empty registry that anyone can push to. Keep distribution for the cache, or unset it.",
  },
  {
    names: /^STORAGE$/,
    values: /^filesystem$/i,
    verdict: "harmless",
  },
  {
    names:
      /^STORAGE(?:$|_(?!FILESYSTEM(?:_|$)|DELETE(?:_|$)|REDIRECT(?:_|$)|CACHE(?:_|$)|MAINTENANCE(?:_|$)|TAG(?:_|$)))/,
    verdict: "refused",
    message:
      "asks for another storage than the file system, and this version of Breadbox has none: images would be kept in the data directory instead. Unset it, and name a directory with BREADBOX_DATA.",
  },
  {
    names: /^STORAGE_MAINTENANCE(?:_READONLY)?$/,
    verdict: "refused",
    message: `${section} REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED.`,
  },
  {
    names: /^STORAGE_DELETE$/,
    verdict: "refused",
    message: `${section} REGISTRY_STORAGE_DELETE_ENABLED.`,
  },
  {
    names: /^CONFIGURATION_PATH$/,
    verdict: "refused",
    message:
      "names a configuration file of distribution/distribution, which cannot be used here: its logins, its TLS and its storage would be ignored. Unset it; `breadbox config import FILE` turns the file into one of Breadbox, and its REGISTRY_* variables can be used.",
  },
  {
    names: /^HTTP_NET$/,
    values: /^(?!tcp$)/i,
    verdict: "refused",
    message: "asks for another listener than TCP, and Breadbox has none. Unset it.",
  },
  {
    names: /^STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED$/,
    values: off,
    verdict: "warned",
    message:
      "is ignored: unfinished uploads are removed after storage.uploadTimeout. Set REGISTRY_UPLOAD_TIMEOUT to keep them for longer.",
  },
  {
    names: /^STORAGE_MAINTENANCE_UPLOADPURGING_DRYRUN$/,
    values: /^(?:true|on|yes|1)$/i,
    verdict: "warned",
    message: "is ignored: unfinished uploads are removed after storage.uploadTimeout.",
  },
  {
    names: /^HTTP_PREFIX$/,
    values: /^(?!\/?$)/,
    verdict: "warned",
    message: "is ignored: this server answers at /v2/, without a prefix.",
  },
  {
    names: /^NOTIFICATIONS(?:_|$)/,
    verdict: "warned",
    message: "is ignored: this version of Breadbox sends no notifications.",
  },
  {
    names: /^(?:MIDDLEWARE|POLICY)(?:_|$)|^VALIDATION_(?:MANIFESTS|ENABLED)/,
    verdict: "warned",
    message: "is ignored: Breadbox has no such restriction.",
  },
];

const aliases: ReadonlyMap<string, readonly [SettingKey, Readonly<Record<string, string>>]> =
  new Map(
    settingKeys.flatMap((key) =>
      (settingOf(key).aliases ?? []).map(({ name, values = {} }) => [name, [key, values]] as const),
    ),
  );

/** @param path of a key in distribution's own file, such as `http.addr`. @returns the setting that it is here, or null. */
export function settingOfForeign(path: readonly string[]): SettingKey | null {
  return aliases.get(PREFIX + path.join("_").toUpperCase())?.[0] ?? null;
}

/** @param env variables by name, without those that are set to nothing. */
export function readDistribution(env: ReadonlyMap<string, string>): DistributionReading {
  const leaves = [...env].flatMap(([name, text]) =>
    name.startsWith(PREFIX) ? leavesOf({ name: name.slice(PREFIX.length), text, where: name }) : [],
  );
  const others = leaves.filter(({ name }) => !aliases.has(PREFIX + name));
  const judged = others.map((leaf) => ({ leaf, rule: ruleOf(leaf) }));
  const values = valuesOf(leaves);
  const unused = namesOf(judged.filter(({ rule }) => rule === null || rule.verdict === "harmless"));
  return {
    values,
    problems: grouped(judged, "refused").map(([message, where]) => ({ where, message })),
    notices: [
      ...grouped(judged, "warned").map(
        ([message, where]): Notice => ({ level: "warn", message: `${where} ${message}` }),
      ),
      ...deletionNotice(values),
      ...(unused === ""
        ? []
        : [{ level: "info" as const, message: `not used by Breadbox: ${unused}` }]),
    ],
  };
}

/** Deep enough for every section that there is. */
const deepest = 8;

/** The settings of a variable that holds a section, or the variable itself. */
export function leavesOf(leaf: Leaf, depth = 0): Leaf[] {
  const found = sectionIn(leaf.text);
  if (found === null || depth > deepest) return [leaf];
  return Object.entries(found).flatMap(([key, value]) => {
    if (value === null) return [];
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    const name = `${leaf.name}_${key.toUpperCase()}`;
    return leavesOf({ ...leaf, name, text }, depth + 1);
  });
}

/** @returns null for plain values: of what is no section only its name is judged. */
function sectionIn(text: string): Readonly<Record<string, unknown>> | null {
  // distribution names the items of a list by their numbers as well: REGISTRY_HTTP_TLS_CLIENTCAS_0.
  const list = /^\s*\[/.test(text);
  if (!list && !/^\s*\{|:\s/.test(text)) return null;
  try {
    const value: unknown = Bun.YAML.parse(text);
    const isSection = typeof value === "object" && value !== null && Array.isArray(value) === list;
    return isSection ? JSON.parse(JSON.stringify(value)) : null;
  } catch {
    return null;
  }
}

/** A single variable outranks the same setting in a section: it comes later. */
function valuesOf(leaves: readonly Leaf[]): GivenValue[] {
  const alone = ({ name, where }: Leaf): boolean => PREFIX + name === where;
  const ordered = [...leaves.filter((leaf) => !alone(leaf)), ...leaves.filter(alone)];
  // In the order of the table: of two aliases of a setting the later one counts.
  return [...aliases].flatMap(([alias, [key, words]]) =>
    ordered
      .filter(({ name }) => PREFIX + name === alias)
      .map(({ text, where }) => ({ key, text: words[text.toLowerCase()] ?? text, where })),
  );
}

function ruleOf({ name, text }: Leaf): Rule | null {
  return (
    rules.find(({ names, values }) => names.test(name) && (values?.test(text) ?? true)) ?? null
  );
}

interface Judged {
  readonly leaf: Leaf;
  readonly rule: Rule | null;
}

/** Messages with the variables that each is about. */
function grouped(judged: readonly Judged[], verdict: Rule["verdict"]): [string, string][] {
  const found = judged.filter(({ rule }) => rule?.verdict === verdict);
  const byMessage = Map.groupBy(found, ({ rule }) => rule?.message ?? "");
  return [...byMessage].map(([message, group]) => [message, namesOf(group)]);
}

function namesOf(judged: readonly Judged[]): string {
  return [...new Set(judged.map(({ leaf }) => leaf.where))].sort().join(", ");
}

/** There, nothing can be deleted unless it is switched on. */
function deletionNotice(values: readonly GivenValue[]): Notice[] {
  const isDropIn = values.some(({ key }) => key === "data");
  if (!isDropIn || values.some(({ key }) => key === "registry.delete")) return [];
  const message =
    "images can be deleted: unlike distribution, Breadbox allows it by default. REGISTRY_STORAGE_DELETE_ENABLED=false forbids it.";
  return [{ level: "warn", message }];
}
