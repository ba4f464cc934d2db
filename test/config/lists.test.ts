import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { listOf, network, tagPattern } from "../../src/config/lists.ts";
import { closeRoom, load, openRoom, problemsOf } from "./room.ts";

describe("a list", () => {
  const kind = listOf(tagPattern);

  test.each<[string, readonly string[], string]>([
    ["", [], ""],
    ["v*", ["v*"], "v*"],
    [" v* , prod/**:v?, ", ["v*", "prod/**:v?"], "v*,prod/**:v?"],
  ])("%p holds %p and is shown as %p", (text, values, shown) => {
    expect(kind.parse(text)).toEqual(values);
    expect(kind.show(values)).toBe(shown);
  });

  test.each(["v 1", "a:b:c", "Prod:v*", "v/*", ":v*", "prod:", "v[12]"])(
    "%p is no pattern for tags",
    (text) => {
      expect(() => kind.parse(`ok,${text}`)).toThrow(
        `holds ${JSON.stringify(text)}, which is not a pattern for tags`,
      );
    },
  );
});

describe("a list of networks", () => {
  const kind = listOf(network);

  test("holds addresses and networks of both families, and is shown as it was written", () => {
    const text = "127.0.0.1,10.0.0.0/8,fd00::/8,::1,0.0.0.0/0";

    expect(kind.parse(text)).toEqual([
      { address: "127.0.0.1", bits: 32 },
      { address: "10.0.0.0", bits: 8 },
      { address: "fd00::", bits: 8 },
      { address: "::1", bits: 128 },
      { address: "0.0.0.0", bits: 0 },
    ]);
    expect(String(kind.show(kind.parse(text)))).toBe(text);
  });

  test.each([
    "proxy.lan",
    "10.0.0.0/33",
    "::1/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0",
  ])("%p is no network", (text) => {
    expect(() => kind.parse(text)).toThrow("which is no address and no network");
  });
});

describe("a list in a configuration", () => {
  beforeEach(async () => {
    await openRoom();
  });
  afterEach(closeRoom);

  const lists: [string, string][] = [
    ["a YAML list", 'registry:\n  immutableTags:\n    - v*\n    - "*:stable"\n'],
    ["a YAML list in one line", 'registry: { immutable_tags: [v*, "*:stable"] }\n'],
    ["a text with commas", 'registry:\n  immutableTags: "v*,*:stable"\n'],
  ];
  test.each(lists)("may be %s", async (_, yaml) => {
    const { config } = await load({ yaml });

    expect(config["registry.immutableTags"]).toEqual(["v*", "*:stable"]);
  });

  test("may be a variable, and an empty list in the file is empty", async () => {
    const yaml = "registry:\n  immutableTags: []\n";
    const env = { BREADBOX_REGISTRY_IMMUTABLE_TAGS: "v*,*:stable" };

    expect((await load({ yaml })).config["registry.immutableTags"]).toEqual([]);
    expect((await load({ yaml, env })).config["registry.immutableTags"]).toEqual([
      "v*",
      "*:stable",
    ]);
  });

  const refused: [string, string, string[]][] = [
    [
      "a list in a list",
      "registry:\n  immutableTags: [[v*]]\n",
      [
        'breadbox.yml:2:3  registry.immutableTags takes a list of plain values; quote what begins with "*".',
      ],
    ],
    [
      "an asterisk without quotes, which YAML reads as an alias",
      "registry:\n  immutableTags: [*stable]\n",
      [
        'breadbox.yml:2:3  registry.immutableTags takes a list of plain values; quote what begins with "*".',
      ],
    ],
    [
      "an item that is no pattern",
      "registry:\n  immutableTags: [v*, a b]\n",
      [
        'breadbox.yml:2:18  registry.immutableTags: "v*,a b" holds "a b", which is not a pattern for tags. Examples: v*, prod/**:v*, *:stable.',
      ],
    ],
  ];
  test.each(refused)("%s is refused", async (_, yaml, problems) => {
    expect(await problemsOf({ yaml })).toEqual(problems);
  });
});
