// Every setting, once. Its key is its place in the file, its environment variable, a row of the
// document and, with `flag`, an option of `breadbox serve`. A new setting is one entry here.

import { listenAddress } from "./listen.ts";
import { listOf, tagPattern } from "./lists.ts";
import { cron, timeZone } from "./schedule.ts";
import { serverUrl } from "./serverUrl.ts";
import { share } from "./share.ts";
import { count, duration, type Kind, oneOf, path, seconds, size, toggle } from "./values.ts";

/** A variable that distribution/distribution users already set. `values` maps its words to ours. */
export interface Alias {
  readonly name: string;
  readonly values?: Readonly<Record<string, string>>;
}

/** An option of the command line: short and long name, and the word for its value. */
export interface Flag {
  readonly short: string;
  readonly long: string;
  readonly value: string;
}

/** What may be added to a setting. */
export interface SettingOptions {
  /** Where two of them are set, the later one counts. */
  readonly aliases?: readonly Alias[];
  readonly flag?: Flag;
  /** Never printed. */
  readonly secret?: boolean;
}

/** One setting. `fallback` is its default as a user would write it; `doc` is Markdown, whole sentences. */
export interface Setting<T> extends SettingOptions {
  readonly kind: Kind<T>;
  readonly fallback: string;
  readonly doc: string;
}

/** Declares a setting: kind of value, default, what it does. */
export const setting = <T>(
  kind: Kind<T>,
  fallback: string,
  doc: string,
  options: SettingOptions = {},
): Setting<T> => ({ kind, fallback, doc, ...options });

