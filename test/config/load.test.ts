import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SettingKey } from "../../src/config/settings.ts";
import { closeRoom, type Given, load, openRoom, problemsOf } from "./room.ts";

let directory = "";

beforeEach(async () => {
  directory = await openRoom();
});

afterEach(closeRoom);

describe("loadConfig: sources", () => {
  test("without any source every setting has its default", async () => {
    const { config, origins, file, notices } = await load({});

    expect(config).toEqual({
      data: "./breadbox-data",
      ...{ "database.url": "", "database.ca": "", "database.pooled": false },
      ...{ "database.connections": 16, "database.statementTimeout": 30_000 },
      "http.listen": { host: "127.0.0.1", port: 5000 },
      "http.url": "",
      "http.trustedProxies": [],
      "http.tls.certificate": "",
      "http.tls.key": "",
      "http.tls.selfSigned": false,
      "http.tls.hosts": [],
      "http.tls.acme.hosts": [],
      "http.tls.acme.email": "",
      "http.tls.acme.directory": "https://acme-v02.api.letsencrypt.org/directory",
      "http.tls.acme.listen": { host: "", port: 80 },
      "http.tls.minVersion": "1.2",
      "http.tls.clientCa": "",
      "http.shutdownGrace": 60_000,
      "http.maxBody": 0,
      "http.minUploadRate": 1024,
      "auth.mode": "auto",
      "auth.htpasswd": "",
      "auth.htpasswdRights": [],
      "auth.setupLink": "terminal",
      "admin.password": "",
      "registry.manifestMaxSize": 4_194_304,
      "registry.chunkMinSize": 0,
      "registry.sparse": "off",
      "registry.delete": true,
      "registry.readOnly": false,
      "registry.immutableTags": [],
      "storage.uploadTimeout": 3_600_000,
      "storage.staleAfter": 86_400_000,
      "storage.cleanupInterval": 300_000,
      "storage.s3.bucket": "",
      "storage.s3.endpoint": "",
      "storage.s3.region": "us-east-1",
      "storage.s3.prefix": "",
      "storage.s3.addressing": "auto",
      "storage.s3.accessKeyId": "",
      "storage.s3.redirect": "auto",
      "storage.s3.publicEndpoint": "",
      "storage.s3.redirectTtl": 1_200_000,
      "storage.s3.redirectNetworks": [],
      "storage.s3.secretAccessKey": "",
      "storage.s3.checksums": true,
      "storage.s3.equalParts": false,
      "storage.multipart.enabled": true,
      "storage.multipart.maxParts": 10_000,
      "storage.multipart.maxPartBytes": 134_217_728,
      "storage.multipart.maxUploadTtlSeconds": 86_400_000,
      "jobs.cleanup.enabled": true,
      "jobs.cleanup.sweepIntervalSeconds": 300_000,
      "jobs.cleanup.gracePeriodSeconds": 60_000,
      "jobs.cleanup.maxUploadsPerSweep": 200,
      "gc.enabled": true,
      "gc.schedule": "0 3 * * *",
      "gc.timeZone": null,
      "gc.dryRun": false,
      "gc.minAge": 3_600_000,
      ...{ "gc.brake": 0.25, "gc.restoreGrace": 604_800_000 },
      ...{ "backup.target": "", "backup.schedule": "0 2 * * *", "backup.maxAge": 172_800_000 },
      "backup.keep": { days: 7, weeks: 4, months: 12 },
      "gc.untagged.enabled": false,
      "gc.untagged.olderThan": 604_800_000,
      "scrub.enabled": true,
      "scrub.schedule": "30 4 * * 0",
      "scrub.rate": 20_971_520,
      "audit.keep": 90 * 24 * 3_600_000,
      "audit.maxEntries": 1_000_000,
      "log.level": "info",
      "log.format": "auto",
      "metrics.enabled": true,
      webhooks: [],
      "swagger.enabled": true,
    });
    expect(new Set(Object.values(origins).map(({ source }) => source))).toEqual(
      new Set(["default"]),
    );
    expect(file).toBeNull();
    expect(notices).toEqual([]);
  });

  const yaml = "http:\n  listen: :1001\n";
  const registry = { REGISTRY_HTTP_ADDR: ":1002" };
  const own = { BREADBOX_HTTP_LISTEN: ":1003" };
  const flags = { "http.listen": ":1004" };
  const layers: [string, Given, number, string][] = [
    ["the file outranks the default", { yaml }, 1001, "breadbox.yml:2:11"],
    ["REGISTRY_* outranks the file", { yaml, env: registry }, 1002, "REGISTRY_HTTP_ADDR"],
    [
      "BREADBOX_* outranks REGISTRY_*",
      { yaml, env: { ...registry, ...own } },
      1003,
      "BREADBOX_HTTP_LISTEN",
    ],
    [
      "an option outranks everything",
      { yaml, env: { ...registry, ...own }, flags },
      1004,
      "--listen",
    ],
  ];
  test.each(layers)("%s", async (_, given, port, where) => {
    const { config, origins } = await load(given);

    expect(config["http.listen"].port).toBe(port);
    expect(origins["http.listen"].where).toBe(where);
  });

  const aliases: [string, string, SettingKey, unknown][] = [
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry", "data", "/var/lib/registry"],
    ["REGISTRY_HTTP_DRAINTIMEOUT", "90s", "http.shutdownGrace", 90_000],
    ["REGISTRY_UPLOAD_TIMEOUT", "7200", "storage.uploadTimeout", 7_200_000],
    [
      "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE",
      "168h",
      "storage.uploadTimeout",
      604_800_000,
    ],
    [
      "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_INTERVAL",
      "24h",
      "storage.cleanupInterval",
      86_400_000,
    ],
    ["REGISTRY_LOG_LEVEL", "debug", "log.level", "debug"],
    ["REGISTRY_LOG_FORMATTER", "text", "log.format", "pretty"],
    ["REGISTRY_LOG_FORMATTER", "logstash", "log.format", "json"],
    ["REGISTRY_LOG_FORMATTER", "json", "log.format", "json"],
    ["REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED", "false", "metrics.enabled", false],
  ];
  test.each(aliases)("%s=%s sets %s", async (name, text, key, value) => {
    expect((await load({ env: { [name]: text } })).config[key]).toEqual(value as never);
  });

  test("REGISTRY_UPLOAD_TIMEOUT outranks distribution's name for the same, BREADBOX_* outranks both", async () => {
    const both = {
      REGISTRY_UPLOAD_TIMEOUT: "1h",
      REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE: "2h",
    };
    const all = { ...both, BREADBOX_STORAGE_UPLOAD_TIMEOUT: "3h" };

    expect((await load({ env: both })).config["storage.uploadTimeout"]).toBe(3_600_000);
    expect((await load({ env: all })).config["storage.uploadTimeout"]).toBe(10_800_000);
  });

  const spellings: [string, SettingKey, number][] = [
    ["storage: { uploadTimeout: 90 }", "storage.uploadTimeout", 90_000],
    ["storage: { upload_timeout: 90s }", "storage.uploadTimeout", 90_000],
    ["storage: { cleanup_interval: 60 }", "storage.cleanupInterval", 60_000],
    ["http: { min_upload_rate: 2KiB }", "http.minUploadRate", 2048],
    ["http: { minUploadRate: 0 }", "http.minUploadRate", 0],
  ];
  test.each(spellings)("the file may say %s", async (yaml, key, value) => {
    expect((await load({ yaml })).config[key]).toBe(value);
  });

  test.each([
    ["BREADBOX_STORAGE_UPLOAD_TIMEOUT", "0", "is less than the smallest allowed, 1s."],
    ["REGISTRY_UPLOAD_TIMEOUT", "0s", "is less than the smallest allowed, 1s."],
    ["BREADBOX_STORAGE_CLEANUP_INTERVAL", "0", "is less than the smallest allowed, 1s."],
    ["BREADBOX_STORAGE_CLEANUP_INTERVAL", "25d", "is more than the largest allowed, 24d."],
    ["BREADBOX_HTTP_MIN_UPLOAD_RATE", "2GiB", "is more than the largest allowed, 1GiB."],
  ])("%s=%s is refused", async (name, text, reason) => {
    expect((await problemsOf({ env: { [name]: text } })).join()).toContain(reason);
  });

  test("an empty variable counts as not set", async () => {
    const env = { BREADBOX_LOG_LEVEL: "", BREADBOX_CONFIG: "", REGISTRY_HTTP_ADDR: "" };

    expect((await load({ env })).origins["log.level"].source).toBe("default");
  });
});

