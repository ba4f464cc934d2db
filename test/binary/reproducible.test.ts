// Whoever builds a commit gets the bytes that were released: the folder of the build leaves no trace in the executable.
import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectRoot } from "../support/binary.ts";
import { run } from "../support/processes.ts";
import { Scope } from "../support/scope.ts";

const parts = ["src", "drizzle", ".dev", "build.ts", "package.json", "bun.lock", "tsconfig.json"];

/** Copies what the build reads, without what a build has made. Below this project, so that both are of the same commit. */
async function copySources(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { output } = await run(["git", "ls-files", "-co", "--exclude-standard", "--", ...parts], {
    cwd: projectRoot,
  });
  for (const file of output.trim().split("\n")) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await Bun.write(join(folder, file), Bun.file(join(projectRoot, file)));
  }
}

async function build(folder: string): Promise<string> {
  await run([process.execPath, "build.ts"], { cwd: folder, timeoutMs: 300_000 });
  const digest = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(join(folder, "dist", "breadbox")).stream())
    digest.update(chunk);
  return digest.digest("hex");
}

test("two builds of the same sources in different folders are the same bytes", async () => {
  await using scope = new Scope();
  await mkdir(join(projectRoot, "dist"), { recursive: true });
  const folder = await mkdtemp(join(projectRoot, "dist", ".twice-"));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const [one, other] = [join(folder, "one"), join(folder, "another", "folder")];
  await copySources(one);
  await copySources(other);
  for (const folder of [one, other])
    await run(["cp", "-al", join(projectRoot, "node_modules"), folder], { timeoutMs: 300_000 });

  expect(await build(one)).toBe(await build(other));
}, 600_000);
