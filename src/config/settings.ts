// Every setting, once. Its key is its place in the file, its environment variable, a row of the
// document and, with `flag`, an option of `breadbox serve`. A new setting is one entry here.

import { backupSettings } from "./backupSettings.ts";
import { listenAddress } from "./listen.ts";
import { listOf, network, tagPattern } from "./lists.ts";
import { cron, timeZone } from "./schedule.ts";
import { serverUrl } from "./serverUrl.ts";
import { type Setting, setting } from "./setting.ts";
import { share } from "./share.ts";
import { storageSettings } from "./storageSettings.ts";
import { databaseSettings } from "./store.ts";
import { tlsSettings } from "./tlsSettings.ts";
import {
  count,
  duration,
  oneOf,
  optionalPath,
  password,
  path,
  seconds,
  size,
  toggle,
} from "./values.ts";
import { webhookSettings } from "./webhooks.ts";

/** Platforms of an index that distribution wants to be there, as `registry.sparse` says it. */
const platforms = { all: "off", none: "indexes" };

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
  ...databaseSettings,
  "http.listen": setting(
    listenAddress,
    "127.0.0.1:5000",
    "Address to listen on. `:5000` is every address of the machine, a bare port is `127.0.0.1` only, port 0 takes a free one.",
    {
      aliases: [{ name: "REGISTRY_HTTP_ADDR" }],
      flag: { short: "-l", long: "--listen", value: "HOST:PORT" },
    },
  ),
  "http.url": setting(
    serverUrl,
    "",
    "URL that clients use, such as `https://registry.example.com`, when a proxy on this machine forwards the Host header (`proxy_set_header Host`). A server that listens on a loopback address accepts requests for `localhost`, `127.0.0.1`, `[::1]` and this name. It refuses every other Host with 421, which protects it from web pages that use DNS rebinding. ID tokens of CI jobs must have this URL as their audience.",
    { aliases: [{ name: "REGISTRY_HTTP_HOST" }] },
  ),
  "http.trustedProxies": setting(
    listOf(network),
    "",
    "Addresses and networks of proxies in front of the server, such as `127.0.0.1, 172.16.0.0/12`. From these, `X-Forwarded-For` gives the client's address for limits, log and audit, and `X-Forwarded-Proto` and `X-Forwarded-Host` give the address of the token endpoint. From everybody else these headers mean nothing.",
  ),
  ...tlsSettings,
  "http.shutdownGrace": setting(
    duration("0", "24h"),
    "1m",
    "How long a stopping server waits for running transfers. A second signal stops it at once.",
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
    "Slowest upload rate that is accepted: bytes a second, averaged over a minute. A slower request is ended; its bytes are kept, and the client can resume after them. 0 disables the limit; a minute without a byte still ends the request.",
  ),
  "auth.mode": setting(
    oneOf("auto", "none", "required"),
    "auto",
    "Who has to log in. `auto`: nobody on a server that listens on loopback only and never had an account, everybody elsewhere. `required`: everybody. `none`: nobody, on any address: whoever reaches the server may push and delete.",
    {
      flag: {
        ...{ long: "--open", value: { meaning: "none" } },
        doc: "No login on any address (auth.mode none): everybody who reaches the server may push and delete.",
      },
    },
  ),
  "auth.htpasswd": setting(
    optionalPath,
    "",
    "File of users in the form of Apache's `htpasswd -B` (bcrypt only), read again when it changes. A user of the database with the same name comes first. Its users may do what `auth.htpasswdRights` and `breadbox access allow` give them.",
    { aliases: [{ name: "REGISTRY_AUTH_HTPASSWD_PATH" }] },
  ),
  "auth.htpasswdRights": setting(
    listOf(oneOf("pull", "push", "overwrite", "delete")),
    "",
    "What every user of `auth.htpasswd` may do in every repository where no rule of `breadbox access` says anything: `pull`, `push`, `overwrite`, `delete`. A file that is named by a variable or a configuration of distribution gives the first three, as it does there, and `delete` with `REGISTRY_STORAGE_DELETE_ENABLED=true`.",
  ),
  "auth.setupLink": setting(
    oneOf("terminal", "log", "off"),
    "terminal",
    "Where a server that asks everybody to log in, and never had an account, prints a link that creates its administrator in a browser. It is good once, for 30 minutes, until a restart. `terminal`: on a terminal only. `log`: in the log as well, for who may read that. `off`: nowhere.",
  ),
  "admin.password": setting(
    password,
    "",
    "Password of the user `admin`, an administrator, who is created at the start of a server that never had an account. Better in a file: `BREADBOX_ADMIN_PASSWORD_FILE`.",
    { secret: true },
  ),
  "registry.manifestMaxSize": setting(
    size("1", "64MiB"),
    "4MiB",
    "Largest manifest that can be pushed. Manifests are held in memory while they are read.",
  ),
  "registry.chunkMinSize": setting(
    size("0", "1GiB"),
    "0",
    "Smallest chunk that clients are asked to send (`OCI-Chunk-Min-Length`), which saves requests. Shorter chunks are accepted all the same. 0 does not ask.",
  ),
  "registry.sparse": setting(
    oneOf("off", "indexes", "all"),
    "off",
    "Content that a manifest may name although its repository does not hold it: `off` none, `indexes` the entries of an index (an image that is mirrored for some of its platforms), `all` any. Content that is present must have the declared size.",
    { aliases: [{ name: "REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS", values: platforms }] },
  ),
  "registry.delete": setting(
    toggle,
    "true",
    "Allows clients to delete tags, manifests, blobs, objects and buckets. Off: such requests are answered with 405. Uploads can always be cancelled.",
    { aliases: [{ name: "REGISTRY_STORAGE_DELETE_ENABLED" }] },
  ),
  "registry.readOnly": setting(
    toggle,
    "false",
    "Refuses every push, put and deletion with 405, of images and of objects. Pulls still work, and garbage is still collected: `gc.enabled` switches that off.",
    { aliases: [{ name: "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED" }] },
  ),
  "registry.immutableTags": setting(
    listOf(tagPattern),
    "",
    "Tags that match these patterns cannot be overwritten or deleted: `v*` in every repository, `prod/**:v*` in those below `prod/`. `?` is one character, `*` any number of characters up to the next slash, `**` any number.",
  ),
  ...storageSettings,
  "jobs.cleanup.enabled": setting(
    toggle,
    "true",
    "Removes expired multipart uploads and their bytes, and bytes of uploads that no longer exist.",
  ),
  "jobs.cleanup.sweepIntervalSeconds": setting(
    seconds("1s", "24d"), // timers know no more
    "300",
    "How often expired multipart uploads are removed; the first time is at start. Seconds, or `5m`.",
  ),
  "jobs.cleanup.gracePeriodSeconds": setting(
    seconds("0", "3650d"),
    "60",
    "How long an expired upload is kept before it is removed. Seconds, or `1m`.",
  ),
  "jobs.cleanup.maxUploadsPerSweep": setting(
    count(1, 1_000_000),
    "200",
    "Largest number of uploads that one sweep removes; the next sweep removes the others.",
  ),
  "gc.enabled": setting(
    toggle,
    "true",
    "Collects garbage by `gc.schedule`: deletes blobs that no image and no object uses. Off: garbage is collected only on request, with `breadbox gc` or `POST /v1/gc`.",
  ),
  "gc.schedule": setting(
    cron,
    "0 3 * * *",
    "When garbage is collected: minute, hour, day of the month, month, day of the week, as in cron, or `@hourly`, `@daily`, `@weekly`. A time that the clocks skip or repeat in spring and autumn counts once. A server that was off at that time collects ten minutes after its start.",
  ),
  "gc.timeZone": setting(
    timeZone,
    "local",
    "Time zone of `gc.schedule`, such as `Europe/Berlin`. `local` is the machine's; in most containers that is UTC.",
  ),
  "gc.dryRun": setting(
    toggle,
    "false",
    "Scheduled runs delete nothing. The log and `GET /v1/gc/runs` show what they would delete.",
  ),
  "gc.minAge": setting(
    duration("0", "3650d"),
    "1h",
    "How long a pushed blob is kept before a manifest must name it. A longer push keeps its blobs while its uploads follow each other, for a day at most.",
  ),
  "gc.brake": setting(
    share,
    "0.25",
    "Safety limit, as a share of the stored blobs and bytes: `25%` or `0.25`. A collection is refused when more than this share would be deleted although no client deleted, replaced or left it unused: rows of the database may be lost. Up to five blobs of 1 MiB together are always allowed. `breadbox gc` asks on a terminal, and needs `--yes` without one; `POST /v1/gc` ignores the limit. 0 switches it off.",
  ),
  "gc.restoreGrace": setting(
    duration("0", "3650d"),
    "7d",
    "For how long no collection deletes anything after the database was restored by `breadbox restore`, or was found to be older than the data directory it is in: content that was pushed later looks like garbage to it.",
  ),
  "gc.untagged.enabled": setting(
    toggle,
    "false",
    "Every run first deletes manifests that have no tag, that no index names, and whose subject, if any, is deleted. Off: they are kept, because clients may pull them by digest.",
  ),
  "gc.untagged.olderThan": setting(
    duration("0", "3650d"),
    "7d",
    "With `gc.untagged.enabled`: the age, since its push, at which such a manifest is deleted.",
  ),
  "scrub.enabled": setting(
    toggle,
    "true",
    "Reads every stored blob by `scrub.schedule` and compares it with its digest. A damaged blob is set aside, so that the next push restores it. The log and `breadbox_scrub_damaged_total` report it.",
  ),
  "scrub.schedule": setting(
    cron,
    "30 4 * * 0",
    "When a scrub begins, in the time zone of `gc.timeZone`. Every blob that was neither pushed nor read since then is read. A server that was off at that time, or is restarted during a scrub, reads the rest after its start.",
  ),
  "scrub.rate": setting(
    size("1KiB", "1TiB"),
    "20MiB",
    "Largest number of bytes a second that the scrub reads.",
  ),
  ...backupSettings,
  "audit.keep": setting(
    duration("1h", "3650d"),
    "90d",
    "How long the audit trail keeps an entry: logins, pushes, deletions, and changes of users, tokens and rules. `breadbox audit` and `GET /v1/audit` show them.",
  ),
  "audit.maxEntries": setting(
    count(1000, 1_000_000_000),
    "1000000",
    "Most entries of the audit trail; beyond them the oldest are deleted. A million take about 400 MB.",
  ),
  ...webhookSettings,
  "log.level": setting(
    oneOf("trace", "debug", "info", "warn", "error"),
    "info",
    "Lowest level of log lines that are written: `trace`, `debug`, `info`, `warn` or `error`.",
    { aliases: [{ name: "REGISTRY_LOGLEVEL" }, { name: "REGISTRY_LOG_LEVEL" }] },
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
