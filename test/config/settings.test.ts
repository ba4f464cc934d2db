import { describe, expect, test } from "bun:test";
import { camelCase, envName } from "../../src/config/names.ts";
import { setting } from "../../src/config/setting.ts";
import { settingKeys, settingOf } from "../../src/config/settings.ts";
import { shownValue } from "../../src/config/show.ts";
import { path } from "../../src/config/values.ts";
import { nearest, snakeCase } from "../../src/spelling.ts";

describe("settings", () => {
  test.each([...settingKeys])("the default of %s parses back to itself", (key) => {
    const { kind, fallback } = settingOf(key);

    expect(String(kind.show(kind.parse(fallback)))).toBe(fallback);
  });

  test("no two settings share a variable", () => {
    const names = settingKeys.flatMap((key) => [
      envName(key),
      `${envName(key)}_FILE`,
      ...(settingOf(key).aliases ?? []).map(({ name }) => name),
    ]);

    expect(names.length).toBe(new Set(names).size);
  });

  test("no setting's name is also a section's", () => {
    const inside = settingKeys.filter((key) =>
      settingKeys.some((other) => key.startsWith(`${other}.`)),
    );

    expect(inside).toEqual([]);
  });

  test("a secret is never shown", () => {
    const secret = setting(path, "none", "A secret.", { secret: true });

    expect(shownValue(secret, "hunter2")).toBe("(hidden)");
    expect(shownValue(setting(path, "none", "Not one."), "hunter2")).toBe("hunter2");
  });
});

describe("names", () => {
  test("a key has one variable and two spellings", () => {
    expect(envName("registry.manifestMaxSize")).toBe("BREADBOX_REGISTRY_MANIFEST_MAX_SIZE");
    expect(snakeCase("manifestMaxSize")).toBe("manifest_max_size");
    expect(camelCase("manifest_max_size")).toBe("manifestMaxSize");
  });

  test.each([
    ["lisen", "listen"],
    ["lsiten", "listen"],
    ["max-body", "maxBody"],
    ["MAXBODY", "maxBody"],
    ["zebra", null],
    ["", null],
  ])("the name nearest to %p is %p", (typed, found) => {
    expect(nearest(typed, ["listen", "maxBody", "shutdownGrace"])).toBe(found);
  });
});
