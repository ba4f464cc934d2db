// Keeps the house in order: who may import whom, what is reserved for one room, how large a file may be.
// `any`, non-null assertions and import cycles are kept out by Biome.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { circles, importObjection, sourceObjections } from "./support/houseRules.ts";
import {
  fileObjections,
  pathObjections,
  placeObjections,
  versionObjections,
} from "./support/textRules.ts";

const root = join(import.meta.dir, "..");

/** Files that are ours, written by hand or generated and reviewed; binary ones are left out. */
async function projectFiles(...patterns: string[]): Promise<{ file: string; text: string }[]> {
  const notOurs =
    /^(?:\.git$|(?:\.git|node_modules|dist|\.dev\/cache|src\/(?:http\/ops|pages)\/assets|breadbox-data)\/)/;
  const names = new Set<string>();
  for (const pattern of patterns) {
    for await (const file of new Bun.Glob(pattern).scan({ cwd: root, dot: true })) names.add(file);
  }
  const ours = [...names].filter((file) => !notOurs.test(file)).sort();
  const read = async (file: string) => ({ file, text: await Bun.file(join(root, file)).text() });
  const files = await Promise.all(ours.map(read));
  return files.filter(({ text }) => !text.includes("\0"));
}

const sources = "src/**/*.{ts,tsx}";
const code = ["build.ts", sources, "test/**/*.ts", ".dev/**/*.ts"];
const everything = ["*", "{src,test,docs,drizzle,examples,.dev,.ci}/**"];

describe("the source tree", () => {
  test("every file in src imports only what its folder may import", async () => {
    const files = await projectFiles(sources);

    expect(files.length).toBeGreaterThan(10);
    expect(
      files.flatMap(({ file, text }) => sourceObjections(file.slice("src/".length), text)),
    ).toEqual([]);
  });

  test("no two folders import each other, types included", async () => {
    const files = await projectFiles(sources);

    expect(
      circles(files.map(({ file, text }) => ({ file: file.slice("src/".length), text }))),
    ).toEqual([]);
  });

  test("nothing outside storage names the path of stored bytes", async () => {
    const files = await projectFiles(sources);

    expect(
      files.flatMap(({ file, text }) => pathObjections(file.slice("src/".length), text)),
    ).toEqual([]);
  });

  test("no code file is long or a barrel", async () => {
    const files = await projectFiles(...code);

    expect(files.map(({ file }) => file)).toContain("build.ts");
    expect(files.flatMap(({ file, text }) => fileObjections(file, text))).toEqual([]);
  });

  test("no file names a path of one machine or a host of a package service", async () => {
    const aboutThem = /^test\/(?:architecture\.test|support\/textRules)\.ts$/;
    const files = await projectFiles(...everything);

    expect(files.map(({ file }) => file)).toContain(".dev/bun");
    expect(
      files.flatMap(({ file, text }) => (aboutThem.test(file) ? [] : placeObjections(file, text))),
    ).toEqual([]);
  });

  test("every dependency is pinned to one version", () => {
    expect(versionObjections(manifest.dependencies)).toEqual([]);
    expect(versionObjections(manifest.devDependencies)).toEqual([]);
  });

  test("the types of Bun are those of the Bun that is pinned", () => {
    expect(manifest.packageManager).toBe(`bun@${manifest.devDependencies["@types/bun"]}`);
  });
});

describe("importObjection", () => {
  test.each([
    ["registry/blobs.ts", "../uploads/session.ts", "registry may not import uploads"],
    ["uploads/uploads.ts", "../metadata/metadata.ts", "uploads may not import metadata"],
    ["http/oci/blobs.ts", "../../storage/filesystem.ts", "http may not import storage"],
    ["http/app.ts", "../config/load.ts", "http may not import config"],
    ["content/digest.ts", "../registry/names.ts", "content may not import registry"],
    ["content/commit.ts", "../storage/storage.ts", "content may not import storage"],
    ["jobs/worker.ts", "../metadata/sqlite/open.ts", "jobs may not import metadata"],
    ["wiring.ts", "./storage/filesystem/filesystem.ts", "wiring.ts may not import storage"],
    ["wiring.ts", "./cli/serve.ts", "wiring.ts may not import cli"],
    ["errors.ts", "./content/digest.ts", "errors.ts may not import content"],
    ["main.ts", "./wiring.ts", "main.ts may not import wiring.ts"],
    ["cli/serve.ts", "../http/server.ts", "cli may not import http"],
    ["storage/s3.ts", "../../drizzle/sqlite/0000.sql", "storage may not import drizzle"],
    ["helpers/text.ts", "../errors.ts", "helpers is no room of the house"],
    ["registry/tags.ts", "elysia", "elysia belongs to http/"],
    ["http/app.ts", "drizzle-orm/bun-sqlite", "drizzle-orm belongs to metadata/"],
    ["storage/filesystem.ts", "bun:sqlite", "bun:sqlite belongs to metadata/"],
    ["http/oci/blobs.ts", "yaml", "yaml belongs to config/"],
    ["http/app.ts", "left-pad", "left-pad has no owner yet"],
  ])("%s may not import %s", (file, specifier, objection) => {
    expect(importObjection(file, specifier)).toBe(objection);
  });

  test.each([
    ["http/oci/blobs.ts", "../../registry/blobs.ts"],
    ["registry/blobs.ts", "../errors.ts"],
    ["storage/filesystem.ts", "node:fs/promises"],
    ["metadata/sqlite/open.ts", "../../../drizzle/sqlite/0000_registry.sql"],
    ["jobs/worker.ts", "../ports.ts"],
    ["ports.ts", "./storage/filesystem/filesystem.ts"],
  ])("%s may import %s", (file, specifier) => {
    expect(importObjection(file, specifier)).toBeNull();
  });

  test.each([
    ["registry/blobs.ts", "../metadata/metadata.ts", null],
    ["metadata/metadata.ts", "../registry/tags.ts", "metadata may not import types of registry"],
    ["uploads/uploads.ts", "../registry/tags.ts", "uploads may not import types of registry"],
  ])("types: %s and %s", (file, specifier, objection) => {
    expect(importObjection(file, specifier, "type")).toBe(objection);
  });

  test("only the rooms listed for it may import the file system", () => {
    expect(importObjection("uploads/uploads.ts", "node:fs")).toStartWith("node:fs belongs to");
    expect(importObjection("http/body.ts", "node:fs/promises")).toStartWith("node:fs belongs to");
  });
});

