// The notice for people: what is inside, under which licence, and the texts that those licences want to be passed on.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Component, runtimeLicences } from "./contents.ts";

const root = join(import.meta.dir, "..", "..");

/** Equal texts are printed once, below the names of all whose they are. */
export async function notice(components: readonly Component[]): Promise<string> {
  const all = components.flatMap((component) => [component, ...packagesInside(component)]);
  const texts = new Map<string, string[]>();
  for (const component of all) {
    for (const text of await textsOf(component))
      texts.set(text, [...(texts.get(text) ?? []), titleOf(component)]);
  }
  const runtime = await Bun.file(`${root}/${runtimeLicences}`).text();
  const lines = [
    ...["Breadbox is licensed under the Apache License 2.0. It contains:", ""],
    ...all.map((component) => `  ${titleOf(component)}: ${component.licence}`),
    ...["", rule, "bun", "", runtime.replace(/^---\n[\s\S]*?\n---\n/, "").trim()],
    ...Array.from(texts).flatMap(([text, titles]) => ["", rule, titles.join(", "), "", text]),
  ];
  return `${lines.join("\n")}\n`;
}

const rule = "-".repeat(80);
const titleOf = ({ name, version }: Component): string =>
  version === null ? name : `${name} ${version}`;
/** Libraries of the runtime are in its own text. */
const packagesInside = ({ name, inside }: Component): readonly Component[] =>
  name === "bun" ? [] : inside;

async function textsOf({ folder }: Component): Promise<readonly string[]> {
  if (folder === null) return [];
  const names = (await readdir(`${root}/${folder}`)).filter((name) =>
    /^(licen[sc]e|copying|notice)([-.].*)?$/i.test(name),
  );
  const files = names.sort().map((name) => Bun.file(`${root}/${folder}/${name}`).text());
  return (await Promise.all(files)).map((text) => text.replaceAll("\r\n", "\n").trim());
}
