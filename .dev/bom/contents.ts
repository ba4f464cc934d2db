// What the executable contains: the packages that the bundler really took something from, the packages inside of the explorer's packed
// script, and the runtime with what it links.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bundleDefines, bundleOptions } from "../bundle.ts";

const root = join(import.meta.dir, "..", "..");
/** The explorer's script as its package ships it, and the list of the sources that it was packed from. */
export const explorerScript = "node_modules/@scalar/api-reference/dist/browser/standalone.js";

/** Something of others inside the executable. */
export interface Component {
  readonly name: string;
  /** null where its publisher names none. */
  readonly version: string | null;
  /** An SPDX expression for a package; the publisher's words for a library of the runtime. */
  readonly licence: string;
  /** Of the package's archive, from the lock file: `sha512-<base64>`; null for what is inside of another component. */
  readonly integrity: string | null;
  /** Where its licence's text is, relative to the root; null when it is not installed. */
  readonly folder: string | null;
  readonly inside: readonly Component[];
}

/** Packages that the explorer's script has inside and that this project does not install, with the licence of their package.json in the registry. */
const elsewhere: Readonly<Record<string, string>> = { "unist-util-find-after": "MIT" };

/** All of them, by name. @throws Error for a package without a licence. */
export async function findContents(): Promise<readonly Component[]> {
  const lock = await readLock();
  const folders = [...(await bundledFolders()), explorerFolder];
  const packages = folders.map((folder) => packageAt(folder, lock));
  const inside = await insideExplorer();
  const found = (await Promise.all(packages)).map((each) =>
    each.folder === explorerFolder ? { ...each, inside } : each,
  );
  return [await runtime(), ...found.sort(byName)];
}

const explorerFolder = explorerScript.slice(0, explorerScript.indexOf("/dist/"));
const byName = (a: Component, b: Component): number =>
  a.name === b.name ? Bun.semver.order(a.version ?? "", b.version ?? "") : a.name < b.name ? -1 : 1;

/** Folders of packages of which something is in the bundle: what was only looked at is left out. */
async function bundledFolders(): Promise<readonly string[]> {
  const { metafile } = await Bun.build({
    ...(await bundleOptions()),
    define: bundleDefines,
    minify: { syntax: true },
    metafile: true,
    // Made by the build, one of them from this list.
    external: ["*.gz"],
  });
  const taken = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? file : [])),
  );
  const folders = taken.flatMap(
    (file) => /node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(file) ?? [],
  );
  if (folders.length === 0) throw new Error("the bundler names no package that it took");
  return [...new Set(folders)];
}

async function packageAt(folder: string, lock: Lock): Promise<Component> {
  const { name, version, licence } = await readManifest(folder);
  const key = folder.replace(/^node_modules\//, "").replaceAll("/node_modules/", "/");
  const [id, , , integrity] = lock.packages[key] ?? [];
  if (id !== `${name}@${version}` || integrity === undefined)
    throw new Error(`${folder} is ${name}@${version}, but bun.lock says ${id}`);
  return { name, version, licence, integrity, folder, inside: [] };
}

async function readManifest(folder: string) {
  const { name, version, license } = await Bun.file(join(root, folder, "package.json")).json();
  const licence = typeof license === "string" ? license : license?.type;
  if (typeof licence !== "string") throw new Error(`${folder} names no licence`);
  return { name: String(name), version: String(version), licence };
}

/** The packages that the explorer's publisher packed, at the versions that its source map names. */
async function insideExplorer(): Promise<readonly Component[]> {
  const { sources }: { sources: readonly string[] } = await Bun.file(
    `${root}/${explorerScript}.map`,
  ).json();
  const versions = new Map<string, string | null>();
  for (const source of sources) {
    const [, store] = /\/\.pnpm\/([^/]+)\//.exec(source) ?? [];
    const name = Array.from(source.matchAll(/node_modules\/((?:@[^/]+\/)?[^/.][^/]*)\//g)).at(
      -1,
    )?.[1];
    const [, sibling] = /^\.\.\/\.\.\/\.\.\/([^/.]+)\/dist\//.exec(source) ?? [];
    if (store !== undefined && name !== undefined)
      versions.set(name, /^[^_(]*/.exec(store.slice(name.length + 1))?.[0] ?? null);
    // Of the publisher's own packages the source map names no version.
    else if (sibling !== undefined) versions.set(`@scalar/${sibling}`, null);
  }
  const found = Array.from(versions, ([name, version]) => insideComponent(name, version));
  return (await Promise.all(found)).sort(byName);
}

/** The licence is that of the installed package of this name, which may be of another version. */
async function insideComponent(name: string, version: string | null): Promise<Component> {
  const folder = `node_modules/${name}`;
  const isInstalled = existsSync(`${root}/${folder}/package.json`);
  const licence = isInstalled ? (await readManifest(folder)).licence : elsewhere[name];
  if (licence === undefined) throw new Error(`${name} in the explorer's script: which licence?`);
  return {
    name,
    version,
    licence,
    integrity: null,
    folder: isInstalled ? folder : null,
    inside: [],
  };
}

/** Bun's own words about its licences, of the version that is pinned. */
export const runtimeLicences = "node_modules/bun-types/docs/project/license.mdx";

async function runtime(): Promise<Component> {
  const text = await Bun.file(`${root}/${runtimeLicences}`).text();
  const plain = (cell: string): string => cell.replace(/\[`?([^\]`]+)`?\]\([^)]*\)/g, "$1").trim();
  const rows = Array.from(
    text.matchAll(/^\| (.*?) +\| (.*?) +\|$/gm),
    ([, name = "", licence = ""]) => ({
      ...{ name: plain(name), licence: plain(licence) },
      ...{ version: null, integrity: null, folder: null, inside: [] },
    }),
  );
  const libraries = rows.filter(({ name }) => !/^(Library|Package|-+)$/.test(name));
  const engine = { name: "JavaScriptCore", licence: "LGPL-2", ...nothingElse };
  return {
    ...{ name: "bun", version: Bun.version, licence: "MIT", integrity: null, folder: null },
    inside: [engine, ...libraries],
  };
}
const nothingElse = { version: null, integrity: null, folder: null, inside: [] };

/** The part of `bun.lock` that is read: each package's id, registry, details and hash. */
export interface Lock {
  readonly packages: Readonly<Record<string, readonly [string, string, object, string]>>;
}

export const readLock = async (): Promise<Lock> =>
  Bun.JSONC.parse(await Bun.file(`${root}/bun.lock`).text()) as Lock;
