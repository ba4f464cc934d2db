// Images that the real distribution has: its directory, imported by hard link, pulls byte for byte and is not changed; and so do images
// from a running one that asks for a login.
import { expect } from "bun:test";
import { join } from "node:path";
import { breadboxBinary, startBreadbox, startDistribution } from "../support/binary.ts";
import { clientTest, longTest } from "../support/clientTest.ts";
import { distribution } from "../support/goPrograms.ts";
import { goToolNeeds } from "../support/goTools.ts";
import { buildImage, buildIndex, pullAll, pushImage, pushManifest } from "../support/images.ts";
import { oldNeeds, oldProgram } from "../support/oldDistribution.ts";
import { inventory } from "../support/oldRegistry.ts";
import { run, tempFolder } from "../support/processes.ts";
import type { Scope } from "../support/scope.ts";

const at = (registry: { readonly url: string }, name: string) => `${registry.url}/v2/${name}`;

/** @param binary another distribution than the one that tests build. */
async function importsDirectory(scope: Scope, binary?: string): Promise<void> {
  const app = buildImage({ seed: "old/app", layerSizes: [3_000_000, 10] });
  const untagged = buildImage({ seed: "old/untagged", layerSizes: [10] });
  const multi = buildIndex({ seed: "old/multi", layerSizes: [2000] }, ["amd64", "arm64"]);
  const old = await startDistribution(scope, binary === undefined ? {} : { binary });
  await pushImage(at(old, "lab/app"), "1.0", untagged);
  await pushImage(at(old, "lab/app"), "1.0", app);
  for (const image of multi.images) {
    await pushImage(at(old, "multi"), image.manifest.digest, image);
  }
  await pushManifest(at(old, "multi"), "v1", multi.manifest);
  await old.stop();
  const before = await inventory(old.data);
  const data = join(tempFolder(scope, "new"), "data");

  const command = [await breadboxBinary(), "import", old.data, "--data", data, "--json"];
  const report = JSON.parse((await run(command)).stdout);

  expect(report).toMatchObject({ problems: [], repositories: 2, tags: { imported: 2 } });
  expect(report.manifests.imported).toBe(5);
  expect(await inventory(old.data)).toEqual(before);
  const registry = await startBreadbox(scope, { data });
  const pulled = await pullAll(at(registry, "lab/app"), "1.0");
  expect(pulled.digest).toBe(app.manifest.digest);
  expect((await pullAll(at(registry, "multi"), "v1")).digest).toBe(multi.manifest.digest);
  const found = await pullAll(at(registry, "lab/app"), untagged.manifest.digest);
  expect(found.blobs).toEqual(untagged.blobs.map(({ digest }) => digest));
}

longTest(
  "a directory of distribution 3 is imported and pulls byte for byte",
  goToolNeeds(distribution),
  (scope) => importsDirectory(scope),
);

clientTest(
  "a directory of Debian's docker-registry 2.8 is imported and pulls byte for byte",
  { commands: ["docker-registry"] },
  (scope) => importsDirectory(scope, Bun.which("docker-registry") ?? ""),
);

clientTest(
  "images of a distribution with htpasswd are imported with a login, and not with a wrong one",
  oldNeeds,
  async (scope) => {
    const folder = tempFolder(scope, "login");
    const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
    await Bun.write(join(folder, "htpasswd"), `ann:${hash}\n`);
    const app = buildImage({ seed: "login/app", layerSizes: [100_000] });
    const open = await startDistribution(scope, oldProgram());
    await pushImage(at(open, "lab/app"), "1.0", app);
    await open.stop();
    const env = {
      REGISTRY_AUTH: "htpasswd",
      REGISTRY_AUTH_HTPASSWD_REALM: "Registry",
      REGISTRY_AUTH_HTPASSWD_PATH: join(folder, "htpasswd"),
    };
    const closed = await startDistribution(scope, { ...oldProgram(), data: open.data, env });
    const data = join(folder, "data");
    const binary = await breadboxBinary();
    const importAs = async (password: string) => {
      const source = [`http://${closed.host}`, "--data", data];
      const login = ["--username", "ann", "--password-stdin"];
      const child = Bun.spawn([binary, "import", ...source, ...login], {
        stdin: new Blob([`${password}\n`]),
        stdout: "pipe",
        stderr: "pipe",
      });
      const output = (await child.stdout.text()) + (await child.stderr.text());
      return { code: await child.exited, output };
    };

    const wrong = await importAs("wrong");
    expect(wrong.code).not.toBe(0);
    expect(wrong.output).toContain("login");
    expect(wrong.output).not.toContain("wrong");
    expect(await importAs("secret")).toMatchObject({ code: 0 });

    const registry = await startBreadbox(scope, { data });
    expect((await pullAll(at(registry, "lab/app"), "1.0")).digest).toBe(app.manifest.digest);
  },
);
