// Webhooks as settings: a list of sections in the file, the same list as JSON or YAML in one text everywhere else. Pure, apart from
// reading files of secrets.
import { resolve } from "node:path";
import { type HookRule, type HookTopic, hookTopics } from "../model/hookEvents.ts";
import { didYouMean, nearest } from "../spelling.ts";
import { camelCase } from "./names.ts";
import { ConfigError } from "./problem.ts";
import { ReadError, readText } from "./readText.ts";
import { setting } from "./setting.ts";
import { duration, type Kind, oneOf, ValueError } from "./values.ts";

/** One receiver. */
export interface WebhookConfig extends HookRule {
  readonly url: string;
  /** `cloudevents`: CloudEvents 1.0; `distribution`: the notifications of distribution/distribution. */
  readonly format: "cloudevents" | "distribution";
  /** Signs what is sent; "" for none. */
  readonly secret: string;
  /** File with the secret; "" for none. */
  readonly secretFile: string;
  /** Sent with each event; may hold credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Longest time of one attempt, ms. */
  readonly timeoutMs: number;
  /** Manifests of these types are left out. */
  readonly ignoredMediaTypes: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const topics = Object.keys(hookTopics) as readonly HookTopic[];
const keys = [
  ...["name", "url", "events", "format", "repositories", "secret", "secretFile", "headers"],
  ...["timeout", "ignoredMediaTypes"],
];
const nameGrammar = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
const headerGrammar = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** They say what is sent, and prove who sent it. */
const ownHeaders =
  /^(?:content-(?:type|length)|host|user-agent|webhook-(?:id|timestamp|signature))$/i;
const leastSecret = 16;
const longestSecret = 4096;
const timeout = duration("100ms", "1m");
const format = oneOf("cloudevents", "distribution");
const hidden = "(hidden)";
/** What distribution has an action for. */
const distributionTopics: readonly HookTopic[] = ["push", "delete"];

/** The list; "" for none. */
export const webhookList: Kind<readonly WebhookConfig[]> = {
  structured: true,
  parse(text) {
    if (text.trim() === "") return [];
    const value = readStructure(text);
    if (!Array.isArray(value))
      throw new ValueError('is no list. Begin each webhook with "- name:".');
    const hooks = value.map((item: unknown, index) => readHook(item, index + 1));
    const names = hooks.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new ValueError(`holds two webhooks called ${twice}.`);
    return hooks;
  },
  show: (hooks) => (hooks.length === 0 ? "" : JSON.stringify(hooks.map(shown))),
};

export const webhookSettings = {
  webhooks: setting(
    webhookList,
    "",
    "Receivers that are told of pushes, moved tags, deletions, collections, backups and objects. Each has a `name`, a `url`, and may have `events` (`push`, `tag.move`, `delete`, `collection`, `backup`, `objects`), `format` (`cloudevents`, `distribution`), `repositories`, `secret` or `secretFile`, `headers`, `timeout` and `ignoredMediaTypes`: [WEBHOOKS.md](WEBHOOKS.md). As a variable: the same list as JSON.",
  ),
} as const;

/** The part that decides which events are written. */
export const hookRules = (hooks: readonly WebhookConfig[]): readonly HookRule[] =>
  hooks.map(({ name, topics, repositories }) => ({ name, topics, repositories }));

/** For operators: nothing secret. */
export const hookInfos = (hooks: readonly WebhookConfig[]) =>
  hooks.map(({ name, url, format, topics, repositories, secret, secretFile }) => ({
    ...{ name, url: shownUrl(url), format, topics, repositories },
    isSigned: secret !== "" || secretFile !== "",
  }));

/** Reads the secrets that are in files. @throws ConfigError naming each file that cannot be used. */
export function withSecrets(hooks: readonly WebhookConfig[]): readonly WebhookConfig[] {
  return hooks.map((hook) => {
    if (hook.secretFile === "") return hook;
    try {
      const secret = readText(resolve(hook.secretFile), longestSecret).replace(/\r?\n$/, "");
      return { ...hook, secret: readSecret(secret) };
    } catch (error) {
      if (!(error instanceof ReadError || error instanceof ValueError)) throw error;
      const message = `webhooks: secretFile ${hook.secretFile} of ${hook.name} ${error.message}`;
      throw new ConfigError([{ where: "webhooks", message }], []);
    }
  });
}

/** As it may be printed: secrets, headers and queries of URLs hold credentials. */
function shown({ name, url, topics, format, repositories, timeoutMs, ...hook }: WebhookConfig) {
  const given = Object.keys(hook.headers);
  return {
    ...{ name, url: shownUrl(url), events: topics, format, repositories },
    timeout: timeout.show(timeoutMs),
    ...(hook.secretFile !== "" && { secretFile: hook.secretFile }),
    ...(hook.secretFile === "" && hook.secret !== "" && { secret: `${hidden} ${hidden}` }),
    ...(given.length > 0 && {
      headers: Object.fromEntries(given.map((header) => [header, hidden])),
    }),
    ...(hook.ignoredMediaTypes.length > 0 && { ignoredMediaTypes: hook.ignoredMediaTypes }),
  };
}

/** A URL for people: what follows `?` may be a credential. */
function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : `?${hidden}`}`;
}

function readStructure(text: string): unknown {
  try {
    return Bun.YAML.parse(text);
  } catch {
    throw new ValueError("is neither JSON nor YAML.");
  }
}

function readHook(item: unknown, number: number): WebhookConfig {
  if (!isFields(item))
    throw new ValueError(`holds something that is no webhook (entry ${number}).`);
  const given = Object.fromEntries(
    Object.entries(item).map(([key, value]) => [camelCase(key), value]),
  );
  const name = given["name"];
  const place = typeof name === "string" ? name.slice(0, 64) : `entry ${number}`;
  try {
    return hookOf(given);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`cannot be used: webhook ${place}: ${error.message}`);
  }
}

function hookOf(given: Fields): WebhookConfig {
  for (const key of Object.keys(given)) {
    if (!keys.includes(key)) {
      throw new ValueError(`it has an unknown key ${key}.${didYouMean(nearest(key, keys))}`);
    }
  }
  const name = textOf(given, "name") ?? "";
  if (!nameGrammar.test(name)) {
    throw new ValueError("its name must be 1 to 63 of a-z, 0-9, dot, hyphen and underscore.");
  }
  const form = format.parse(textOf(given, "format") ?? "cloudevents");
  const secret = textOf(given, "secret");
  const secretFile = textOf(given, "secretFile") ?? "";
  if (secret !== undefined && secretFile !== "") {
    throw new ValueError("it has secret and secretFile. Keep one of the two.");
  }
  return {
    ...{ name, url: readUrl(textOf(given, "url")), format: form, secretFile },
    topics: readTopics(given, form),
    repositories: textsOf(given, "repositories") ?? ["**"],
    secret: secret === undefined ? "" : readSecret(secret),
    headers: readHeaders(given["headers"]),
    timeoutMs: readTimeout(textOf(given, "timeout")),
    ignoredMediaTypes: textsOf(given, "ignoredMediaTypes") ?? [],
  };
}

function readTimeout(text: string | undefined): number {
  try {
    return timeout.parse(text ?? "10s");
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`its timeout ${error.message}`);
  }
}

function readTopics(given: Fields, form: WebhookConfig["format"]): readonly HookTopic[] {
  const usual =
    form === "distribution" ? distributionTopics : (["push", "tag.move", "delete"] as const);
  const asked = textsOf(given, "events");
  if (asked === undefined) return usual;
  const known: readonly HookTopic[] = form === "distribution" ? distributionTopics : topics;
  return asked.map((text) => {
    const topic = known.find((one) => one === text);
    if (topic !== undefined) return topic;
    throw new ValueError(`its events may be ${known.join(", ")}, and not ${JSON.stringify(text)}.`);
  });
}

function readUrl(text: string | undefined): string {
  const url = text === undefined ? null : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ValueError("its url must begin with https:// or http://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ValueError(
      "its url holds a login. Send it as a header: headers: { Authorization: … }.",
    );
  }
  return url.href;
}

function readSecret(text: string): string {
  if (text.length >= leastSecret) return text;
  throw new ValueError(`has less than ${leastSecret} characters. Make one: openssl rand -hex 32`);
}

/** distribution writes a list of values for each. */
function readHeaders(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isFields(value)) throw new ValueError("its headers must be a section of names and texts.");
  return Object.fromEntries(
    Object.entries(value).map(([name, given]) => {
      const text = Array.isArray(given) ? given.map(String).join(", ") : String(given);
      const isUsable = headerGrammar.test(name) && !ownHeaders.test(name) && !/[\r\n\0]/.test(text);
      if (!isUsable) throw new ValueError(`its header ${name.slice(0, 64)} cannot be set.`);
      return [name, text];
    }),
  );
}

function textOf(given: Fields, key: string): string | undefined {
  const value = given[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (key === "timeout" && typeof value === "number") return String(value);
  throw new ValueError(`its ${key} must be a text. Quote it.`);
}

function textsOf(given: Fields, key: string): readonly string[] | undefined {
  const value = given[key];
  if (value === undefined || value === null) return undefined;
  const items: readonly unknown[] = Array.isArray(value) ? value : String(value).split(",");
  return items.map((item) => String(item).trim()).filter((item) => item !== "");
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
