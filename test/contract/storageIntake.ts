// What every storage promises of files that it takes from outside.
import { expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../src/model/digest.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { readContent } from "../support/contents.ts";
import { noise } from "../support/store.ts";

/** Part of the suite. @param openStore returns an empty store. */
export function intakeContract(openStore: () => Promise<Storage>): void {
  const withFile = async (
    use: (path: string, bytes: Uint8Array<ArrayBuffer>, folder: string) => Promise<void>,
  ) => {
    const folder = await mkdtemp(join(tmpdir(), "breadbox-outside-"));
    const bytes = noise(300_000);
    try {
      await writeFile(join(folder, "file"), bytes, { mode: 0o644 });
      await use(join(folder, "file"), bytes, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const owner = () => Bun.randomUUIDv7();

  test.each([true, false])("a file is taken (shared: %p) and stays as it is", async (share) => {
    const storage = await openStore();
    await withFile(async (path, bytes) => {
      const before = await stat(path);

      const taken = await storage.intake.take({
        path,
        digest: digestOf(bytes),
        owner: owner(),
        share,
      });

      if (taken.kind !== "taken") throw new Error(taken.kind);
      if (!share) expect(taken.way).toBe("copy");
      expect(taken.size).toBe(bytes.length);
      expect(await readContent(storage, taken.locator)).toEqual(bytes);
      const { mode, mtimeMs, size } = await stat(path);
      expect({ mode, mtimeMs, size }).toEqual({
        ...{ mode: before.mode, mtimeMs: before.mtimeMs, size: before.size },
      });
      await storage.content.delete(taken.locator);
      expect(Uint8Array.from(await readFile(path))).toEqual(bytes);
    });
  });

  test("content is shared with a file outside without a copy, or not at all", async () => {
    const storage = await openStore();
    await withFile(async (path, bytes, folder) => {
      const file = { path, digest: digestOf(bytes), owner: owner(), share: false };
      const taken = await storage.intake.take(file);
      if (taken.kind !== "taken") throw new Error(taken.kind);

      const way = await storage.intake.share(taken.locator, join(folder, "shared"));

      if (way === null) expect(await Bun.file(join(folder, "shared")).exists()).toBe(false);
      else expect(Uint8Array.from(await readFile(join(folder, "shared")))).toEqual(bytes);
      await storage.content.delete(taken.locator);
      expect(await storage.intake.share(taken.locator, join(folder, "absent"))).toBeNull();
      expect(await Bun.file(join(folder, "absent")).exists()).toBe(false);
    });
  });

  test("a file with other bytes is not taken, and nothing is stored", async () => {
    const { intake, content } = await openStore();
    await withFile(async (path, bytes) => {
      const wanted = digestOf(new Uint8Array(1));

      const taken = await intake.take({ path, digest: wanted, owner: owner(), share: true });

      expect(taken).toEqual({ kind: "mismatch", actual: digestOf(bytes) });
      expect((await Array.fromAsync(content.list())).flat()).toEqual([]);
    });
  });

  test("what is absent, a folder or a symbolic link is not read", async () => {
    const { intake } = await openStore();
    await withFile(async (path, bytes, folder) => {
      const link = join(folder, "link");
      await symlink(path, link);
      const reasonOf = async (place: string) => {
        const digest = digestOf(bytes);
        const taken = await intake.take({ path: place, digest, owner: owner(), share: true });
        return taken.kind === "unreadable" ? taken.reason : taken.kind;
      };

      expect(await reasonOf(join(folder, "none"))).toBe("it is missing");
      expect(await reasonOf(folder)).toBe("it is not a file");
      expect(await reasonOf(link)).toBe("it is a symbolic link");
    });
  });
}