describe("circles", () => {
  const file = (name: string, ...imports: string[]) => ({
    file: name,
    text: imports.map((path) => `import type { It } from "${path}";\n`).join(""),
  });

  test("are found over any number of rooms, and not within one", () => {
    const files = [
      file("a/one.ts", "./two.ts", "../b/one.ts"),
      file("a/two.ts", "./one.ts"),
      file("b/one.ts", "../c.ts"),
      file("c.ts", "./a/two.ts"),
      file("d/one.ts", "../a/one.ts"),
    ];

    expect(circles(files)).toEqual(["a -> b -> c.ts -> a"]);
    expect(circles(files.filter((it) => it.file !== "c.ts"))).toEqual([]);
  });
});

describe("sourceObjections", () => {
  test.each([
    [
      "a value import",
      'import { open } from "../storage/filesystem.ts"; open();',
      "may not import",
    ],
    ["a late import", 'await import("../metadata/sqlite/open.ts");', "may not import"],
    ["the environment", "const level = process.env.LEVEL;", "the environment is read in config/"],
    ["the clock", "const now = Date.now();", "the clock is passed in"],
    ["the clock as a date", "const now = new Date();", "the clock is passed in"],
    ["a fresh id", "const id = crypto.randomUUID();", "ids and randomness are passed in"],
    ["a sortable id", "const id = Bun.randomUUIDv7();", "ids and randomness are passed in"],
    ["an exit", "process.exit(1);", "only main.ts ends the process"],
    ["a default export", "export default 1;", "exports are named"],
    ["a barrel", 'export * from "./names.ts";', "no barrels"],
    ["a named barrel", 'export { parseTag } from "./names.ts";', "no barrels"],
  ])("%s in a domain room is named", (_, source, rule) => {
    const found = sourceObjections("registry/planted.ts", source);

    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith("src/registry/planted.ts ");
    expect(found[0]).toContain(rule);
  });

  test("types, comments and dates made from a number break nothing", () => {
    const source = `
      // Date.now() is passed in; process.env is not read here.
      import type { Storage } from "../storage/storage.ts";
      import { type Metadata } from "../metadata/metadata.ts";
      export const stamp = (at: number, _ports: [Storage, Metadata]) => new Date(at).toISOString();
    `;
    expect(sourceObjections("registry/innocent.ts", source)).toEqual([]);
  });
});

describe("pathObjections", () => {
  const source = "export interface Part { readonly tempPath: string; readonly folder: string }";

  test("words for places in a room that is given ports are named, in types as well", () => {
    expect(pathObjections("objects/planted.ts", source)).toEqual([
      "src/objects/planted.ts has tempPath: only storage/ knows where bytes are",
      "src/objects/planted.ts has folder: only storage/ knows where bytes are",
    ]);
  });

  test.each(["jobs/worker.ts", "metadata/rows/planted.ts", "wiring.ts", "tool.ts"])(
    "%s",
    (file) => {
      expect(pathObjections(file, source)).toHaveLength(2);
    },
  );

  test("storage may use them, and comments and texts may everywhere", () => {
    expect(pathObjections("storage/filesystem/parts.ts", source)).toEqual([]);
    expect(pathObjections("gc/innocent.ts", '// A path.\nconst said = "the directory";')).toEqual(
      [],
    );
  });
});

describe("fileObjections, placeObjections, versionObjections", () => {
  test("a file of 301 lines is too long, one of 300 is not", () => {
    expect(fileObjections("src/a.ts", "x\n".repeat(301))).toHaveLength(1);
    expect(fileObjections("src/a.ts", "x\n".repeat(300))).toEqual([]);
  });

  test("an index file is a barrel", () => {
    expect(fileObjections("src/registry/index.ts", "")).toHaveLength(1);
  });

  test("paths of a machine and hosts of package services are named", () => {
    expect(placeObjections("a", "see /home/ann/notes")).toEqual(["a names /home/a"]);
    expect(placeObjections("a", `https://registry.${"npmjs"}.org/x`)).toHaveLength(1);
    expect(placeObjections("a", `/v2/team/${"work"}/manifests and dist/root/x`)).toEqual([]);
  });

  test("ranges and tags are not versions", () => {
    expect(versionObjections({ a: "^1.2.3", b: "latest", c: "1.2.3", d: "1.x" })).toHaveLength(3);
  });
});
