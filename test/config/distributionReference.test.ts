// Every key of distribution's configuration reference (versions 2.8 and 3), as a variable and in a file: it works, is refused by name, or is
// named in a line of its own. No fourth way.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadForeignFile } from "../../src/config/foreignFile.ts";
import type { LoadedConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import type { SettingKey } from "../../src/config/settings.ts";
import { closeRoom, load, openRoom } from "./room.ts";

let directory = "";
beforeEach(async () => {
  directory = await openRoom();
});
afterEach(closeRoom);

type Key = readonly [path: string, value: string | number | boolean];
/** What distribution wants to be set as well. */
const companions: readonly (readonly [key: RegExp, others: readonly Key[]])[] = [
  [/^http\.tls\.certificate$/, [["http.tls.key", "/key"]]],
  [/^http\.tls\.key$/, [["http.tls.certificate", "/certificate"]]],
  [
    /^http\.tls\.clientcas\.0$/,
    [
      ["http.tls.certificate", "/certificate"],
      ["http.tls.key", "/key"],
    ],
  ],
];
const withCompanions = (key: Key): readonly Key[] => [
  key,
  ...companions.flatMap(([name, others]) => (name.test(key[0]) ? others : [])),
];

const nameOf = ([path]: Key): string => `REGISTRY_${path.replaceAll(".", "_").toUpperCase()}`;

function loadVariables(key: Key): Promise<LoadedConfig> {
  const all = withCompanions(key).map((each) => [nameOf(each), String(each[1])]);
  return load({ env: Object.fromEntries(all) });
}

async function loadFile(key: Key): Promise<LoadedConfig> {
  const root: Record<string, unknown> = { version: 0.1 };
  for (const [path, value] of withCompanions(key)) put(root, path.split("."), value);
  const file = join(directory, "config.yml");
  await Bun.write(file, Bun.YAML.stringify(root));
  return loadForeignFile(file);
}

function put(
  into: Record<string, unknown>,
  [name = "", ...rest]: readonly string[],
  value: unknown,
) {
  if (rest.length === 0) into[name] = value;
  else if (rest[0] === "0") into[name] = [rest.length === 1 ? value : nested(rest.slice(1), value)];
  else {
    const known = into[name];
    const inner = typeof known === "object" && known !== null ? { ...known } : {};
    into[name] = inner;
    put(inner, rest, value);
  }
}

function nested(path: readonly string[], value: unknown): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  put(made, path, value);
  return made;
}

/** Texts of what was said about a configuration. */
const said = ({ notices }: Pick<LoadedConfig, "notices">, level: "info" | "warn"): string =>
  notices
    .filter((notice) => notice.level === level)
    .map(({ message }) => message)
    .join("\n");

