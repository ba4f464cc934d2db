// Endpoints of distribution's notifications → webhooks of that form. Pure.
import type { Leaf } from "./distribution.ts";
import type { GivenValue } from "./file.ts";
import type { Notice } from "./problem.ts";

const endpointKey = /^NOTIFICATIONS_ENDPOINTS_(\d+)_(.+)$/;
const truth = /^(?:true|on|yes|1)$/i;
/** Where Breadbox does it in its own way: attempts, their pauses and their end. */
const ownWay = /^(?:THRESHOLD|BACKOFF)$/;
/** Limits of `timeout`, ms. */
const least = 100;
const most = 60_000;

/** What the leaves say about notifications. */
export interface NotificationsReading {
  readonly values: readonly GivenValue[];
  readonly notices: readonly Notice[];
  /** Names of the leaves that are used. */
  readonly used: ReadonlySet<string>;
}

/** One endpoint: its keys without their beginning. */
type Endpoint = ReadonlyMap<string, string>;

/** Reads every endpoint that is not disabled. A wrong one is refused where webhooks are read. */
export function readNotifications(leaves: readonly Leaf[]): NotificationsReading {
  const found = leaves.flatMap((leaf) => {
    const [, index, key] = endpointKey.exec(leaf.name) ?? [];
    return index === undefined || key === undefined ? [] : [{ ...leaf, index, key }];
  });
  const [first] = found;
  if (first === undefined) return { values: [], notices: [], used: new Set() };
  const endpoints = [...Map.groupBy(found, ({ index }) => Number(index))]
    .toSorted(([a], [b]) => a - b)
    .map(([index, group]): [number, Endpoint] => [
      index,
      new Map(group.map(({ key, text }) => [key, text])),
    ])
    .filter(([, endpoint]) => !truth.test(endpoint.get("DISABLED") ?? ""));
  const hooks = endpoints
    .map(([index, endpoint]) => hookOf(index, endpoint))
    .filter(({ events }) => events.length > 0);
  const where = (found.find(({ key }) => key === "URL") ?? first).where;
  return {
    values: [{ key: "webhooks", text: hooks.length === 0 ? "" : JSON.stringify(hooks), where }],
    notices: [
      {
        level: "warn",
        message: `${where}: endpoints get pushes and deletions of manifests, tags and blobs, and neither pulls nor mounts nor pushes of single blobs (docs/WEBHOOKS.md).`,
      },
    ],
    used: new Set(found.filter(({ key }) => !ownWay.test(key)).map(({ name }) => name)),
  };
}

function hookOf(index: number, endpoint: Endpoint) {
  const ignored = textsOf(endpoint, /^IGNORE_ACTIONS(?:_\d+)?$/);
  const mediaTypes = textsOf(endpoint, /^(?:IGNOREDMEDIATYPES|IGNORE_MEDIATYPES)(?:_\d+)?$/);
  return {
    name: nameOf(endpoint.get("NAME"), index),
    url: endpoint.get("URL"),
    format: "distribution",
    events: ["push", "delete"].filter((action) => !ignored.includes(action)),
    timeout: timeoutOf(endpoint.get("TIMEOUT")),
    headers: headersOf(endpoint),
    ignoredMediaTypes: mediaTypes,
  };
}

/** There, a name is any text. */
function nameOf(given: string | undefined, index: number): string {
  const name = (given ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 60);
  return name === "" ? `endpoint-${index}` : name;
}

const textsOf = (endpoint: Endpoint, keys: RegExp): readonly string[] =>
  [...endpoint].filter(([key]) => keys.test(key)).map(([, text]) => text);

/** `HEADERS_AUTHORIZATION_0`: names of headers are the same in capitals. */
function headersOf(endpoint: Endpoint): Readonly<Record<string, readonly string[]>> {
  const found = [...endpoint].flatMap(([key, text]) => {
    const [, name] = /^HEADERS_(.+?)(?:_\d+)?$/.exec(key) ?? [];
    return name === undefined ? [] : [{ name, text }];
  });
  const byName = Map.groupBy(found, ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, values]) => [name, values.map(({ text }) => text)]),
  );
}

const units = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** A duration of Go (a bare number is nanoseconds), within the limits of ours. */
function timeoutOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 && !/^\d+$/.test(text)) return text;
  const ms =
    parts.length === 0
      ? Number(text) / 1e6
      : parts.reduce(
          (sum, [, count, unit = ""]) => sum + Number(count) * (units.get(unit) ?? 0),
          0,
        );
  return `${Math.round(Math.min(most, Math.max(least, ms)))}ms`;
}
