// What is inside the executable is listed as the bundler took it, under licenses that may be passed on, in the form of CycloneDX.
import { expect, test } from "bun:test";
import { allowedLicenses, packagesOf } from "../../.dev/bom/allowed.ts";
import { type Component, findContents } from "../../.dev/bom/contents.ts";
import { cyclonedx } from "../../.dev/bom/cyclonedx.ts";
import manifest from "../../package.json" with { type: "json" };
import { breadbox } from "../cli/command.ts";

const contents = await findContents();
const packages = packagesOf(contents);
const named = (name: string): Component | undefined => contents.find((each) => each.name === name);

test("every package inside is under a license that is allowed", () => {
  expect(packages.length).toBeGreaterThan(200);
  const others = packages.filter(({ licence }) => !allowedLicenses.includes(licence));
  expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
});

test("every dependency of the program is inside, at the version that is pinned", () => {
  const found = Object.keys(manifest.dependencies).map((name) => [name, named(name)?.version]);
  expect(Object.fromEntries(found)).toEqual(manifest.dependencies);
});

test("tools of development are not inside", () => {
  // The explorer's script is packed from its package.
  const tools = Object.keys(manifest.devDependencies).filter((name) => !name.includes("scalar"));
  expect(tools.filter((name) => named(name) !== undefined)).toEqual([]);
});

test("the runtime is inside, and the explorer's script with what its publisher packed", () => {
  expect(named("bun")?.version).toBe(manifest.packageManager.slice("bun@".length));
  expect(named("bun")?.inside.map(({ name }) => name)).toContain("boringssl");
  const explorer = named("@scalar/api-reference");
  expect(explorer?.inside.find(({ name }) => name === "vue")?.version).toMatch(/^3\./);
});

test("the bill of materials has a reference of its own and a hash for each package", () => {
  const { components, ...document } = JSON.parse(cyclonedx(contents));
  const [bun, ...listed] = components;
  expect(document).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
  expect(bun).toMatchObject({ type: "platform", purl: `pkg:npm/${manifest.packageManager}` });
  const hashes = listed.map(({ hashes }: { hashes: { content: string }[] }) => hashes[0]?.content);
  expect(hashes.filter((hash: string) => !/^[0-9a-f]{128}$/.test(hash))).toEqual([]);
  const references = JSON.stringify(components).match(/"bom-ref":"[^"]+"/g) ?? [];
  expect(new Set(references).size).toBe(references.length);
  expect(document.dependencies[0].dependsOn).toHaveLength(components.length);
});

test("`breadbox licenses` prints the list and the texts, and with --sbom the bill of materials", async () => {
  const notice = await breadbox(["licenses"]);
  expect(notice.out).toContain(`  elysia ${manifest.dependencies.elysia}: MIT\n`);
  expect(notice.out).toContain("Permission is hereby granted, free of charge");
  expect(notice.out).toContain("Bun statically links JavaScriptCore");
  const sbom = await breadbox(["licenses", "--sbom"]);
  expect(JSON.parse(sbom.out)).toEqual(JSON.parse(cyclonedx(contents)));
});