describe("loadConfig: BREADBOX_*_FILE", () => {
  test("the value is the file's content without its last line break", async () => {
    await writeFile(join(directory, "level"), "debug\r\n");
    const { config, origins } = await load({ env: { BREADBOX_LOG_LEVEL_FILE: "level" } });

    expect(config["log.level"]).toBe("debug");
    expect(origins["log.level"].where).toBe("BREADBOX_LOG_LEVEL_FILE (level)");
  });

  test("a variable and its _FILE form together are refused", async () => {
    const env = { BREADBOX_LOG_LEVEL: "warn", BREADBOX_LOG_LEVEL_FILE: "/run/secrets/level" };

    expect(await problemsOf({ env })).toEqual([
      "BREADBOX_LOG_LEVEL_FILE  BREADBOX_LOG_LEVEL is set too. Keep one of the two.",
    ]);
  });

  test("a file that does not exist is named", async () => {
    expect(await problemsOf({ env: { BREADBOX_DATA_FILE: "/nowhere/data" } })).toEqual([
      "BREADBOX_DATA_FILE  /nowhere/data does not exist.",
    ]);
  });
});

describe("loadConfig: which file", () => {
  beforeEach(() => writeFile(join(directory, "other.yml"), "log: { level: error }"));

  test("a named file is used instead of breadbox.yml", async () => {
    const { config, file } = await load({ yaml: "log: { level: warn }", file: "other.yml" });

    expect(config["log.level"]).toBe("error");
    expect(file).toBe("other.yml");
  });

  test("BREADBOX_CONFIG names the file, and --config outranks it", async () => {
    const env = { BREADBOX_CONFIG: "other.yml" };

    expect((await load({ env })).file).toBe("other.yml");
    expect((await load({ env, yaml: "", file: "breadbox.yml" })).file).toBe("breadbox.yml");
  });

  test("a named file that does not exist is refused", async () => {
    expect(await problemsOf({ file: "missing.yml" })).toEqual(["missing.yml  does not exist."]);
  });

  test("a directory is refused as a file", async () => {
    await mkdir(join(directory, "breadbox.yml"));

    expect(await problemsOf({})).toEqual(["breadbox.yml  is a directory, not a file."]);
  });
});

