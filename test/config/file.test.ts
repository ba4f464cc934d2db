import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

beforeEach(async () => {
  await openRoom();
});

afterEach(closeRoom);

test("a distribution configuration file is refused with the Breadbox name of each key", async () => {
  const yaml = [
    "version: 0.1",
    "storage:",
    "  filesystem: { rootdirectory: /var/lib/registry, maxthreads: 100 }",
    "  delete: { enabled: true }",
    "  maintenance: { readonly: { enabled: true } }",
    "http:",
    "  addr: :5000",
  ].join("\n");

  expect(await problemsOf({ yaml })).toEqual([
    expect.stringContaining('unknown key "version"'),
    "breadbox.yml:3:3  storage.filesystem.rootdirectory is data here.",
    "breadbox.yml:4:3  storage.delete.enabled is registry.delete here.",
    "breadbox.yml:5:3  storage.maintenance.readonly.enabled is registry.readOnly here.",
    "breadbox.yml:7:3  http.addr is http.listen here.",
  ]);
});

describe("loadConfig: the contents of a file", () => {
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
  test.each(empty)("%s leave the defaults", async (_, yaml) => {
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
      "a file written for distribution/distribution",
      "version: 0.1\n",
      [
        'breadbox.yml:1:1  unknown key "version". This is a configuration file of distribution/distribution: "breadbox config import FILE > breadbox.yml" turns it into one of Breadbox.',
      ],
    ],
    [
      "a key with a terminal's escape codes, which are not passed on",
      '"\\e[31m": 1\n',
      ['breadbox.yml:1:1  unknown key "\\u001b[31m".'],
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
      ['breadbox.yml:1:15  there is no anchor &nowhere above; quote values that begin with "*".'],
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

  test("a file larger than 1 MiB is refused without being read whole", async () => {
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
