import { expect, test } from "bun:test";
import { configurationDocument } from "../../src/config/document.ts";
import { envName } from "../../src/config/names.ts";
import { settingKeys } from "../../src/config/settings.ts";

const page = `${import.meta.dir}/../../docs/CONFIGURATION.md`;

test("docs/CONFIGURATION.md equals the document generated from the settings table", async () => {
  const current = (await Bun.file(page).text()) === configurationDocument();

  expect(current, "run: sh .dev/bun src/main.ts config docs > docs/CONFIGURATION.md").toBe(true);
});

test("docs/CONFIGURATION.md has every setting and its variable", () => {
  const text = configurationDocument();

  const absent = settingKeys.filter(
    (key) => !text.includes(`\`${key}\``) || !text.includes(envName(key)),
  );
  expect(absent).toEqual([]);
});
