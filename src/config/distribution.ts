// The variables that distribution/distribution takes, REGISTRY_<PATH>: their values as those of settings here. What is no setting is judged
// by distributionRules.ts. Pure.
import { bareKeys, type Rule, ruleOf } from "./distributionRules.ts";
import type { GivenValue } from "./file.ts";
import { readNotifications } from "./notifications.ts";
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
  const direct = valuesOf(leaves);
  const notifications = readNotifications(leaves);
  const values = [...direct, ...impliedBy(leaves, direct), ...notifications.values];
  const used = new Set(values.map(({ where }) => where));
  const judged = leaves
    .filter(({ name }) => !aliases.has(PREFIX + name) && !notifications.used.has(name))
    .map((leaf) => ({ leaf, rule: ruleOf(leaf.name, leaf.text) }));
  const unused = namesOf(
    judged.filter(({ leaf, rule }) => rule.verdict === "noted" && !used.has(leaf.where)),
  );
  return {
    values,
    problems: [
      ...grouped(judged, "refused").map(([message, where]) => ({ where, message })),
      ...fileProblem(leaves, env),
    ],
    notices: [
      ...grouped(judged, "warned").map(
        ([message, where]): Notice => ({ level: "warn", message: `${where} ${message}` }),
      ),
      ...notifications.notices,
      ...deletionNotice(values),
      ...usersNotice(values),
      ...(unused === ""
        ? []
        : [{ level: "info" as const, message: `not used by Breadbox: ${unused}` }]),
    ],
  };
}

/** What distribution does without being asked, or says with a switch where we have a setting. */
function impliedBy(leaves: readonly Leaf[], values: readonly GivenValue[]): GivenValue[] {
  const users = values.findLast(({ key }) => key === "auth.htpasswd");
  const kept = leaves.findLast(
    ({ name, text }) =>
      (name === `${purging}_ENABLED` && off.test(text)) ||
      (name === `${purging}_DRYRUN` && on.test(text)),
  );
  return [
    ...(users === undefined
      ? []
      : [{ key: "auth.htpasswdRights" as const, text: usersRights(values), where: users.where }]),
    ...(kept === undefined
      ? []
      : [{ key: "storage.uploadTimeout" as const, text: forGood, where: kept.where }]),
  ];
}

const purging = "STORAGE_MAINTENANCE_UPLOADPURGING";
const on = /^(?:true|on|yes|1)$/i;
const off = /^(?:false|off|no|0)$/i;
/** The longest time that the setting takes. */
const forGood = "3650d";

/** There, everybody with a password may do everything, and deletion is for nobody unless it is switched on. */
function usersRights(values: readonly GivenValue[]): string {
  const deletion = values.findLast(({ key }) => key === "registry.delete");
  return deletion !== undefined && on.test(deletion.text)
    ? "pull,push,overwrite,delete"
    : "pull,push,overwrite";
}

/** A login that is asked for and has no users. */
function fileProblem(leaves: readonly Leaf[], env: ReadonlyMap<string, string>): Problem[] {
  const asked = leaves.find(({ name, text }) => name === "AUTH" && /^htpasswd$/i.test(text));
  const isNamed = leaves.some(({ name }) => name === "AUTH_HTPASSWD_PATH");
  if (asked === undefined || isNamed || env.has("BREADBOX_AUTH_HTPASSWD")) return [];
  const message = "asks for a file of users: name it with REGISTRY_AUTH_HTPASSWD_PATH.";
  return [{ where: asked.where, message }];
}

function usersNotice(values: readonly GivenValue[]): Notice[] {
  const rights = values.find(({ key }) => key === "auth.htpasswdRights");
  if (rights === undefined) return [];
  const message = `${rights.where}: as in distribution, every user of the file has these rights in every repository: ${rights.text}. Rules come first (breadbox access deny NAME …), and BREADBOX_AUTH_HTPASSWD_RIGHTS=pull gives all of them less.`;
  return [{ level: "info", message }];
}

/** Deep enough for every section that there is. */
const deepest = 8;

/** The settings of a variable that holds a section, or the variable itself. */
export function leavesOf(leaf: Leaf, depth = 0): Leaf[] {
  const found = sectionIn(leaf.text);
  if (found === null || depth > deepest) return [leaf];
  return Object.entries(found).flatMap(([key, value]) => {
    const name = `${leaf.name}_${key.toUpperCase()}`;
    if (value === null && !bareKeys.test(name.replace(/^_/, ""))) return [];
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return leavesOf({ ...leaf, name, text }, depth + 1);
  });
}

/** @returns null for plain values: of what is no section only its name is judged. */
function sectionIn(text: string): Readonly<Record<string, unknown>> | null {
  // distribution names the items of a list by their numbers as well: REGISTRY_HTTP_TLS_CLIENTCAS_0.
  const list = /^\s*(?:\[|- )/.test(text);
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

interface Judged {
  readonly leaf: Leaf;
  readonly rule: Rule;
}

/** Messages with the variables that each is about. */
function grouped(judged: readonly Judged[], verdict: Rule["verdict"]): [string, string][] {
  const found = judged.filter(({ rule }) => rule.verdict === verdict);
  const byMessage = Map.groupBy(found, ({ rule }) => rule.message ?? "");
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