/** The problems of a configuration, one a line; "" when it has none. */
async function refusalOf(loading: Promise<LoadedConfig>): Promise<string> {
  try {
    await loading;
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

describe("a key of distribution that works", () => {
  test.each<[...Key, SettingKey, unknown]>([
    ["log.level", "debug", "log.level", "debug"],
    ["log.formatter", "text", "log.format", "pretty"],
    ["log.formatter", "json", "log.format", "json"],
    ["log.formatter", "logstash", "log.format", "json"],
    ["loglevel", "debug", "log.level", "debug"],
    ["storage.filesystem.rootdirectory", "/srv", "data", "/srv"],
    ["storage.delete.enabled", false, "registry.delete", false],
    ["storage.delete.enabled", true, "registry.delete", true],
    ["storage.maintenance.uploadpurging.age", "168h", "storage.uploadTimeout", 604_800_000],
    ["storage.maintenance.uploadpurging.interval", "24h", "storage.cleanupInterval", 86_400_000],
    ["storage.maintenance.uploadpurging.enabled", false, "storage.uploadTimeout", 315_360_000_000],
    ["storage.maintenance.uploadpurging.dryrun", true, "storage.uploadTimeout", 315_360_000_000],
    ["storage.maintenance.readonly.enabled", true, "registry.readOnly", true],
    ["auth.htpasswd.path", "/users", "auth.htpasswd", "/users"],
    [
      ...(["auth.htpasswd.path", "/users", "auth.htpasswdRights"] as const),
      ["pull", "push", "overwrite"],
    ],
    ["http.addr", ":5000", "http.listen", { host: "", port: 5000 }],
    ["http.host", "https://r.example:5000", "http.url", "https://r.example:5000"],
    ["http.draintimeout", "60s", "http.shutdownGrace", 60_000],
    ["http.tls.certificate", "/c", "http.tls.certificate", "/c"],
    ["http.tls.key", "/k", "http.tls.key", "/k"],
    ["http.tls.clientcas.0", "/ca", "http.tls.clientCa", "/ca"],
    ["http.tls.minimumtls", "tls1.2", "http.tls.minVersion", "1.2"],
    ["http.tls.minimumtls", "tls1.3", "http.tls.minVersion", "1.3"],
    ["http.debug.prometheus.enabled", false, "metrics.enabled", false],
    ["validation.manifests.indexes.platforms", "all", "registry.sparse", "off"],
    ["validation.manifests.indexes.platforms", "None", "registry.sparse", "indexes"],
  ])("%s: %p", async (path, value, key, set) => {
    const key0: Key = [path, value];
    for (const loaded of [await loadVariables(key0), await loadFile(key0)]) {
      expect(loaded.config[key]).toEqual(set as never);
      expect(loaded.origins[key].where).toBe(nameOf(key0));
      expect(said(loaded, "info")).not.toContain("not used");
    }
  });
});

describe("a key of distribution that is refused", () => {
  const s3 = [
    ...["accesskey", "secretkey", "region", "regionendpoint", "forcepathstyle", "accelerate"],
    ...["bucket", "encrypt", "keyid", "secure", "v4auth", "chunksize", "multipartcopychunksize"],
    ...["multipartcopymaxconcurrency", "multipartcopythresholdsize", "rootdirectory"],
    ...["usedualstack", "loglevel"],
  ].map((name): Key => [`storage.s3.${name}`, "x"]);
  const azure = ["accountname", "accountkey", "container", "rootdirectory", "max_retries"].map(
    (name): Key => [`storage.azure.${name}`, "x"],
  );
  const gcs = ["bucket", "keyfile", "credentials.type", "rootdirectory", "chunksize"].map(
    (name): Key => [`storage.gcs.${name}`, "x"],
  );
  const token = ["autoredirect", "realm", "service", "issuer", "rootcertbundle", "jwks"].map(
    (name): Key => [`auth.token.${name}`, "x"],
  );
  const letsencrypt = ["cachefile", "email", "hosts.0", "directoryurl"].map(
    (name): Key => [`http.tls.letsencrypt.${name}`, "x"],
  );
  const endpoint = ["name", "disabled", "url", "headers.X-A.0", "timeout", "threshold"].map(
    (name): Key => [`notifications.endpoints.0.${name}`, "x"],
  );
  const hook = ["type", "disabled", "levels.0", "options.smtp.addr", "options.from"].map(
    (name): Key => [`log.hooks.0.${name}`, "x"],
  );
  const checks = ["file.0.file", "http.0.uri", "http.0.headers.A.0", "tcp.0.addr"].map(
    (name): Key => [`health.${name}`, "x"],
  );

  test.each<Key>([
    ...[...s3, ...azure, ...gcs, ...token, ...letsencrypt, ...endpoint, ...hook, ...checks],
    ["storage.inmemory", "null"],
    ["storage.swift.container", "x"],
    ["storage.oss.bucket", "x"],
    ["auth.silly.realm", "x"],
    ["auth.silly.service", "x"],
    ["auth.token.signingalgorithms.0", "EdDSA"],
    ["middleware.registry.0.name", "x"],
    ["middleware.repository.0.options.foo", "x"],
    ["middleware.storage.0.name", "cloudfront"],
    ["http.net", "unix"],
    ["http.prefix", "/my/nested/registry/"],
    ["http.tls.clientcas.1", "/other"],
    ["http.tls.clientauth", "request-client-cert"],
    ["http.tls.ciphersuites.0", "TLS_AES_128_GCM_SHA256"],
    ["http.headers.Access-Control-Allow-Origin.0", "*"],
    ["http.h2c.enabled", true],
    ["proxy.remoteurl", "https://registry-1.docker.io"],
    ["policy.repository.classes.0", "image"],
    ["validation.manifests.urls.allow.0", "^https://"],
    ["validation.manifests.urls.deny.0", "^https://"],
    ["validation.manifests.indexes.platforms", "list"],
    ["validation.manifests.indexes.platformlist.0.os", "linux"],
    ["reporting.bugsnag.apikey", "x"],
    ["compatibility.schema1.enabled", true],
    ["notifications.events.includereferences", true],
  ])("%s: %p", async (path, value) => {
    const key: Key = [path, value];
    expect(await refusalOf(loadVariables(key))).toContain(nameOf(key));
    if (path === "http.tls.clientcas.1") return; // alone in a list it is the first
    const inFile = path.toLowerCase().replaceAll("_", ".");
    expect(await refusalOf(loadFile(key))).toContain(inFile);
  });

  test.each(["inmemory", "s3"])("storage.%s without a value", async (driver) => {
    const file = join(directory, "config.yml");
    await Bun.write(file, `version: 0.1\nstorage:\n  ${driver}:\n`);

    expect(await refusalOf(loadForeignFile(file))).toContain(
      `storage.${driver}  asks for a storage by distribution's own names`,
    );
  });
});

describe("a key of distribution without which nothing is missing is named", () => {
  const redis = ["addr", "addrs.0", "password", "db", "dialtimeout", "poolsize", "tls.enabled"].map(
    (name): Key => [`redis.${name}`, "x"],
  );

  test.each<Key>([
    ...redis,
    ["log.accesslog.disabled", true],
    ["log.fields.service", "registry"],
    ["log.reportcaller", true],
    ["storage.filesystem.maxthreads", 100],
    ["storage.tag.concurrencylimit", 8],
    ["storage.redirect.disable", true],
    ["storage.cache.blobdescriptor", "redis"],
    ["storage.cache.blobdescriptorsize", 10_000],
    ["storage.maintenance.uploadpurging.enabled", true],
    ["storage.maintenance.uploadpurging.dryrun", false],
    ["auth.htpasswd.realm", "Registry"],
    ["http.net", "tcp"],
    ["http.prefix", "/"],
    ["http.secret", "hush"],
    ["http.relativeurls", true],
    ["http.headers.X-Content-Type-Options.0", "nosniff"],
    ["http.http2.disabled", true],
    ["http.h2c.enabled", false],
    ["http.tls.clientauth", "require-and-verify-client-cert"],
    ["health.storagedriver.enabled", true],
    ["health.storagedriver.interval", "10s"],
    ["health.storagedriver.threshold", 3],
    ["notifications.events.includereferences", false],
    ["proxy.ttl", "168h"],
    ["proxy.username", "ann"],
    ["catalog.maxentries", 1000],
    ["validation.enabled", true],
    ["validation.disabled", true],
    ["compatibility.schema1.enabled", false],
    ["compatibility.schema1.trustkey", "/key"],
  ])("%s: %p", async (path, value) => {
    const key: Key = [path, value];
    const inFile = path.toLowerCase().replaceAll("_", ".");
    const message = (name: string) => `not used by Breadbox: ${name}`;
    // A variable keeps the spelling that it has.
    expect(said(await loadVariables(key), "info")).toBe(message(nameOf(key)));
    expect(said(await loadFile(key), "info")).toBe(message(inFile));
  });
});

describe("a key of distribution that needs a word", () => {
  test.each<[...Key, string]>([
    ["http.debug.addr", ":5001", "opens no second port"],
    ["http.debug.prometheus.path", "/m", "opens no second port"],
    ["http.tls.certificat", "/c", "has no effect"],
    ["storrage.delete.enabled", false, "has no effect"],
  ])("%s: %p", async (path, value, word) => {
    const key: Key = [path, value];
    expect(said(await loadVariables(key), "warn")).toStartWith(`${nameOf(key)} ${word}`);
    expect(said(await loadFile(key), "warn")).toStartWith(`${path} ${word}`);
  });
});