describe("loadConfig: problems and notices", () => {
  test("the problems of all sources are reported at once", async () => {
    const problems = await problemsOf({
      yaml: "gc:\n  minAge: soon\n  maxAge: 1h\n",
      env: { BREADBOX_LOG_LEVEL: "loud", REGISTRY_HTTP_ADDR: "http://:5000" },
      flags: { data: "" },
    });

    expect(problems.map((line) => line.split("  ")[0])).toEqual([
      "breadbox.yml:3:3",
      "breadbox.yml:2:11",
      "REGISTRY_HTTP_ADDR",
      "BREADBOX_LOG_LEVEL",
      "--data",
    ]);
  });

  test("an unknown BREADBOX_* variable is a warning with a suggestion and without its value", async () => {
    const { notices } = await load({
      env: { BREADBOX_GC_MINAGE: "hunter2", BREADBOX_ZEBRA: "1", BREADBOX_DATA: "/srv" },
    });

    expect(notices).toEqual([
      {
        level: "warn",
        message:
          'BREADBOX_GC_MINAGE is set, but no setting has that name. Did you mean "BREADBOX_GC_MIN_AGE"?',
      },
      { level: "warn", message: "BREADBOX_ZEBRA is set, but no setting has that name." },
    ]);
  });

  test("REGISTRY_* variables without a setting are listed in one line", async () => {
    const env = { REGISTRY_REDIS_ADDR: "x", REGISTRY_HTTP_SECRET: "y", REGISTRY_LOG_LEVEL: "warn" };

    expect((await load({ env })).notices).toEqual([
      { level: "info", message: "not used by Breadbox: REGISTRY_HTTP_SECRET, REGISTRY_REDIS_ADDR" },
    ]);
  });

  test("variables that Kubernetes sets for services called breadbox and registry are ignored", async () => {
    const env = {
      BREADBOX_SERVICE_HOST: "10.0.0.1",
      BREADBOX_SERVICE_PORT: "5000",
      BREADBOX_SERVICE_PORT_HTTP: "5000",
      BREADBOX_PORT: "tcp://10.0.0.1:5000",
      BREADBOX_PORT_5000_TCP: "tcp://10.0.0.1:5000",
      BREADBOX_PORT_5000_TCP_ADDR: "10.0.0.1",
      REGISTRY_PORT: "tcp://10.0.0.2:5000",
      REGISTRY_SERVICE_HOST: "10.0.0.2",
    };
    expect((await load({ env })).notices).toEqual([]);
  });
});
