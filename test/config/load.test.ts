import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadedConfig, loadConfig, type Sources } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import type { SettingKey } from "../../src/config/settings.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "breadbox-config-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

type Given = Partial<Omit<Sources, "directory">> & { readonly yaml?: string | Uint8Array };

async function load({ yaml, ...given }: Given): Promise<LoadedConfig> {
  if (yaml !== undefined) await writeFile(join(directory, "breadbox.yml"), yaml);
  return loadConfig({ flags: {}, env: {}, directory, ...given });
}

/** The problems of a configuration that must be refused. */
async function problemsOf(given: Given): Promise<string[]> {
  try {
    await load(given);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  throw new Error("the configuration was accepted");
}

describe("loadConfig: sources", () => {
  test("without any source every setting has its default", async () => {
    const { config, origins, file, notices } = await load({});

    expect(config).toEqual({
      data: "./breadbox-data",
      "http.listen": { host: "127.0.0.1", port: 5000 },
      "http.shutdownGrace": 60_000,
      "http.maxBody": 0,
      "registry.manifestMaxSize": 4_194_304,
      "gc.minAge": 3_600_000,
      "log.level": "info",
      "log.format": "auto",
      "metrics.enabled": true,
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
    ["REGISTRY_LOG_LEVEL", "debug", "log.level", "debug"],
    ["REGISTRY_LOG_FORMATTER", "text", "log.format", "pretty"],
    ["REGISTRY_LOG_FORMATTER", "logstash", "log.format", "json"],
    ["REGISTRY_LOG_FORMATTER", "json", "log.format", "json"],
    ["REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED", "false", "metrics.enabled", false],
  ];
  test.each(aliases)("%s=%s sets %s", async (name, text, key, value) => {
    expect((await load({ env: { [name]: text } })).config[key]).toEqual(value as never);
  });

  test("a variable that is set to nothing counts as not set", async () => {
    const env = { BREADBOX_LOG_LEVEL: "", BREADBOX_CONFIG: "", REGISTRY_HTTP_ADDR: "" };

    expect((await load({ env })).origins["log.level"].source).toBe("default");
  });
});

describe("loadConfig: BREADBOX_*_FILE", () => {
  test("the value is read from the file, without its last line break", async () => {
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

  test("BREADBOX_CONFIG names a file, the command line names it louder", async () => {
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

describe("loadConfig: the file", () => {
  const accepted: [string, string][] = [
    ["camelCase keys", "gc:\n  minAge: 90\n"],
    ["snake_case keys", "gc:\n  min_age: 90\n"],
    ["a key with dots", "gc.minAge: 90\n"],
    ["CRLF line ends", "gc:\r\n  minAge: 90\r\n"],
    ["a byte order mark", "\ufeffgc:\n  minAge: 90\n"],
    ["a quoted value", 'gc:\n  minAge: "1m30s"\n'],
    ["flow style", "{ gc: { minAge: 90s } }"],
    ["an anchor and its alias", "http: { shutdownGrace: &wait 90s }\ngc: { minAge: *wait }"],
    ["an alias of a whole section", "gc: &gc\n  minAge: 90s\nlog:\n"],
  ];
  test.each(accepted)("%s are accepted", async (_, yaml) => {
    expect((await load({ yaml })).config["gc.minAge"]).toBe(90_000);
  });

  const empty: [string, string][] = [
    ["an empty file", ""],
    ["a file of comments", "# later\n\n"],
    ["a file with an empty document", "---\n...\n"],
    ["a section without settings", "http:\nlog: {}\n"],
  ];
  test.each(empty)("%s leaves the defaults", async (_, yaml) => {
    const { origins, file } = await load({ yaml });

    expect(Object.values(origins).every(({ source }) => source === "default")).toBe(true);
    expect(file).toBe("breadbox.yml");
  });

  const refused: [string, string, string[]][] = [
    [
      "an unknown key, with the nearest one of its section",
      "http:\n  lisen: :5000\n",
      ['breadbox.yml:2:3  unknown key "lisen" in http. Did you mean "listen"?'],
    ],
    [
      "an unknown key in snake_case, with a suggestion in snake_case",
      "http:\n  shutdwon_grace: 5\n",
      ['breadbox.yml:2:3  unknown key "shutdwon_grace" in http. Did you mean "shutdown_grace"?'],
    ],
    [
      "a setting outside its section, with the section it belongs to",
      "listen: :5000\n",
      ['breadbox.yml:1:1  unknown key "listen". Did you mean "http.listen"?'],
    ],
    [
      "an unknown key that resembles none",
      "zebra: 1\n",
      ['breadbox.yml:1:1  unknown key "zebra".'],
    ],
    [
      "a misspelt section",
      "htpp:\n  listen: :5000\n",
      ['breadbox.yml:1:1  unknown key "htpp". Did you mean "http"?'],
    ],
    [
      "the same key twice",
      "log:\n  level: info\n  level: warn\n",
      ["breadbox.yml:3:3  log.level is already set at breadbox.yml:2:3. Keep one of the two."],
    ],
    [
      "both spellings of a key",
      "gc:\n  minAge: 1\n  min_age: 2\n",
      ["breadbox.yml:3:3  gc.minAge is already set at breadbox.yml:2:3. Keep one of the two."],
    ],
    [
      "the same section twice",
      "log: { level: info }\nlog: { format: json }\n",
      ["breadbox.yml:2:1  log is already set at breadbox.yml:1:1. Keep one of the two."],
    ],
    [
      "a value of the wrong kind, at its own position",
      "gc:\n  minAge:   5x\n",
      ['breadbox.yml:2:13  gc.minAge: "5x" is not a duration. Examples: 90s, 15m, 24h, 7d.'],
    ],
    [
      "a setting without a value",
      "http:\n  listen:\n",
      ["breadbox.yml:2:3  http.listen has no value. Write one or remove the line."],
    ],
    [
      "a list where one value belongs",
      "http:\n  listen: [1, 2]\n",
      ["breadbox.yml:2:3  http.listen takes one value."],
    ],
    [
      "a value where a section belongs",
      "http: 5000\n",
      ["breadbox.yml:1:1  http is a section: write its settings below it, indented."],
    ],
    [
      "a list at the top",
      "- http\n",
      [
        'breadbox.yml:1:1  holds no settings. Write lines such as "http:" and below it "  listen: …".',
      ],
    ],
    [
      "a second document",
      "log: {}\n---\ngc: {}\n",
      ["breadbox.yml:2:1  a second document begins here; only one can be used."],
    ],
    [
      "text that is not YAML",
      "http:\n  listen: a: b\n",
      [
        "breadbox.yml:2:11  is not valid YAML: Nested mappings are not allowed in compact mappings.",
      ],
    ],
    [
      "an alias without an anchor",
      "gc: { minAge: *nowhere }\n",
      ["breadbox.yml:1:15  no anchor &nowhere stands before this."],
    ],
    [
      "an alias without an anchor for a section",
      "gc: *nowhere\n",
      ["breadbox.yml:1:1  gc is a section: write its settings below it, indented."],
    ],
  ];
  test.each(refused)("%s is refused", async (_, yaml, problems) => {
    expect(await problemsOf({ yaml })).toEqual(problems);
  });

  test("a file larger than 1 MiB is refused without reading on", async () => {
    const yaml = `# ${"x".repeat(2 ** 20)}\n`;

    expect(await problemsOf({ yaml })).toEqual(["breadbox.yml  is larger than 1024 KiB."]);
  });

  test("brackets nested 100,000 deep are refused", async () => {
    const yaml = "[".repeat(100_000);

    expect(await problemsOf({ yaml })).toEqual(["breadbox.yml  is nested too deeply."]);
  });

  test("a file that is not UTF-8 is refused", async () => {
    const yaml = new Uint8Array([0x6c, 0x6f, 0x67, 0x3a, 0x20, 0xff, 0xfe]);

    expect(await problemsOf({ yaml })).toEqual([
      "breadbox.yml  is not UTF-8 text. Save it as UTF-8.",
    ]);
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

  test("what Kubernetes sets for services called breadbox and registry is passed over", async () => {
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

  test("a setup that asks for a login is refused, not opened to everyone", async () => {
    const env = { REGISTRY_AUTH: "htpasswd", REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd" };

    expect(await problemsOf({ env })).toEqual([
      "REGISTRY_AUTH, REGISTRY_AUTH_HTPASSWD_PATH  asks for a login, and this version of Breadbox has none: everyone could push. Unset it to start without.",
    ]);
  });
});