/** The table. Order is the order of the document and of `config show`. */
export const settings = {
  data: setting(
    path,
    "./breadbox-data",
    "Directory for everything Breadbox keeps: database, blobs and unfinished uploads. Created when missing.",
    {
      aliases: [{ name: "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY" }],
      flag: { short: "-d", long: "--data", value: "DIR" },
    },
  ),
  "http.listen": setting(
    listenAddress,
    "127.0.0.1:5000",
    "Address to listen on. `:5000` is every address of the machine, a bare port stays on this machine, port 0 takes a free one.",
    {
      aliases: [{ name: "REGISTRY_HTTP_ADDR" }],
      flag: { short: "-l", long: "--listen", value: "HOST:PORT" },
    },
  ),
  "http.url": setting(
    serverUrl,
    "",
    "URL that clients use, such as `https://registry.example.com`, where a proxy on this machine passes its own Host on (`proxy_set_header Host`). A server that listens on this machine only takes requests for `localhost`, `127.0.0.1`, `[::1]` and this name, and refuses every other Host with 421: a web page whose name was made to lead here would send its own.",
    { aliases: [{ name: "REGISTRY_HTTP_HOST" }] },
  ),
  "http.shutdownGrace": setting(
    duration("0", "24h"),
    "1m",
    "How long a stopping server waits for running transfers. A second signal ends it at once.",
    { aliases: [{ name: "REGISTRY_HTTP_DRAINTIMEOUT" }] },
  ),
  "http.maxBody": setting(
    size("0", "8000TiB"),
    "0",
    "Largest request body, and so the largest layer that can be pushed in one request. 0 is unlimited.",
  ),
  "http.minUploadRate": setting(
    size("0", "1GiB"),
    "1KiB",
    "Slowest sender that is waited for: bytes a second, averaged over a minute. A slower one is cut; what it sent is kept, and the client can go on from there. 0 waits for everyone who sends a byte a minute.",
  ),
  "registry.manifestMaxSize": setting(
    size("1", "64MiB"),
    "4MiB",
    "Largest manifest that can be pushed. Manifests are held in memory while they are read.",
  ),
  "registry.chunkMinSize": setting(
    size("0", "1GiB"),
    "0",
    "Clients that push in chunks are asked to send at least this many bytes at a time (`OCI-Chunk-Min-Length`): fewer requests. Shorter chunks are taken all the same. 0 does not ask.",
  ),
  "registry.sparse": setting(
    oneOf("off", "indexes", "all"),
    "off",
    "What a manifest may name although its repository does not hold it: `off` nothing, `indexes` the entries of an index (an image that is mirrored for some of its platforms), `all` anything. What is there must have the declared size.",
  ),
  "registry.delete": setting(
    toggle,
    "true",
    "Tags, manifests, blobs, objects and buckets can be deleted. Off: such requests are answered with 405. Uploads can always be cancelled.",
    { aliases: [{ name: "REGISTRY_STORAGE_DELETE_ENABLED" }] },
  ),
  "registry.readOnly": setting(
    toggle,
    "false",
    "Nothing can be pushed, put or deleted, objects included: such requests are answered with 405. Pulls go on, and so does the collection of garbage: `gc.enabled` switches that off.",
    { aliases: [{ name: "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED" }] },
  ),
  "registry.immutableTags": setting(
    listOf(tagPattern),
    "",
    "Tags that neither move nor go once they are set, by pattern: `v*` in every repository, `prod/**:v*` in those below `prod/`. `?` is one character, `*` any up to the next slash, `**` any.",
  ),
  "storage.uploadTimeout": setting(
    duration("1s", "3650d"),
    "1h",
    "An upload session that received no byte for this long is dropped, with its bytes.",
    {
      aliases: [
        { name: "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE" },
        { name: "REGISTRY_UPLOAD_TIMEOUT" },
      ],
    },
  ),
  "storage.cleanupInterval": setting(
    duration("1s", "24d"), // timers know no more
    "5m",
    "How often expired upload sessions are looked for; the first time is at start.",
    { aliases: [{ name: "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_INTERVAL" }] },
  ),
  "storage.multipart.enabled": setting(
    toggle,
    "true",
    "Objects can be uploaded in parts. Off: such requests are answered with 405; objects still come in one request.",
  ),
  "storage.multipart.maxParts": setting(count(1, 99_999), "10000", "Most parts of one object."),
  "storage.multipart.maxPartBytes": setting(
    size("1KiB", "1TiB"),
    "128MiB",
    "Largest part of an object. With `storage.multipart.maxParts` it says how large an object can be.",
  ),
  "storage.multipart.maxUploadTtlSeconds": setting(
    seconds("1s", "3650d"),
    "86400",
    "An upload in parts that received no part for this long expires. Seconds, or `24h`.",
  ),
  "jobs.cleanup.enabled": setting(
    toggle,
    "true",
    "Removes expired uploads in parts and their bytes, and bytes of uploads that no longer exist.",
  ),
  "jobs.cleanup.sweepIntervalSeconds": setting(
    seconds("1s", "24d"), // timers know no more
    "300",
    "How often they are looked for; the first time is at start. Seconds, or `5m`.",
  ),
  "jobs.cleanup.gracePeriodSeconds": setting(
    seconds("0", "3650d"),
    "60",
    "How long an expired upload is left alone before it is removed. Seconds, or `1m`.",
  ),
  "jobs.cleanup.maxUploadsPerSweep": setting(
    count(1, 1_000_000),
    "200",
    "Most uploads that are removed at a time; the others wait for the next look.",
  ),
  "gc.enabled": setting(
    toggle,
    "true",
    "Frees the space of what nothing refers to any more, by `gc.schedule`. Off: only when somebody asks for it, with `breadbox gc` or `POST /v1/gc`.",
  ),
  "gc.schedule": setting(
    cron,
    "0 3 * * *",
    "When space is freed: minute, hour, day of the month, month, day of the week, as cron has them, or `@hourly`, `@daily`, `@weekly`. A time that the clocks skip or repeat in spring and autumn counts once. A server that was off then collects ten minutes after its start.",
  ),
  "gc.timeZone": setting(
    timeZone,
    "local",
    "Time zone of `gc.schedule`, such as `Europe/Berlin`. `local` is the machine's; in most containers that is UTC.",
  ),
  "gc.dryRun": setting(
    toggle,
    "false",
    "Runs by schedule delete nothing: what they would delete stands in the log and in `GET /v1/gc/runs`.",
  ),
  "gc.minAge": setting(
    duration("0", "3650d"),
    "1h",
    "How long a pushed blob is kept before a manifest must name it. A push that takes longer keeps its blobs while its uploads follow each other, for a day at most.",
  ),
  "gc.brake": setting(
    share,
    "0.25",
    "Safety limit, as a share of the stored blobs and bytes: `25%` or `0.25`. A collection deletes nothing when it would delete more than this that no client deleted, replaced or left unused: then rows of the database may be lost. Five blobs of 1 MiB together are never held back. `breadbox gc` asks on a terminal, and needs `--yes` without one; `POST /v1/gc` is not held back. 0 switches the limit off.",
  ),
  "gc.untagged.enabled": setting(
    toggle,
    "false",
    "Every run first deletes manifests that have no tag, that no index names and whose subject, if they have one, is gone. Off: they are kept for who pulls them by digest.",
  ),
  "gc.untagged.olderThan": setting(
    duration("0", "3650d"),
    "7d",
    "With `gc.untagged.enabled`: how long ago such a manifest must have been pushed.",
  ),
  "scrub.enabled": setting(
    toggle,
    "true",
    "Reads every stored blob back by `scrub.schedule` and compares it with its digest. What is damaged is taken out, so that the next push heals it, and told in the log and by `breadbox_scrub_damaged_total`.",
  ),
  "scrub.schedule": setting(
    cron,
    "30 4 * * 0",
    "From when on stored blobs are read again, in the time zone of `gc.timeZone`: what was neither pushed nor read since the latest such time is due. A server that was off then, or is restarted meanwhile, goes on with what is left.",
  ),
  "scrub.rate": setting(
    size("1KiB", "1TiB"),
    "20MiB",
    "Bytes a second that the scrub reads at most.",
  ),
  "log.level": setting(
    oneOf("trace", "debug", "info", "warn", "error"),
    "info",
    "Least serious log line that is written: `trace`, `debug`, `info`, `warn` or `error`.",
    { aliases: [{ name: "REGISTRY_LOG_LEVEL" }] },
  ),
  "log.format": setting(
    oneOf("auto", "json", "pretty"),
    "auto",
    "`json` for machines, `pretty` for people. `auto` is pretty on a terminal and JSON otherwise.",
    {
      aliases: [{ name: "REGISTRY_LOG_FORMATTER", values: { text: "pretty", logstash: "json" } }],
    },
  ),
  "metrics.enabled": setting(toggle, "true", "Serves Prometheus metrics at `/metrics`.", {
    aliases: [{ name: "REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED" }],
  }),
  "swagger.enabled": setting(toggle, "true", "Serves the API explorer at `/swagger`."),
} as const;

/** Path of a setting in the file, such as `gc.minAge`. */
export type SettingKey = keyof typeof settings;

/** Every setting's value. Durations are milliseconds, sizes bytes. */
export type Config = {
  readonly [K in SettingKey]: ReturnType<(typeof settings)[K]["kind"]["parse"]>;
};

/** All keys, in the table's order. */
export const settingKeys = Object.keys(settings) as readonly SettingKey[];

/** A setting without the type of its value, for code that treats all of them alike. */
export const settingOf = (key: SettingKey): Setting<unknown> => settings[key];

/** @returns the key, or null when the table has no such setting. */
export const findKey = (text: string): SettingKey | null =>
  settingKeys.find((key) => key === text) ?? null;
