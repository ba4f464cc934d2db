// A data directory and its database belong together: a lost or foreign database is noticed before anything is written.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { assertStore, readFormat, writeFormat } from "../../src/metadata/format.ts";
import {
  isOperatorError,
  NoStoreError,
  StoreMismatchError,
} from "../../src/metadata/openErrors.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";
import { openIn } from "./database.ts";

/** A directory that was served from and closed. */
async function usedDirectory(scope: Scope): Promise<{ directory: string; storeId: string }> {
  const directory = tempFolder(scope, "format");
  const { metadata, storeId } = await openIn(scope, directory);
  await metadata.close();
  return { directory, storeId };
}

describe("a data directory", () => {
  test("that is new gets a database and a format file with its name", async () => {
    await using scope = new Scope();
    const { directory, storeId } = await usedDirectory(scope);

    expect(await readFormat(directory)).toEqual({
      version: 1,
      database: storeId,
      rows: "file",
      bytes: "files",
    });
    expect(readdirSync(directory).sort()).toEqual(["breadbox.db", "format"]);
  });

  test("that was served can be opened by commands, also without its format file", async () => {
    await using scope = new Scope();
    const { directory } = await usedDirectory(scope);
    await assertStore(directory);

    rmSync(join(directory, "format"));

    await assertStore(directory);
  });

  test.each([
    ["files", "bucket", "has its bytes in files, and not in a bucket"],
    ["bucket", "files", "set storage.s3.bucket (BREADBOX_STORAGE_S3_BUCKET)"],
  ] as const)("with bytes in %s is refused with bytes in %s", async (used, asked, message) => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "format");
    await (await openIn(scope, directory, { bytes: used })).metadata.close();

    await expect(openIn(scope, directory, { bytes: asked })).rejects.toThrow(message);

    await openIn(scope, directory, { bytes: used });
  });

  test("that was never served, or does not exist, is refused to commands", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "format");

    for (const nothing of [directory, join(directory, "missing")]) {
      const failure = await assertStore(nothing).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(NoStoreError);
      expect(String(failure)).toContain(nothing);
    }
  });

  test("that lost its database is refused, and no empty database is created", async () => {
    await using scope = new Scope();
    const { directory } = await usedDirectory(scope);
    rmSync(join(directory, "breadbox.db"));

    const opening = openIn(scope, directory);

    await expect(opening).rejects.toThrow(StoreMismatchError);
    await expect(opening).rejects.toThrow("missing or empty: restore it from a backup");
    expect(existsSync(join(directory, "breadbox.db"))).toBe(false);
  });

  test("with an empty database file is refused, and the file stays empty", async () => {
    await using scope = new Scope();
    const { directory } = await usedDirectory(scope);
    await Bun.write(join(directory, "breadbox.db"), "");

    await expect(openIn(scope, directory)).rejects.toThrow("missing or empty");
    await expect(openIn(scope, directory)).rejects.toThrow("missing or empty");
  });

  test("with another file as database is refused by the file's name", async () => {
    await using scope = new Scope();
    const { directory } = await usedDirectory(scope);
    const path = join(directory, "breadbox.db");
    await Bun.write(path, "x".repeat(8192));

    const failure = await openIn(scope, directory).catch((error: unknown) => error);

    expect(isOperatorError(failure)).toBe(true);
    expect(String(failure)).toContain(
      `${path} is damaged, or is no database of Breadbox: breadbox fsck`,
    );
    expect(await Bun.file(path).text()).toBe("x".repeat(8192));
  });

  test("with the database of another directory is refused", async () => {
    await using scope = new Scope();
    const mine = await usedDirectory(scope);
    const foreign = await usedDirectory(scope);
    renameSync(join(foreign.directory, "breadbox.db"), join(mine.directory, "breadbox.db"));

    const opening = openIn(scope, mine.directory);

    await expect(opening).rejects.toThrow(StoreMismatchError);
    await expect(opening).rejects.toThrow(foreign.storeId);
  });

  test("that lost its format file gets a new one from the database", async () => {
    await using scope = new Scope();
    const { directory, storeId } = await usedDirectory(scope);
    rmSync(join(directory, "format"));

    await openIn(scope, directory);

    expect(await readFormat(directory)).toEqual({
      version: 1,
      database: storeId,
      rows: "file",
      bytes: "files",
    });
  });

  test("with stored content but neither database nor format file is refused", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "format");
    mkdirSync(join(directory, "blobs/sha256/ab"), { recursive: true });
    await Bun.write(join(directory, "blobs/sha256/ab/content"), "x");

    await expect(openIn(scope, directory)).rejects.toThrow("holds stored content but no database");
    expect(readdirSync(directory)).toEqual(["blobs"]);
  });

  test("with empty content folders counts as new", async () => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "format");
    mkdirSync(join(directory, "blobs/sha256/ab"), { recursive: true });

    expect((await openIn(scope, directory)).storeId).not.toBe("");
  });

  test("of a newer version is refused", async () => {
    await using scope = new Scope();
    const { directory, storeId } = await usedDirectory(scope);
    await writeFormat(directory, { version: 2, database: storeId, rows: "file", bytes: "files" });

    await expect(openIn(scope, directory)).rejects.toThrow("run the version that wrote it");
  });

  test.each([
    "",
    "{",
    "[]",
    "null",
    '{"version":1}',
    '{"version":"1","database":"x"}',
    '{"version":1.5,"database":"x"}',
  ])("with the format file %j is refused", async (text) => {
    await using scope = new Scope();
    const directory = tempFolder(scope, "format");
    await Bun.write(join(directory, "format"), text);

    const failure = await readFormat(directory).catch((error: unknown) => error);

    expect(isOperatorError(failure)).toBe(true);
    expect(String(failure)).toContain("cannot be read as a format file");
  });

  test("has files readable by their owner only, when the process asks for that", async () => {
    await using scope = new Scope();
    const umask = process.umask(0o077);
    scope.defer(() => {
      process.umask(umask);
    });
    const directory = tempFolder(scope, "format");
    await openIn(scope, directory);

    const modes = readdirSync(directory).map(
      (name) => statSync(join(directory, name)).mode & 0o777,
    );
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });
});
