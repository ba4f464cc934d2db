// A build that is skipped when it should not be serves yesterday's code.
import { expect, test } from "bun:test";
import { mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { staleReason } from "../../.dev/stale.ts";
import { tempFolder } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const patterns = ["src", "src/**", "settings.json"];

/** A small project whose parts were all written at second 1000, with an output of second 2000. */
async function project(scope: Scope): Promise<{ root: string; output: string }> {
  const root = tempFolder(scope, "stale");
  const output = join(root, "out");
  await mkdir(join(root, "src", "room"), { recursive: true });
  for (const file of ["src/main.ts", "src/room/a.ts", "settings.json"])
    await Bun.write(join(root, file), "");
  await Bun.write(output, "");
  const parts = ["src/main.ts", "src/room/a.ts", "src/room", "src", "settings.json"];
  for (const part of parts) await utimes(join(root, part), 1000, 1000);
  await utimes(output, 2000, 2000);
  return { root, output };
}

test("an output newer than all its sources is not rebuilt", async () => {
  await using scope = new Scope();
  const { root, output } = await project(scope);

  expect(await staleReason(root, output, patterns)).toBeNull();
});

test("a missing output is rebuilt", async () => {
  await using scope = new Scope();
  const { root, output } = await project(scope);
  await rm(output);

  expect(await staleReason(root, output, patterns)).toBe("it is missing");
});

test.each(["src/main.ts", "src/room/a.ts", "settings.json"])(
  "a change of %s is noticed",
  async (file) => {
    await using scope = new Scope();
    const { root, output } = await project(scope);
    await utimes(join(root, file), 3000, 3000);

    expect(await staleReason(root, output, patterns)).toBe(`${file} is newer`);
  },
);

test("a removed source makes the output stale", async () => {
  await using scope = new Scope();
  const { root, output } = await project(scope);
  await rm(join(root, "src/room/a.ts"));

  expect(await staleReason(root, output, patterns)).toBe("src/room is newer");
});
